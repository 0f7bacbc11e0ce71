"""A client of the server: what it was allowed to do, and how many rows that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import pymysql

from tests.integration.mysql.capture import SYNC
from tests.servers.mysql import MySQLServer

_GONE = (0, 2006, 2013)
_COLUMNS = """
SELECT table_name, column_name, data_type, coalesce(generation_expression, '') <> ''
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = %s AND table_name <> %s AND table_type = 'BASE TABLE'
ORDER BY table_name, ordinal_position
"""


@dataclass(frozen=True)
class Statement:
    """A statement; `op` says of what kind the events of its rows are (empty: it has none)."""

    text: str
    op: str = ""


@dataclass(frozen=True)
class Column:
    """A column as the server has it now; `kind` is its type without length."""

    name: str
    kind: str
    generated: bool


Tables = dict[str, list[Column]]


class Session:
    """One connection that lives as long as the test; `counts` are the events that must come, by op."""

    def __init__(self, connection: pymysql.Connection[Any], database: str) -> None:
        self._connection = connection
        self._database = database
        self._before: list[Counter[str]] = []
        self.counts: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()

    @classmethod
    @contextmanager
    def on(cls, server: MySQLServer, database: str) -> Iterator[Self]:
        """Connect; what does not fit a column is cut, so that few statements are refused."""
        with server.connect(database) as connection:
            session = cls(connection, database)
            session.run(Statement("set sql_mode = ''"))
            yield session

    def attempt(self, statement: Statement) -> None:
        """Run a statement that may make no sense here."""
        try:
            self.run(statement)
        except pymysql.MySQLError as error:
            if error.args[0] in _GONE:
                raise
            self.refused[error.args[0]] += 1

    def run(self, statement: Statement) -> None:
        """Run a statement, print it, and count its rows."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(statement.text)
        print(f"{statement.text};")
        if statement.op:
            self.counts[statement.op] += rows
        self._follow(statement.text)

    def _follow(self, text: str) -> None:
        """Forget what is rolled back."""
        if text.startswith(("start transaction", "savepoint")):
            self._before.append(self.counts.copy())
        elif text.startswith("rollback"):
            self.counts = self._before.pop()
        elif text == "commit":
            self._before.clear()

    def tables(self) -> Tables:
        """Return the tables that are there now, without the harness's own."""
        found: Tables = {}
        with self._connection.cursor() as cursor:
            cursor.execute(_COLUMNS, [self._database, SYNC])
            for table, name, kind, generated in cursor.fetchall():
                found.setdefault(table, []).append(Column(name, kind.lower(), bool(generated)))
        return found
