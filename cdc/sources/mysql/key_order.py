"""The order of a table's key, and SQL that compares keys in it: only the server knows its collations.

Borders are kept as text: of strings in Unicode, of octets in hex, of everything else as the server prints it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdc.batch import Cell, ImageTemplate, Part
from cdc.sources.mysql.binlog.events import ColumnMap
from cdc.sources.mysql.catalog import quote
from cdc.sources.mysql.types import Modes, resolve, type_name
from schemas.definition import ColumnDefinition
from schemas.table import Table, TableId
from snapshot.progress import Border, Key

if TYPE_CHECKING:
    from pymysql import Connection

_NUMBERS = frozenset(("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR", "BOOLEAN", "DECIMAL"))
_STRINGS = frozenset(("CHAR", "VARCHAR", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"))
_OCTETS = frozenset(("BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"))
_CASTS = {
    "DATE": "DATE",
    "DATETIME": "DATETIME(6)",
    "TIMESTAMP": "DATETIME(6)",
    "UUID": "UUID",
    "INET4": "INET4",
    "INET6": "INET6",
}
_NUMBER, _BINARY = "number", "binary"
_NUMERIC = re.compile(r"-?\d+(\.\d+)?\Z")

_COLLATIONS = """
SELECT COLUMN_NAME, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND COLLATION_NAME IS NOT NULL
"""


def key_order(connection: Connection[Any], table: TableId, key: Sequence[ColumnDefinition]) -> Key:
    """Return name and kind of each key column; nothing where rows cannot be found by their keys' text.

    A kind is `number`, `binary`, the type to cast to, or a character set with its collation.
    """
    names = [type_name(column).name for column in key]
    collations = _collations(connection, table) if _STRINGS.intersection(names) else {}
    kinds = [_kind(name, collations.get(column.name)) for name, column in zip(names, key, strict=True)]
    if None in kinds:
        return ()
    return tuple((column.name, kind) for column, kind in zip(key, kinds, strict=True) if kind is not None)


def _collations(connection: Connection[Any], table: TableId) -> Mapping[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(_COLLATIONS, (table.catalog, table.table))
        return {str(name): f"{charset} {collation}" for name, charset, collation in cursor.fetchall()}


def _kind(name: str, collation: str | None) -> str | None:
    if name in _NUMBERS:
        return _NUMBER
    if name in _OCTETS or (name in _STRINGS and collation is None):
        return _BINARY
    return collation if name in _STRINGS else _CASTS.get(name)


def selected_key(table: Table, order: Key) -> ImageTemplate:
    """Return the template that makes borders of the rows of a SELECT."""
    cells = [_cell(kind == _BINARY) for _, kind in order]
    return ImageTemplate(table, None, Part(tuple(cells), _tuple), {})


def _cell(octets: bool) -> Cell:
    return Cell(f"v.encode('latin-1').{'hex' if octets else 'decode'}()", "None", "None", "None")


def _tuple(names: Sequence[str]) -> str:
    return f"({''.join(f'{name}, ' for name in names)})"


# -- SQL -------------------------------------------------------------------------------------------


def columns(order: Key) -> list[str]:
    """Return the key's columns as SQL."""
    return [quote(name) for name, _ in order]


def literals(border: Border, order: Key) -> list[str]:
    """Return a border as SQL; raises ValueError for what is none."""
    return [_literal(text, kind) for text, (_, kind) in zip(border, order, strict=True)]


def _literal(text: str, kind: str) -> str:
    if kind == _NUMBER:
        if not _NUMERIC.match(text):
            raise ValueError(f"{text!r} is no number")
        return text
    if kind == _BINARY:
        return f"x'{bytes.fromhex(text).hex()}'"
    octets = f"_utf8mb4 x'{text.encode('utf-8', 'surrogatepass').hex()}'"
    charset, _, collation = kind.partition(" ")
    if not collation:
        return f"CAST({octets} AS {kind})"
    if charset != "utf8mb4":
        octets = f"CONVERT({octets} USING {charset})"
    return f"{octets} COLLATE {collation}"


def behind(left: Sequence[str], right: Sequence[str]) -> str:
    """Return the condition that one key comes behind another, in a form that an index can serve."""
    if len(left) == 1:
        return f"{left[0]} > {right[0]}"
    ties = [
        " AND ".join(
            [*(f"{a} = {b}" for a, b in zip(left[:at], right, strict=False)), f"{left[at]} > {right[at]}"]
        )
        for at in range(len(left))
    ]
    return f"{left[0]} >= {right[0]} AND ({' OR '.join(f'({tie})' for tie in ties)})"


# -- keys of row events ----------------------------------------------------------------------------

LoggedKey = Sequence[tuple[ColumnDefinition, ColumnMap]]
"""The columns of a key with what the table map says of them."""

_PLAIN = Modes(decimal="string", time="isostring", binary="bytes", bigint_unsigned="precise")


def logged_key(table: Table, key: LoggedKey) -> ImageTemplate:
    """Return the template that makes the text of the keys of row events."""
    scope: dict[str, Any] = {"mysql_key_text": _text}
    cells = []
    for column, mapped in key:
        # Zero dates are null where they can be, and have a text of their own here.
        found = resolve(replace(column, optional=True), _PLAIN)
        assert found is not None
        codec = found.binlog(mapped).codec
        scope |= codec.scope
        zero = repr(_ZERO.get(type_name(column).name, ""))
        cells.append(Cell(f"mysql_key_text({codec.value}, {zero})", "None", "None", "None"))
    return ImageTemplate(table, None, Part(tuple(cells), _tuple), scope)


_ZERO = {"DATE": "0000-00-00", "DATETIME": "0000-00-00 00:00:00", "TIMESTAMP": "0000-00-00 00:00:00"}


def _text(value: Any, zero: str) -> str:
    """Return a value as a SELECT prints it."""
    if isinstance(value, bytes):
        return value.hex()
    if value is None:
        return zero
    if zero:
        return str(value).removesuffix("Z").replace("T", " ")
    return str(value)
