"""JDBC sink: rows into PostgreSQL, MySQL, MariaDB and SQLite, exactly once in effect."""

from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.sink import JdbcSink

__all__ = ["JdbcSink", "JdbcSinkConfig"]
