"""Column types: what to declare for a Connect schema, and what a declared type can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from schemas import logical
from schemas.connect import Schema, Type

_PARENTHESES = re.compile(r"\(([^)]*)\)")
_CATEGORIES: tuple[tuple[str, str], ...] = (
    (r"tinyint\(1\)|bool(ean)?", "bool"),
    (r"int(eger)?[248]?|(big|small|tiny|medium)int|(small|big)?serial|oid|year", "int"),
    (r"numeric|decimal|money|number", "numeric"),
    (r"real|float[48]?|double( precision)?", "float"),
    (r"bytea|(tiny|medium|long)?blob|(var)?binary", "bytes"),
    (r"date", "date"),
    (r"time(tz| with time zone)", "timetz"),
    (r"time( without time zone)?", "time"),
    (r"timestamp(tz| with time zone)", "timestamptz"),
    (r"timestamp( without time zone)?|datetime", "timestamp"),
    (r"interval", "interval"),
    (r"jsonb?", "json"),
    (r"uuid", "uuid"),
    (r"bit( varying)?|varbit", "bit"),
    (r"point", "point"),
    (r"(.*\.)?(geometry|geography)|polygon|linestring|multi.*|geomcollection", "geometry"),
    (r"(.*\.)?(vector|halfvec)", "vector"),
    (
        r"(tiny|medium|long)?text|clob|(var|bp)?char|character( varying)?|citext|name|xml|ltree|enum|set",
        "text",
    ),
)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column type of the target: its text, what it can hold, and its precision where it has one.

    category: `array` (with `element`), one of those in the table above, or `other`: text that the
    database parses itself.
    """

    text: str
    category: str
    precision: int | None = None
    scale: int | None = None
    element: ColumnType | None = None


def column_type(text: str) -> ColumnType:
    """Return what a type's text means."""
    if text.endswith("[]"):
        return ColumnType(text, "array", element=column_type(text.removesuffix("[]")))
    plain = text.lower().replace(" unsigned", "").replace(" zerofill", "")
    numbers = [int(part) for part in re.findall(r"\d+", "".join(_PARENTHESES.findall(plain)))]
    bare = re.sub(r"\s+", " ", _PARENTHESES.sub("", plain)).strip()
    tried = plain if plain == "tinyint(1)" else bare
    category = next((name for pattern, name in _CATEGORIES if re.fullmatch(pattern, tried)), "other")
    precision = numbers[0] if numbers else None
    return ColumnType(text, category, precision, numbers[1] if len(numbers) > 1 else None)


_POSTGRES: Mapping[str, str] = {
    "boolean": "boolean",
    "int8": "smallint",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "float": "real",
    "double": "double precision",
    "string": "text",
    "bytes": "bytea",
    "array": "jsonb",
    "map": "jsonb",
    "struct": "jsonb",
    logical.VARIABLE_SCALE_DECIMAL: "numeric",
    logical.DATE: "date",
    logical.CONNECT_DATE: "date",
    logical.ISO_DATE: "date",
    logical.TIME: "time(3)",
    logical.CONNECT_TIME: "time(3)",
    logical.MICRO_TIME: "time(6)",
    logical.NANO_TIME: "time(6)",
    logical.ISO_TIME: "time(6)",
    logical.ZONED_TIME: "time(6) with time zone",
    logical.TIMESTAMP: "timestamp(3)",
    logical.CONNECT_TIMESTAMP: "timestamp(3)",
    logical.MICRO_TIMESTAMP: "timestamp(6)",
    logical.NANO_TIMESTAMP: "timestamp(6)",
    logical.ISO_TIMESTAMP: "timestamp(6)",
    logical.ZONED_TIMESTAMP: "timestamp(6) with time zone",
    logical.MICRO_DURATION: "interval",
    logical.INTERVAL: "interval",
    logical.JSON: "jsonb",
    logical.XML: "xml",
    logical.UUID: "uuid",
    logical.TSVECTOR: "tsvector",
    logical.POINT: "point",
    logical.GEOMETRY: "bytea",
    logical.GEOGRAPHY: "bytea",
}
_MYSQL: Mapping[str, str] = {
    "boolean": "tinyint(1)",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "float": "float",
    "double": "double",
    "string": "longtext",
    "bytes": "longblob",
    "array": "json",
    "map": "json",
    "struct": "json",
    logical.VARIABLE_SCALE_DECIMAL: "decimal(65,30)",
    logical.DATE: "date",
    logical.CONNECT_DATE: "date",
    logical.ISO_DATE: "date",
    logical.TIME: "time(3)",
    logical.CONNECT_TIME: "time(3)",
    logical.MICRO_TIME: "time(6)",
    logical.NANO_TIME: "time(6)",
    logical.ISO_TIME: "time(6)",
    logical.TIMESTAMP: "datetime(3)",
    logical.CONNECT_TIMESTAMP: "datetime(3)",
    logical.MICRO_TIMESTAMP: "datetime(6)",
    logical.NANO_TIMESTAMP: "datetime(6)",
    logical.ISO_TIMESTAMP: "datetime(6)",
    logical.ZONED_TIMESTAMP: "datetime(6)",
    logical.MICRO_DURATION: "bigint",
    logical.JSON: "json",
    logical.UUID: "char(36)",
    logical.POINT: "point",
    logical.GEOMETRY: "geometry",
    logical.GEOGRAPHY: "geometry",
}
# SQLite has no exact decimals: only TEXT keeps every digit. DATE and TIMESTAMP keep ISO text.
_SQLITE: Mapping[str, str] = {
    "boolean": "BOOLEAN",
    "int8": "INTEGER",
    "int16": "INTEGER",
    "int32": "INTEGER",
    "int64": "INTEGER",
    "float": "REAL",
    "double": "REAL",
    "string": "TEXT",
    "bytes": "BLOB",
    "array": "TEXT",
    "map": "TEXT",
    "struct": "TEXT",
    logical.DATE: "DATE",
    logical.CONNECT_DATE: "DATE",
    logical.ISO_DATE: "DATE",
    logical.TIME: "TIME",
    logical.CONNECT_TIME: "TIME",
    logical.MICRO_TIME: "TIME",
    logical.NANO_TIME: "TIME",
    logical.ISO_TIME: "TIME",
    logical.TIMESTAMP: "TIMESTAMP",
    logical.CONNECT_TIMESTAMP: "TIMESTAMP",
    logical.MICRO_TIMESTAMP: "TIMESTAMP",
    logical.NANO_TIMESTAMP: "TIMESTAMP",
    logical.ISO_TIMESTAMP: "TIMESTAMP",
    logical.ZONED_TIMESTAMP: "TIMESTAMP",
    logical.POINT: "BLOB",
    logical.GEOMETRY: "BLOB",
    logical.GEOGRAPHY: "BLOB",
}
_UNBOUNDED_BITS = 2**31 - 1


def declare(dialect: str, schema: Schema, *, key: bool, extensions: frozenset[str] = frozenset()) -> str:
    """Return the type to declare for values of `schema`; a key's type must fit into an index."""
    if dialect == "postgresql":
        return _postgres(schema, extensions)
    if dialect == "sqlite":
        return "TEXT" if schema.name == logical.DECIMAL else _lookup(_SQLITE, schema)
    return _mysql(schema, key=key)


def _lookup(table: Mapping[str, str], schema: Schema) -> str:
    return table.get(schema.name or "") or table[schema.type.value]


def _decimal(schema: Schema) -> tuple[int | None, int]:
    precision = schema.parameter("connect.decimal.precision")
    return int(precision) if precision else None, int(schema.parameter("scale") or 0)


def _postgres(schema: Schema, extensions: frozenset[str]) -> str:
    if schema.name == logical.DECIMAL:
        precision, scale = _decimal(schema)
        fits = precision is not None and 0 < precision <= 1000 and -1000 <= scale <= 1000
        return f"numeric({precision},{scale})" if fits else "numeric"
    if schema.name == logical.BITS:
        length = int(schema.parameter("length") or _UNBOUNDED_BITS)
        return "bit varying" if length >= _UNBOUNDED_BITS else f"bit({length})"
    if schema.name == logical.LTREE:
        return "ltree" if "ltree" in extensions else "text"
    if schema.type is Type.ARRAY and schema.items is not None:
        element = _postgres(schema.items, extensions)
        nested = schema.items.type in (Type.ARRAY, Type.MAP, Type.STRUCT)
        return "jsonb" if nested else f"{element}[]"
    return _lookup(_POSTGRES, schema)


def _mysql(schema: Schema, *, key: bool) -> str:
    if schema.name == logical.DECIMAL:
        precision, scale = _decimal(schema)
        if scale < 0:
            precision, scale = (precision or 65) - scale, 0
        return f"decimal({min(precision or 65, 65)},{min(scale, 30)})"
    if schema.name == logical.BITS:
        length = int(schema.parameter("length") or _UNBOUNDED_BITS)
        return f"bit({length})" if length <= 64 else "varbinary(255)" if key else "longblob"
    declared = _lookup(_MYSQL, schema)
    if key and declared == "longtext":
        return "varchar(255)"
    if key and declared in ("longblob", "json"):
        return "varbinary(255)"
    return declared
