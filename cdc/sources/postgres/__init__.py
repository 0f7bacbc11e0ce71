"""PostgreSQL through logical replication."""

from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.source import PostgresSource

__all__ = ["PostgresConfig", "PostgresSource"]
