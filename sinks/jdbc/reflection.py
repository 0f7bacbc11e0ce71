"""Reflection: the columns and unique indexes of a table as the database tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sinks.jdbc.naming import Identifiers, TableName
from sinks.jdbc.session import Session
from sinks.jdbc.types import ColumnType, column_type

_PARTIAL = "\0partial"
"""Joins the columns of a partial or prefix index: it identifies no row, but may still refuse one."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table; `generated` ones cannot be written, `filled` ones have a default."""

    name: str
    type: ColumnType
    nullable: bool = True
    generated: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TargetTable:
    """One table as it was reflected; a change of the table makes a new object.

    unique: the column sets of its primary key and unique indexes.
    """

    name: TableName
    columns: Mapping[str, TableColumn]
    unique: frozenset[frozenset[str]]

    def identified_by(self, key: Sequence[str]) -> bool:
        """Whether a unique index keeps two rows from having the same key."""
        return frozenset(key) in self.unique

    def has_more_unique(self, key: Sequence[str]) -> bool:
        """Whether rows with different keys may still collide."""
        return bool(self.unique - {frozenset(key)})


def reflect(session: Session, identifiers: Identifiers, name: TableName) -> TargetTable | None:
    """Return the table as it is now, or None when there is none."""
    if session.target.dialect in ("mysql", "mariadb"):
        return _mysql(session, name)
    with session.reflecting() as inspector:
        schema = name.schema or None
        if not inspector.has_table(name.name, schema=schema):
            return None
        types = _native_types(session, identifiers, name)
        columns = {}
        for found in inspector.get_columns(name.name, schema=schema):
            text = types.get(found["name"]) or str(found["type"])
            columns[found["name"]] = TableColumn(
                found["name"],
                column_type(text),
                nullable=bool(found["nullable"]),
                generated=bool(found.get("computed")),
                filled=found.get("default") is not None or bool(found.get("identity")),
            )
        unique = _unique(inspector, name.name, schema)
    if session.target.dialect == "sqlite":
        unique |= _sqlite_unique(session, identifiers.quote(name.name))
    return TargetTable(name, columns, unique)


def _unique(inspector: Any, name: str, schema: str | None) -> frozenset[frozenset[str]]:
    primary = inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or ()
    sets = {frozenset(primary)} if primary else set()
    for constraint in inspector.get_unique_constraints(name, schema=schema):
        sets.add(frozenset(constraint["column_names"]))
    for index in inspector.get_indexes(name, schema=schema):
        if index.get("unique"):
            options = index.get("dialect_options", {})
            partial = any(key.endswith("_where") and value for key, value in options.items())
            members = [column or _PARTIAL for column in index["column_names"]]
            sets.add(frozenset([*members, _PARTIAL] if partial else members))
    return frozenset(sets)


def _sqlite_unique(session: Session, table: str) -> frozenset[frozenset[str]]:
    """Return the indexes of UNIQUE behind a column, which SQLAlchemy looks for in the table's text."""
    indexes = session.execute(f"PRAGMA index_list({table})")
    own = [row[1] for row in indexes if row[2] and row[3] == "u"]
    columns = (session.execute(f'PRAGMA index_info("{name.replace(chr(34), chr(34) * 2)}")') for name in own)
    return frozenset(frozenset(row[2] for row in rows) for rows in columns)


def _native_types(session: Session, identifiers: Identifiers, name: TableName) -> Mapping[str, str]:
    """Return type texts, which SQLAlchemy does not tell exactly (extensions, enums, bit columns)."""
    if session.target.dialect == "sqlite":
        rows = session.execute(f"PRAGMA table_info({identifiers.quote(name.name)})")
        return {row[1]: row[2] for row in rows}
    query = (
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
    )
    return {row[0]: row[1] for row in session.execute(query, [identifiers.table(name)])}


# SQLAlchemy reads the text of SHOW CREATE TABLE, which it misreads when a name has a backtick.
_MYSQL_COLUMNS = (
    "SELECT column_name, column_type, is_nullable = 'YES', coalesce(generation_expression, '') <> '',"
    " column_default IS NOT NULL OR extra LIKE '%%auto_increment%%'"
    " FROM information_schema.columns"
    " WHERE table_schema = coalesce(%s, database()) AND table_name = %s ORDER BY ordinal_position"
)
_MYSQL_INDEXES = (
    "SELECT index_name, column_name, sub_part FROM information_schema.statistics"
    " WHERE table_schema = coalesce(%s, database()) AND table_name = %s AND non_unique = 0"
    " ORDER BY index_name, seq_in_index"
)


def _mysql(session: Session, name: TableName) -> TargetTable | None:
    params: Sequence[Any] = [name.schema or None, name.name]
    columns = {
        row[0]: TableColumn(row[0], column_type(_text(row[1])), bool(row[2]), bool(row[3]), bool(row[4]))
        for row in session.execute(_MYSQL_COLUMNS, params)
    }
    indexes = groupby(session.execute(_MYSQL_INDEXES, params), key=lambda row: row[0])
    unique = {
        frozenset(_PARTIAL if column is None or part else column for _, column, part in rows)
        for _, rows in indexes
    }
    return TargetTable(name, columns, frozenset(unique)) if columns else None


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
