"""PostgreSQL under the crash tests."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import psycopg

from tests.faults.databases import Rows
from tests.servers import postgres


class PostgresSession:
    """A connection in autocommit."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def transaction(self) -> AbstractContextManager[object]:
        """Commit at the end of the block, or roll back what raises."""
        return self._connection.transaction()

    def execute(self, query: str, params: Sequence[object] | None = None) -> Rows:
        """Run a statement and return its rows."""
        cursor = self._connection.execute(query, params)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """End it."""
        self._connection.close()


class PostgresDatabase:
    """A database that is a source or a target of `Pipeline`."""

    connector = "postgres"
    schema = "public"
    source_tables: tuple[str, ...] = (
        "CREATE TABLE item (id int PRIMARY KEY, version bigint NOT NULL, body text)",
        "ALTER TABLE item ALTER body SET STORAGE EXTERNAL",
        "CREATE TABLE named (name text PRIMARY KEY, version bigint NOT NULL, body text)",
        "CREATE TABLE account (id int PRIMARY KEY, version bigint NOT NULL, email text UNIQUE)",
        "CREATE TABLE zz_journal (id bigint PRIMARY KEY, version bigint NOT NULL)",
        "CREATE TABLE entry (writer int NOT NULL, seq bigint NOT NULL)",
    )
    target_tables: tuple[str, ...] = (source_tables[3],)
    alterations: tuple[str, ...] = ("ALTER TABLE item ADD COLUMN more_{n} int DEFAULT {n}",)
    forget_unique = "ALTER TABLE account DROP CONSTRAINT account_email_key"
    lost: tuple[type[Exception], ...] = (psycopg.OperationalError,)
    resumes_keyless = True

    def __init__(self, server: postgres.PostgresServer) -> None:
        self.server = server
        self._database = server.create_database()
        self.name = self._database.name

    def connect(self) -> PostgresSession:
        """Open a session."""
        return PostgresSession(self._database.connect(connect_timeout=2))

    def execute(self, query: str, params: Sequence[object] | None = None) -> Rows:
        """Run a statement in a session of its own."""
        return self._database.execute(query, params)

    def exists(self, table: str) -> bool:
        """Tell whether there is such a table."""
        return bool(self.execute("SELECT to_regclass(%s) IS NOT NULL", [table])[0][0])

    def fingerprint(self, columns: Sequence[str]) -> str:
        """Return the SQL of a number that stands for a row."""
        return f"hashtext(row({', '.join(columns)})::text)::bigint"

    def source_options(self, prefix: str, tables: Sequence[str]) -> dict[str, str]:
        """Return the options of a source connector."""
        return {
            "connector.class": self.connector,
            **self._database.properties(),
            "slot.name": prefix,
            "plugin.name": "pgoutput",
            "publication.autocreate.mode": "filtered",
            "publication.name": prefix,
            "table.include.list": ",".join(f"public.{table}" for table in tables),
            "snapshot.chunk.size.mb": "1",
        }

    def sink_options(self) -> dict[str, str]:
        """Return the options of the sink's connection."""
        return {
            "connection.url": f"jdbc:postgresql://{self._database.host}:{self._database.port}/{self.name}",
            "connection.username": "postgres",
            "connection.password": "postgres",
        }

    def drop(self) -> None:
        """Drop it, its slots and whoever is connected."""
        self._database.drop()
