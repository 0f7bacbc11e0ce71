"""MySQL and MariaDB under the crash tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pymysql

from tests.faults.databases import Rows
from tests.servers.mysql import PASSWORD, USER, MySQLServer


class MySqlSession:
    """A connection in autocommit."""

    def __init__(self, connection: pymysql.Connection[Any]) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end of the block, or roll back what raises."""
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def execute(self, query: str, params: Sequence[object] | None = None) -> Rows:
        """Run a statement and return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, params)
            return list(cursor.fetchall())

    def close(self) -> None:
        """End it."""
        self._connection._force_close()  # type: ignore[attr-defined]


class MySqlDatabase:
    """A database that is a source or a target of `Pipeline`."""

    source_tables: tuple[str, ...] = (
        "CREATE TABLE item (id int PRIMARY KEY, version bigint NOT NULL, body text)",
        "CREATE TABLE named (name varchar(100) PRIMARY KEY, version bigint NOT NULL, body text)",
        "CREATE TABLE account (id int PRIMARY KEY, version bigint NOT NULL, email varchar(100) UNIQUE)",
        "CREATE TABLE zz_journal (id bigint PRIMARY KEY, version bigint NOT NULL)",
        "CREATE TABLE entry (writer int NOT NULL, seq bigint NOT NULL)",
    )
    target_tables: tuple[str, ...] = (source_tables[2],)
    alterations: tuple[str, ...] = (
        "FLUSH BINARY LOGS",
        "ALTER TABLE item ADD COLUMN more_{n} int DEFAULT {n} INVISIBLE",
        "ALTER TABLE named MODIFY body mediumtext",
    )
    forget_unique = "ALTER TABLE account DROP INDEX email"
    # Two writers may also be in each other's way, which rolls one of them back.
    lost: tuple[type[Exception], ...] = (pymysql.err.OperationalError, pymysql.err.InterfaceError)
    resumes_keyless = False

    def __init__(self, server: MySQLServer) -> None:
        self.server, self.connector = server, server.name
        self.name = self.schema = server.create_database()

    def connect(self) -> MySqlSession:
        """Open a session that may count as far as it likes."""
        session = MySqlSession(self.server.connect(self.name, connect_timeout=2))
        limit = "max_recursive_iterations" if self.server.name == "mariadb" else "cte_max_recursion_depth"
        # Whoever waits for a row keeps a snapshot's lock waiting, and that all others: not for long, then.
        session.execute(f"SET SESSION {limit} = 10000000, innodb_lock_wait_timeout = 1")
        return session

    def execute(self, query: str, params: Sequence[object] | None = None) -> Rows:
        """Run a statement in a session of its own."""
        return self.server.execute(query, params, database=self.name)

    def exists(self, table: str) -> bool:
        """Tell whether there is such a table."""
        return bool(self.execute("SHOW TABLES LIKE %s", [table]))

    def fingerprint(self, columns: Sequence[str]) -> str:
        """Return the SQL of a number that stands for a row."""
        values = ", ".join(f"coalesce({column}, 'NULL')" for column in columns)
        return f"crc32(concat_ws('|', {values}))"

    def source_options(self, prefix: str, tables: Sequence[str]) -> dict[str, str]:
        """Return the options of a source connector."""
        return {
            "connector.class": self.connector,
            "database.hostname": self.server.host,
            "database.port": str(self.server.port),
            "database.user": USER,
            "database.password": PASSWORD,
            "database.server.id": str(90_000 + self.server.port),
            "database.include.list": self.name,
            "table.include.list": ",".join(f"{self.name}.{table}" for table in tables),
        }

    def sink_options(self) -> dict[str, str]:
        """Return the options of the sink's connection."""
        return {
            "connection.url": self.server.jdbc_url(self.name),
            "connection.username": USER,
            "connection.password": PASSWORD,
        }

    def drop(self) -> None:
        """Drop it."""
        if not self.server.alive:
            self.server.start()
        self.server.execute(f"DROP DATABASE {self.name}")
