"""Options of the PostgreSQL source, under Debezium's names, with its defaults and units."""

from __future__ import annotations

from collections.abc import Iterable

from cdc.errors import Problem
from cdc.sources.postgres.config.connection import PostgresConnection
from cdc.sources.postgres.config.events import EventOptions
from cdc.sources.postgres.config.filters import FilterOptions, KeyColumns
from cdc.sources.postgres.config.lists import Patterns
from cdc.sources.postgres.config.replication import ReplicationOptions
from cdc.sources.postgres.config.snapshot import SnapshotOptions
from cdc.sources.postgres.config.types import TypeOptions


class PostgresConfig(
    SnapshotOptions, TypeOptions, EventOptions, FilterOptions, ReplicationOptions, PostgresConnection
):
    """All options of the connector."""

    tolerated = ("snapshot.select.statement.overrides.", "transforms", "predicates", "converters")

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options."""
        for kind in ("schema", "table", "column", "message.prefix"):
            include, exclude = f"{kind}.include.list", f"{kind}.exclude.list"
            if include in self.values and exclude in self.values:
                yield Problem(exclude, f'"{include}" is already specified; set only one of the two')
        for table in self.snapshot_overrides:
            if f"snapshot.select.statement.overrides.{table}" not in self.raw:
                yield Problem(
                    "snapshot.select.statement.overrides",
                    f"snapshot.select.statement.overrides names {table}, but there is no option "
                    f"snapshot.select.statement.overrides.{table} with its statement",
                )


__all__ = ["KeyColumns", "Patterns", "PostgresConfig", "PostgresConnection"]
