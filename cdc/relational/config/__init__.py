"""Options that relational sources share, under Debezium's names, with its defaults and units."""

from __future__ import annotations

from collections.abc import Iterable

from cdc import config as options
from cdc.capture.config.engine import EngineOptions
from cdc.capture.config.events import EventOptions
from cdc.capture.config.lists import Patterns, patterns
from cdc.errors import Problem
from cdc.relational.config.filters import FilterOptions, KeyColumns
from cdc.relational.config.snapshot import SnapshotOptions
from cdc.relational.config.types import TypeOptions


class RelationalConfig(SnapshotOptions, TypeOptions, EventOptions, FilterOptions, EngineOptions):
    """All of them; a source's config extends it, and declares anew what differs there."""

    heartbeat_action_query = options.optional_string(
        "heartbeat.action.query",
        doc="Statement to run on the source with every heartbeat.",
        group="Heartbeat",
    )

    tolerated = ("snapshot.select.statement.overrides.", "transforms", "predicates", "converters")

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options."""
        yield from super().check()
        for option in self.options:
            kind, _, suffix = option.name.rpartition(".exclude.list")
            include = f"{kind}.include.list"
            if kind and not suffix and option.name in self.values and include in self.values:
                message = f'"{include}" is already specified; set only one of the two'
                yield Problem(option.name, message)
        for table in self.snapshot_overrides:
            if f"snapshot.select.statement.overrides.{table}" not in self.raw:
                yield Problem(
                    "snapshot.select.statement.overrides",
                    f"snapshot.select.statement.overrides names {table}, but there is no option "
                    f"snapshot.select.statement.overrides.{table} with its statement",
                )


__all__ = ["KeyColumns", "Patterns", "RelationalConfig", "patterns"]
