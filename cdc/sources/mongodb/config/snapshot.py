"""Options of the snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from json import JSONDecodeError, loads
from typing import Any

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option, Options
from cdc.errors import Problem
from cdc.filters import parse_patterns
from cdc.relational.config.snapshot import snapshot_modes
from snapshot.modes import MODES, SnapshotMode, configured

HIGH, LOW = Importance.HIGH, Importance.LOW
Filter = Mapping[str, Any]


def _filter(text: str) -> Filter:
    try:
        found = loads(text)
    except JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("it has to be an object, as find() takes it")
    return found


class MongoSnapshot(Config):
    """When and how collections are read."""

    snapshot_mode = snapshot_modes(old={"never": "no_data", "schema_only": "no_data"})
    snapshot_data = options.boolean(
        "snapshot.mode.configuration.based.snapshot.data",
        False,
        doc="configuration_based: whether to read the collections.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_schema = options.boolean(
        "snapshot.mode.configuration.based.snapshot.schema",
        False,
        doc="configuration_based: no effect here, collections have no schema.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_stream = options.boolean(
        "snapshot.mode.configuration.based.start.stream",
        False,
        doc="configuration_based: whether to stream afterwards.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_on_schema_error = options.boolean(
        "snapshot.mode.configuration.based.snapshot.on.schema.error",
        False,
        doc="configuration_based: no effect here, collections have no schema.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_on_data_error = options.boolean(
        "snapshot.mode.configuration.based.snapshot.on.data.error",
        False,
        doc="configuration_based: whether to read the collections anew when the resume token is lost.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_include: Option[tuple[re.Pattern[str], ...]] = Option(
        "snapshot.include.collection.list",
        Kind.LIST,
        parse_patterns,
        (),
        doc="Captured collections to read in the snapshot, as regular expressions; all by default.",
        group="Snapshot",
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
        doc="Collections, or parts of one, that are read at the same time.",
        group="Snapshot",
    )
    snapshot_fetch_size = options.integer(
        "snapshot.fetch.size",
        0,
        at_least=0,
        doc="Documents in one answer of the server; 0 leaves it to the server, which sends up to 16 MB.",
        group="Snapshot",
    )
    snapshot_chunk_mb = options.double(
        "snapshot.chunk.size.mb",
        32.0,
        validate=lambda value: _positive(value),
        doc="Size of the chunks, in MB of documents, after which a cut snapshot goes on.",
        group="Snapshot",
    )
    snapshot_delay_ms = options.integer(
        "snapshot.delay.ms", 0, at_least=0, doc="Wait before the snapshot, in ms.", group="Snapshot"
    )

    def planned_mode(self) -> SnapshotMode:
        """Return the row of the table of modes that the options ask for."""
        if self.snapshot_mode != "configuration_based":
            return MODES[self.snapshot_mode]
        return configured(
            data=self.snapshot_data, stream=self.snapshot_stream, on_data_error=self.snapshot_on_data_error
        )

    def snapshot_filter(self, namespace: str) -> Filter:
        """Return the filter of the documents to read of `database.collection`."""
        return self.snapshot_filters.get(namespace, {})

    def snapshot_problems(self) -> Iterator[Problem]:
        """Yield what is wrong between the options of the snapshot."""
        for name in self.snapshot_filter_names:
            if name not in self.snapshot_filters:
                yield Problem(
                    "snapshot.collection.filter.overrides",
                    f"snapshot.collection.filter.overrides names {name}, but there is no option "
                    f"snapshot.collection.filter.overrides.{name} with its filter",
                )


def _positive(value: float) -> None:
    if not value > 0:
        raise ValueError("Value must be more than 0")
