"""Options of the PostgreSQL source, under Debezium's names, with its defaults and units."""

from __future__ import annotations

from cdc.relational.config import RelationalConfig
from cdc.sources.postgres.config.connection import PostgresConnection
from cdc.sources.postgres.config.filters import PostgresFilters
from cdc.sources.postgres.config.replication import ReplicationOptions
from cdc.sources.postgres.config.snapshot import PostgresSnapshot
from cdc.sources.postgres.config.types import PostgresTypes


class PostgresConfig(
    PostgresSnapshot, PostgresTypes, RelationalConfig, PostgresFilters, ReplicationOptions, PostgresConnection
):
    """All options of the connector."""


__all__ = ["PostgresConfig", "PostgresConnection"]
