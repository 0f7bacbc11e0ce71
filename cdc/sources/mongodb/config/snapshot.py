"""Options of the snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cdc import config as options
from cdc.capture.config.snapshot import SnapshotModes, snapshot_modes
from cdc.config import Importance, Kind, Options
from cdc.errors import Problem
from cdc.sources.mongodb.config.lenient_json import for_driver, parse

HIGH, LOW = Importance.HIGH, Importance.LOW
Filter = Mapping[str, Any]


def _filter(text: str) -> Filter:
    found = parse(text)
    if not isinstance(found, dict):
        raise ValueError("it has to be an object, as find() takes it")
    return found


class MongoSnapshot(SnapshotModes):
    """When and how collections are read."""

    snapshot_mode = snapshot_modes(old={"never": "no_data", "schema_only": "no_data"})
    snapshot_schema = SnapshotModes.snapshot_schema.documented(
        "configuration_based: no effect here, collections have no schema."
    )
    snapshot_on_schema_error = options.boolean(
        "snapshot.mode.configuration.based.snapshot.on.schema.error",
        False,
        doc="configuration_based: no effect here, collections have no schema.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_filter_names = options.names(
        "snapshot.collection.filter.overrides",
        doc="Collections (`database.collection`) of which a part is read, chosen by the filter in "
        "`snapshot.collection.filter.overrides.<database>.<collection>`.",
        group="Snapshot",
    )
    snapshot_filters: Options[Filter] = Options(
        "snapshot.collection.filter.overrides.<database>.<collection>",
        r"snapshot\.collection\.filter\.overrides\.(.+)",
        Kind.STRING,
        _filter,
        doc="Filter, as JSON, of the documents to read.",
        group="Snapshot",
    )
    snapshot_max_threads = options.integer(
        "snapshot.max.threads",
        1,
        at_least=1,
        at_most=64,
        doc="Collections that are read at the same time.",
        group="Snapshot",
    )
    snapshot_fetch_size = options.integer(
        "snapshot.fetch.size",
        0,
        at_least=0,
        doc="Documents in one answer of the server; 0 leaves it to the server, which sends up to 16 MB.",
        group="Snapshot",
    )

    def snapshot_filter(self, namespace: str) -> Filter:
        """Return the filter of the documents to read of `database.collection`, for the driver."""
        filter_: Filter = for_driver(self.snapshot_filters.get(namespace, {}))
        return filter_

    def snapshot_problems(self) -> Iterator[Problem]:
        """Yield what is wrong between the options of the snapshot."""
        for name in self.snapshot_filter_names:
            if name not in self.snapshot_filters:
                yield Problem(
                    "snapshot.collection.filter.overrides",
                    f"snapshot.collection.filter.overrides names {name}, but there is no option "
                    f"snapshot.collection.filter.overrides.{name} with its filter",
                )
