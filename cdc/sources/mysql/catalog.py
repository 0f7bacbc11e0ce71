"""What the server says about databases and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.table import TableId

if TYPE_CHECKING:
    from pymysql import Connection

BUILT_IN = frozenset(("mysql", "information_schema", "performance_schema", "sys"))
"""Databases of the server itself; never captured, as in Debezium."""

# Views and sequences have no rows in the binary log under their own names.
_TABLES = """
SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH, 0), COALESCE(ENGINE, '')
  FROM information_schema.TABLES
 WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
   AND TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
 ORDER BY TABLE_SCHEMA, TABLE_NAME
"""

_DEFINED_IN: Mapping[str, tuple[str, ...]] = {
    "TABLES": ("TABLE_TYPE", "ENGINE", "TABLE_COLLATION", "TABLE_COMMENT", "CREATE_OPTIONS"),
    "COLUMNS": (
        *("COLUMN_NAME", "ORDINAL_POSITION", "COLUMN_TYPE", "CHARACTER_SET_NAME", "COLLATION_NAME"),
        *("COLUMN_DEFAULT", "IS_NULLABLE", "EXTRA", "GENERATION_EXPRESSION", "COLUMN_COMMENT"),
    ),
    "STATISTICS": ("INDEX_NAME", "SEQ_IN_INDEX", "COLUMN_NAME", "SUB_PART", "NON_UNIQUE"),
}
"""Where information_schema has what a definition consists of."""


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table in the list of all tables; `rows` and `size` (bytes) are the engine's estimates."""

    id: TableId
    rows: int
    size: int
    engine: str

    @property
    def transactional(self) -> bool:
        """Whether a consistent snapshot shows it at one point in time."""
        return self.engine.lower() in ("innodb", "rocksdb", "tokudb", "ndbcluster", "xtradb")


def quote(name: str) -> str:
    """Quote an identifier."""
    return "`" + name.replace("`", "``") + "`"


def qualified(table: TableId) -> str:
    """Return a table's quoted name."""
    return f"{quote(table.catalog)}.{quote(table.table)}"


class Catalog:
    """Ask over one connection."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    @property
    def connected(self) -> bool:
        """Whether the connection is still there."""
        return bool(self._connection.open)

    def tables(self) -> list[CatalogTable]:
        """Return all tables there are now, in the order of their names."""
        return [
            CatalogTable(TableId(str(database), "", str(name)), int(rows), int(size), str(engine))
            for database, name, rows, size, engine in self._rows(_TABLES)
        ]

    def fingerprints(self) -> dict[tuple[str, TableId], int]:
        """Return numbers that are others when a table is defined otherwise, of all tables in few statements.

        In a transaction with a view MySQL tells those of the view, not those of now.
        """
        return {
            (part, TableId(str(database), "", str(name))): int(number)
            for part, columns in _DEFINED_IN.items()
            for database, name, number in self._rows(_fingerprints(part, columns))
        }

    def create_statement(self, table: TableId) -> str | None:
        """Return `SHOW CREATE TABLE`; None when there is no such table (any more).

        Defaults of binary columns are octets, whatever the character set: what is no UTF-8 is escaped as
        Python does it (`surrogateescape`).
        """
        from pymysql.err import ProgrammingError

        try:
            rows = self._octets(f"SHOW CREATE TABLE {qualified(table)}")
        except ProgrammingError as error:
            if error.args[0] in (1049, 1146):  # unknown database, no such table
                return None
            raise
        return str(rows[0][1], "utf-8", "surrogateescape")

    def database_charsets(self) -> dict[str, tuple[str, str]]:
        """Return each database's default character set and collation."""
        rows = self._rows(
            "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME "
            "FROM information_schema.SCHEMATA"
        )
        return {str(name): (str(charset), str(collation)) for name, charset, collation in rows}

    def _rows(self, statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    def _octets(self, statement: str) -> list[tuple[Any, ...]]:
        connection: Any = self._connection
        connection.use_unicode = False
        try:
            return self._rows(statement)
        finally:
            connection.use_unicode = True


def _fingerprints(part: str, columns: Sequence[str]) -> str:
    # Names that differ in case alone are equal to the server, unless they are octets.
    text = ", ".join(f"QUOTE({column})" for column in columns)
    return (
        "SELECT MIN(TABLE_SCHEMA), MIN(TABLE_NAME), "
        f"SUM(CAST(CONV(LEFT(SHA2(CONCAT({text}), 256), 15), 16, 10) AS UNSIGNED)) "
        f"FROM information_schema.{part} "
        "WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') "
        "GROUP BY CAST(TABLE_SCHEMA AS BINARY), CAST(TABLE_NAME AS BINARY)"
    )
