"""Data types as Debezium's parsers name them: how each is written, and its java.sql.Types number."""

from __future__ import annotations

from typing import NamedTuple

CHAR, VARCHAR, NCHAR, NVARCHAR = 1, 12, -15, -9
BINARY, VARBINARY, BLOB, OTHER = -2, -3, 2004, 1111


class DataType(NamedTuple):
    """A data type. kind: how its definition goes on after the name. length, scale: where none is written."""

    jdbc: int
    kind: str
    length: int | None = None
    scale: int | None = None


def _types(kind: str, jdbc: int, *names: str, length: int | None = None) -> dict[str, DataType]:
    return {name: DataType(jdbc, kind, length) for name in names}


TYPES: dict[str, DataType] = {
    **_types("number", 5, "TINYINT", "INT1", "SMALLINT", "INT2"),
    **_types("number", 4, "MEDIUMINT", "INT3", "MIDDLEINT", "INT", "INTEGER", "INT4"),
    **_types("number", -5, "BIGINT", "INT8"),
    **_types("number", 7, "REAL"),
    **_types("number", 8, "DOUBLE", "DOUBLE PRECISION", "FLOAT8"),
    **_types("number", 6, "FLOAT", "FLOAT4"),
    **dict.fromkeys(("DECIMAL", "DEC", "FIXED"), DataType(3, "number", 10, 0)),
    "NUMERIC": DataType(2, "number", 10, 0),
    **_types("sized", -7, "BIT", length=1),
    **_types("plain", 16, "BOOL", "BOOLEAN"),
    **_types("plain", 91, "DATE"),
    **_types("sized", 92, "TIME"),
    **_types("sized", 93, "DATETIME"),
    **_types("sized", 2014, "TIMESTAMP"),
    **_types("sized", 4, "YEAR"),
    **_types("text", CHAR, "CHAR", "CHARACTER"),
    **_types("text", VARCHAR, "VARCHAR", "VARCHARACTER", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"),
    **_types("text", VARCHAR, "CHAR VARYING", "CHARACTER VARYING", "LONG", "LONG VARCHAR"),
    **_types("text", VARCHAR, "LONG CHAR VARYING", "LONG CHARACTER VARYING"),
    **_types("national", NCHAR, "NCHAR", "NATIONAL CHAR", "NATIONAL CHARACTER", length=1),
    **_types("national", NVARCHAR, "NVARCHAR", "NATIONAL VARCHAR", "NATIONAL VARCHARACTER", "NCHAR VARCHAR"),
    **_types("national", NVARCHAR, "NCHAR VARCHARACTER", "NCHAR VARYING"),
    **_types("national", NVARCHAR, "NATIONAL CHAR VARYING", "NATIONAL CHARACTER VARYING"),
    **_types("sized", BINARY, "BINARY"),
    **_types("sized", VARBINARY, "VARBINARY"),
    **_types("sized", BLOB, "BLOB"),
    **_types("plain", BLOB, "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "LONG VARBINARY"),
    **_types("values", CHAR, "ENUM", "SET"),
    **_types("plain", OTHER, "GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING"),
    **_types("plain", OTHER, "MULTIPOLYGON", "GEOMETRYCOLLECTION", "GEOMCOLLECTION", "JSON"),
    **_types("sized", OTHER, "VECTOR"),
    **_types("plain", -5, "SERIAL"),
}

# MariaDB's own; to MySQL they are no types.
MARIADB_TYPES: dict[str, DataType] = {
    **_types("plain", OTHER, "UUID", "INET4", "INET6"),
    # JSON is a name for LONGTEXT there, with a check.
    "JSON": DataType(OTHER, "plain"),
}

# What may follow the first word of a type's name, longest first.
CONTINUATIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "DOUBLE": (("PRECISION",),),
    "CHAR": (("VARYING",),),
    "CHARACTER": (("VARYING",),),
    "NCHAR": (("VARYING",), ("VARCHAR",), ("VARCHARACTER",)),
    "LONG": (("VARCHAR",), ("VARBINARY",), ("CHAR", "VARYING"), ("CHARACTER", "VARYING")),
    "NATIONAL": (
        ("CHAR", "VARYING"),
        ("CHARACTER", "VARYING"),
        ("CHAR",),
        ("CHARACTER",),
        ("VARCHAR",),
        ("VARCHARACTER",),
    ),
}

# What a text type becomes in the charset `binary`, or with BYTE; the server does it silently.
AS_BINARY = {
    **dict.fromkeys(("CHAR", "CHARACTER"), "BINARY"),
    **dict.fromkeys(("VARCHAR", "VARCHARACTER", "CHAR VARYING", "CHARACTER VARYING"), "VARBINARY"),
    "TINYTEXT": "TINYBLOB",
    "TEXT": "BLOB",
    **dict.fromkeys(("MEDIUMTEXT", "LONG", "LONG VARCHAR"), "MEDIUMBLOB"),
    **dict.fromkeys(("LONG CHAR VARYING", "LONG CHARACTER VARYING"), "MEDIUMBLOB"),
    "LONGTEXT": "LONGBLOB",
}
