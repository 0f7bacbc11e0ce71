"""Table maps against definitions: whether they fit, and what a map alone says of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cdc.sources.mysql.binlog.events import ColumnMap, TableMap
from cdc.sources.mysql.character_sets import character_set
from cdc.sources.mysql.row_code import StoredColumn
from cdc.sources.mysql.types import wire
from cdc.sources.mysql.types.charsets import decoder, octets_a_character
from cdc.sources.mysql.types.names import labels, type_name
from schemas.definition import ColumnDefinition, TableDefinition
from schemas.table import TableId

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_BINARY = 63
"""The collation of octets."""

_TEXTS = ("", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT")
_BLOBS = ("", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB")
_GEOMETRIES = (
    "GEOMETRY",
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
)
_NAMES = {
    wire.TINY: "TINYINT",
    wire.SHORT: "SMALLINT",
    wire.INT24: "MEDIUMINT",
    wire.LONG: "INT",
    wire.LONGLONG: "BIGINT",
    wire.FLOAT: "FLOAT",
    wire.DOUBLE: "DOUBLE",
    wire.NEWDECIMAL: "DECIMAL",
    wire.BIT: "BIT",
    wire.YEAR: "YEAR",
    wire.DATE: "DATE",
    wire.NEWDATE: "DATE",
    wire.TIME: "TIME",
    wire.TIME2: "TIME",
    wire.DATETIME: "DATETIME",
    wire.DATETIME2: "DATETIME",
    wire.TIMESTAMP: "TIMESTAMP",
    wire.TIMESTAMP2: "TIMESTAMP",
    wire.JSON: "JSON",
    wire.VECTOR: "VECTOR",
    wire.ENUM: "ENUM",
    wire.SET: "SET",
}
_STRINGS = frozenset((wire.VARCHAR, wire.VAR_STRING, wire.STRING, wire.VARCHAR_COMPRESSED))
_LONG = frozenset((wire.BLOB, wire.BLOB_COMPRESSED))
_FRACTIONS = frozenset((wire.TIME2, wire.DATETIME2, wire.TIMESTAMP2))

_STORED_AS: Mapping[str, frozenset[int]] = {
    **{name: frozenset(code for code, known in _NAMES.items() if known == name) for name in _NAMES.values()},
    "BOOLEAN": frozenset((wire.TINY,)),
    **dict.fromkeys(("CHAR", "BINARY", "VARCHAR", "VARBINARY"), _STRINGS),
    **dict.fromkeys((*_TEXTS[1:], *_BLOBS[1:]), _LONG),
    **dict.fromkeys(_GEOMETRIES, frozenset((wire.GEOMETRY,))),
    # MariaDB's, which it stores as octets; its JSON is LONGTEXT.
    **dict.fromkeys(("UUID", "INET4", "INET6"), frozenset((wire.STRING,))),
    "JSON": frozenset((wire.JSON, wire.BLOB)),
    "VECTOR": frozenset((wire.VECTOR, wire.VARCHAR, wire.STRING, wire.VAR_STRING)),
}

_JDBC = {
    "TINYINT": 5, "SMALLINT": 5, "MEDIUMINT": 4, "INT": 4, "BIGINT": -5, "FLOAT": 7, "DOUBLE": 8,
    "DECIMAL": 3, "BIT": -7, "YEAR": 4, "DATE": 91, "TIME": 92, "DATETIME": 93, "TIMESTAMP": 2014,
    "CHAR": 1, "VARCHAR": 12,
    "BINARY": -2, "VARBINARY": -3, "TINYTEXT": 12, "TEXT": 12, "MEDIUMTEXT": 12, "LONGTEXT": 12,
    "ENUM": 1, "SET": 1,
    **dict.fromkeys(_BLOBS[1:], 2004),
}  # fmt: skip
"""java.sql.Types, as Debezium's parser of DDL gives them; others are OTHER."""
_OTHER = 1111


def logged_columns(table: TableMap, definition: TableDefinition) -> list[ColumnDefinition | None]:
    """Return the definition of each column of a table map, in its order; None where there is none.

    Virtual columns may be left out of the log. With names in the log (binlog_row_metadata=FULL) they decide.
    """
    columns = list(definition.columns)
    if table.columns and table.columns[0].name is not None:
        return [definition.column(column.name or "") for column in table.columns]
    if len(columns) != (table.width if row_end(table, definition) is None else table.width - len(_PERIOD)):
        columns = [column for column in columns if not column.virtual]
    return [columns[at] if at < len(columns) else None for at in range(table.width)]


_PERIOD = ("row_start", "row_end")
"""The columns that MariaDB adds at the end of tables WITH SYSTEM VERSIONING without columns for it."""


def row_end(table: TableMap, definition: TableDefinition) -> int | None:
    """Return the hidden column that says until when a row of such a table is current; None without."""
    hidden = table.columns[-len(_PERIOD) :]
    if any((one.type, one.metadata) != (wire.TIMESTAMP2, 6) for one in hidden):
        return None
    names = tuple(one.name for one in hidden)
    if names == (None, None):
        stored = sum(not column.virtual for column in definition.columns)
        widths = (stored + len(_PERIOD), len(definition.columns) + len(_PERIOD))
        return table.width - 1 if definition.versioned and table.width in widths else None
    known = names != _PERIOD or definition.column(_PERIOD[1]) is not None
    return None if known else table.width - 1


def mismatches(table: TableMap, definition: TableDefinition) -> list[str]:
    """Return what a table map says otherwise than a definition, in words; empty where they fit."""
    columns = logged_columns(table, definition)
    if row_end(table, definition) is not None:
        columns = columns[: -len(_PERIOD)]
    known = [column for column in columns if column is not None]
    stored = [column for column in definition.columns if not column.virtual]
    if len(known) < len(columns) or len(known) not in (len(stored), len(definition.columns)):
        names = ", ".join(column.name for column in definition.columns)
        return [f"the log has {table.width} columns, the definition {len(definition.columns)}: {names}"]
    found = []
    for at, (mapped, column) in enumerate(zip(table.columns, known, strict=False)):
        found += [f"column {at + 1} ({column.name}): {one}" for one in _differences(mapped, column)]
    return found


def _differences(mapped: ColumnMap, column: ColumnDefinition) -> list[str]:
    name = type_name(column)
    if mapped.type not in _STORED_AS.get(name.name, frozenset()):
        return [f"the log has {logged_name(mapped)}, the definition {column.type_name}"]
    pairs: list[tuple[str, object, object]] = []
    if mapped.unsigned is not None and name.name in _UNSIGNED:
        pairs.append(("unsigned", mapped.unsigned, name.unsigned))
    if mapped.type == wire.NEWDECIMAL:
        extent = (10 if column.length is None else column.length, column.scale or 0)
        pairs.append(("precision and scale", divmod(mapped.metadata, 256), extent))
    elif mapped.type == wire.BIT:
        pairs.append(("bits", mapped.metadata, column.length or 1))
    elif mapped.type in _FRACTIONS:
        pairs.append(("fraction digits", mapped.metadata, column.length or column.scale or 0))
    elif mapped.type in _STRINGS and name.name in ("CHAR", "VARCHAR"):
        pairs += _lengths(mapped, column)
    if mapped.members is not None and mapped.type in (wire.ENUM, wire.SET):
        pairs.append(("labels", _as_shown(_members(mapped)), _as_shown(labels(column.enum_values))))
    pairs += _charsets(mapped, column)
    return [
        f"the log has {what} {ours}, the definition {theirs}"
        for what, ours, theirs in pairs
        if ours != theirs
    ]


_UNSIGNED = frozenset(("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL"))


def _as_shown(members: Sequence[str]) -> tuple[str, ...]:
    """Return labels as SHOW CREATE TABLE has them: nothing beyond the basic plane."""
    return tuple(_ASTRAL.sub("?", member) for member in members)


def _lengths(mapped: ColumnMap, column: ColumnDefinition) -> list[tuple[str, object, object]]:
    if column.charset in (None, "binary") or mapped.type in wire.COMPRESSED:
        return []
    length = 1 if column.length is None else column.length
    return [("octets", mapped.metadata, length * octets_a_character(column.charset or ""))]


def _charsets(mapped: ColumnMap, column: ColumnDefinition) -> list[tuple[str, object, object]]:
    if mapped.collation is None or column.charset is None or mapped.type in wire.COMPRESSED:
        return []
    logged = character_set(mapped.collation)
    return [] if logged is None else [("character set", logged, _canonical(column.charset))]


def _canonical(charset: str) -> str:
    return "utf8mb3" if charset == "utf8" else charset


def stored_columns(
    table: TableMap, definition: TableDefinition, fields: Mapping[str, str]
) -> tuple[StoredColumn, ...]:
    """Return how a table map's columns are stored; `fields`: column name → field of those captured."""
    found = []
    for mapped, column in zip(table.columns, logged_columns(table, definition), strict=True):
        if column is None:
            stored = wire.wire_of(mapped, unsigned=bool(mapped.unsigned))
            found.append(StoredColumn(None, stored, nullable=mapped.nullable))
            continue
        digits = column.length or column.scale or 0
        stored = wire.wire_of(mapped, unsigned=type_name(column).unsigned, digits=digits)
        found.append(StoredColumn(fields.get(column.name), stored, mapped.type == wire.JSON, mapped.nullable))
    return tuple(found)


_SEQUENCE = {
    "next_not_cached_value": wire.LONGLONG,
    "minimum_value": wire.LONGLONG,
    "maximum_value": wire.LONGLONG,
    "start_value": wire.LONGLONG,
    "increment": wire.LONGLONG,
    "cache_size": wire.LONGLONG,
    "cycle_option": wire.TINY,
    "cycle_count": wire.LONGLONG,
}


def is_sequence(table: TableMap) -> bool:
    """Whether a table map is of a sequence of MariaDB, as far as its columns tell."""
    names = [column.name for column in table.columns]
    types = [column.type for column in table.columns]
    return types == list(_SEQUENCE.values()) and (names[0] is None or names == list(_SEQUENCE))


# -- a definition from the log alone --------------------------------------------------------------


def definition_of(table: TableMap) -> TableDefinition | None:
    """Return what a table map says of its table; None without names (binlog_row_metadata=MINIMAL).

    It knows no defaults, no comments and no AUTO_INCREMENT, and takes MariaDB's UUID and INET for BINARY.
    """
    names = [column.name for column in table.columns]
    if None in names or not names:
        return None
    table_id = TableId(table.database, "", table.table)
    versioned = row_end(table, TableDefinition(table_id, ())) is not None
    columns = tuple(_definition(column) for column in table.columns)
    if versioned:
        columns = columns[: -len(_PERIOD)]
    key = tuple(columns[part.column].name for part in table.primary_key or () if part.column < len(columns))
    return TableDefinition(table_id, columns, key, versioned=versioned)


def _definition(mapped: ColumnMap) -> ColumnDefinition:
    name = logged_name(mapped)
    base = name.split()[0]
    length, scale = _extent(mapped, base)
    charset = character_set(mapped.collation) if mapped.collation is not None else None
    return ColumnDefinition(
        name=mapped.name or "",
        type_name=name,
        jdbc_type=_JDBC.get(base, _OTHER),
        length=length,
        scale=scale,
        charset=None if charset == "binary" else charset,
        optional=mapped.nullable,
        enum_values=tuple("'" + label.replace("'", "''") + "'" for label in _members(mapped)),
    )


def logged_name(mapped: ColumnMap) -> str:
    """Return the name of a type as far as the log knows it."""
    code = mapped.type
    octets = mapped.collation in (None, _BINARY)
    if code in _LONG:
        return (_BLOBS if octets else _TEXTS)[mapped.metadata]
    if code == wire.GEOMETRY:
        return _GEOMETRIES[mapped.geometry or 0]
    if code == wire.STRING:
        return "BINARY" if octets else "CHAR"
    if code in _STRINGS:
        return "VARBINARY" if octets else "VARCHAR"
    name = _NAMES.get(code, f"the unknown type {code}")
    return f"{name} UNSIGNED" if mapped.unsigned and name in _UNSIGNED else name


def _extent(mapped: ColumnMap, name: str) -> tuple[int | None, int | None]:
    if mapped.type == wire.NEWDECIMAL:
        return mapped.metadata >> 8, mapped.metadata & 0xFF
    if mapped.type == wire.BIT:
        return mapped.metadata, None
    if mapped.type in _FRACTIONS:
        return mapped.metadata or None, None
    if name in ("BINARY", "VARBINARY"):
        return mapped.metadata, None
    if name in ("CHAR", "VARCHAR"):
        width = octets_a_character(character_set(mapped.collation or 0) or "")
        return mapped.metadata // width, None
    if mapped.type == wire.ENUM:
        return 1, None
    if mapped.type == wire.SET:
        return max(2 * len(_members(mapped)) - 1, 0), None
    return None, None


def _members(mapped: ColumnMap) -> Sequence[str]:
    if mapped.members is None:
        return ()
    charset = character_set(mapped.collation) if mapped.collation is not None else None
    decode = decoder(charset if charset not in (None, "binary") else "utf8mb4")
    return tuple(decode(member) for member in mapped.members)
