"""What a server says of its tables, and our definitions in the same words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.ddl.defaults import EPOCH
from schemas.definition import ColumnDefinition, TableDefinition

Rows = Callable[[str], list[tuple[Any, ...]]]

_SYNONYMS = {
    **dict.fromkeys(("int1", "bool", "boolean"), "tinyint"),
    "int2": "smallint",
    **dict.fromkeys(("int3", "middleint"), "mediumint"),
    **dict.fromkeys(("integer", "int4"), "int"),
    "int8": "bigint",
    **dict.fromkeys(("numeric", "dec", "fixed"), "decimal"),
    **dict.fromkeys(("real", "double precision", "float8"), "double"),
    "float4": "float",
    **dict.fromkeys(("character", "nchar", "national char", "national character"), "char"),
    **dict.fromkeys(("character varying", "char varying", "varcharacter", "nvarchar"), "varchar"),
    **dict.fromkeys(("national varchar", "nchar varchar", "nchar varying"), "varchar"),
    **dict.fromkeys(("national character varying", "national char varying"), "varchar"),
    **dict.fromkeys(("long", "long varchar"), "mediumtext"),
    "long varbinary": "mediumblob",
    "geomcollection": "geometrycollection",
}
_SIZES = {
    "text": ("tinytext", "text", "mediumtext", "longtext"),
    "blob": ("tinyblob", "blob", "mediumblob", "longblob"),
}
_WIDTHS = {"utf8mb4": 4, "utf8mb3": 3, "utf8": 3}


@dataclass(frozen=True)
class ColumnView:
    """One column."""

    name: str
    type: str
    size: tuple[int, ...]
    optional: bool
    charset: str | None
    comment: str
    values: tuple[str, ...]
    generated: str


@dataclass(frozen=True)
class TableView:
    """One table. keys: the primary and the unique ones by name. charset: the default."""

    columns: tuple[ColumnView, ...]
    keys: frozenset[tuple[str, tuple[str, ...]]]
    charset: str | None
    comment: str

    @property
    def row_keys(self) -> set[tuple[str, ...]]:
        """Return the keys of which one tells rows apart: the primary one, else all without NULLs."""
        nullable = {column.name for column in self.columns if column.optional}
        keys = dict(self.keys)
        if "PRIMARY" in keys:
            return {keys["PRIMARY"]}
        return {key for key in keys.values() if key and not nullable.intersection(key)} or {()}


def server_view(rows: Rows, database: str, table: str) -> TableView | None:
    """Ask a server for a table; None where it has none."""
    place = f"TABLE_SCHEMA = '{database}' AND TABLE_NAME = '{table.replace(chr(39), chr(39) * 2)}'"
    found = rows(
        "SELECT TABLE_COMMENT, SUBSTRING_INDEX(TABLE_COLLATION, '_', 1)"
        f" FROM information_schema.TABLES WHERE {place}"
    )
    if not found:
        return None
    columns = rows(
        "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION,"
        " NUMERIC_SCALE, DATETIME_PRECISION, IS_NULLABLE, NULLIF(CHARACTER_SET_NAME, 'binary'),"
        " COLUMN_COMMENT, EXTRA"
        f" FROM information_schema.COLUMNS WHERE {place} ORDER BY ORDINAL_POSITION"
    )
    views = tuple(_server_column(*column) for column in columns)
    keys = _server_keys(rows(f"SHOW INDEX FROM `{database}`.`{table.replace('`', '``')}`"))
    comment, charset = found[0]
    return TableView(views, frozenset(keys.items()), charset, comment)


def _server_column(name: str, data: str, full: str, *rest: Any) -> ColumnView:
    characters, precision, scale, fraction, nullable, charset, comment, extra = rest
    data, size = _SYNONYMS.get(data, data), ()
    if data in ("char", "varchar", "binary", "varbinary"):
        size = (characters,)
    elif data == "decimal":
        size = (precision, scale)
    elif data in ("time", "datetime", "timestamp"):
        size = (fraction,)
    elif data == "bit":
        size = (precision,)
    sign = " unsigned" if "unsigned" in full else ""
    values = tuple(_value(v) for v in re.findall(r"'((?:[^'\\]|\\.|'')*)'", full))
    values = values if data in ("enum", "set") else ()
    kind = next((kind for kind in ("VIRTUAL", "STORED") if kind in extra.upper()), "")
    return ColumnView(name, data + sign, size, nullable == "YES", charset, comment, values, kind)


def _server_keys(rows: list[tuple[Any, ...]]) -> dict[str, tuple[str, ...]]:
    keys: dict[str, list[str | None]] = {}
    for _, non_unique, name, _, column, *_ in rows:
        if not int(non_unique):
            keys.setdefault(name, []).append(column)
    return {name: () if None in parts else tuple(map(str, parts)) for name, parts in keys.items()}


def our_view(table: TableDefinition, *, mariadb: bool) -> TableView:
    """Say our definition in the server's words."""
    keys = {index.name: index.columns for index in table.indexes if index.unique}
    columns = tuple(_our_column(column, mariadb) for column in table.columns)
    return TableView(columns, frozenset(keys.items()), _charset(table.charset), table.comment or "")


def _charset(name: str | None) -> str | None:
    return "utf8mb3" if name == "utf8" else name


def _our_column(column: ColumnDefinition, mariadb: bool) -> ColumnView:
    words = column.type_name.lower().split(" ")
    unsigned = " unsigned" if "unsigned" in words else ""
    name = " ".join(
        w for w in words if w not in ("unsigned", "signed", "zerofill") and (w != "binary" or len(words) == 1)
    )
    name, length, scale = _SYNONYMS.get(name, name), column.length, column.scale
    charset = None if column.charset == "binary" else _charset(column.charset)
    if name == "float" and (length or 0) > 24 and scale is None:
        name = "double"
    if name in _SIZES and length is not None:
        size = length * _WIDTHS.get(charset or "", 1)
        name = _SIZES[name][sum(size > limit for limit in (255, 65535, 16777215))]
    if name == "json" and mariadb:
        name, charset = "longtext", "utf8mb4"
    sizes: tuple[int, ...] = ()
    if name in ("char", "varchar", "binary", "varbinary", "bit"):
        sizes = (1 if length is None else length,)
    elif name == "decimal":
        sizes = (length or 0, scale or 0)
    elif name in ("time", "datetime", "timestamp"):
        sizes = (length or 0,)
    generated = (
        "" if column.auto_incremented or not column.generated else "VIRTUAL" if column.virtual else "STORED"
    )
    values = tuple(_value(value[1:-1]) for value in column.enum_values)
    kind = generated
    return ColumnView(
        column.name, name + unsigned, sizes, column.optional, charset, column.comment or "", values, kind
    )


def _value(quoted: str) -> str:
    """Return what a value of ENUM or SET says, without its quotes."""
    return re.sub(
        r"\\(.)|''", lambda m: "'" if m[1] is None else {"n": "\n", "t": "\t"}.get(m[1], m[1]), quoted
    )


def same_default(ours: ColumnDefinition, theirs: str | None) -> bool:
    """Tell whether a default is the one that MySQL's information_schema shows."""
    if ours.default == EPOCH:
        return True
    if ours.default is None or theirs is None:
        return ours.default is theirs
    if theirs.startswith("b'"):
        return int(ours.default, 2) == int(theirs[2:-1], 2)
    if ours.default == theirs or ours.default.upper() == {"1": "TRUE", "0": "FALSE"}.get(theirs):
        return True
    try:
        return Decimal(ours.default) == Decimal(theirs)
    except InvalidOperation:
        return False
