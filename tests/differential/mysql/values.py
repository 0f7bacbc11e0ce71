"""The types of random columns, and literals to put into them.

Two things are left out, since no stream can know what the server makes of them: defaults that do not fit
their type (a text for a DECIMAL), and pairs of GBK octets without a character.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

_COMMON = (
    "INT",
    "BIGINT UNSIGNED",
    "TINYINT(1)",
    "MEDIUMINT UNSIGNED ZEROFILL",
    "VARCHAR(20)",
    "VARCHAR(300) CHARACTER SET latin1",
    "CHAR(5) CHARACTER SET utf16",
    "CHAR(60) CHARACTER SET gbk",
    "CHAR(255)",
    "DECIMAL(8,3)",
    "DECIMAL(65,30)",
    "FLOAT",
    "DOUBLE",
    "DATETIME",
    "DATETIME(3)",
    "TIMESTAMP(6) NULL",
    "DATE",
    "TIME",
    "TIME(6)",
    "YEAR",
    "TEXT",
    "TINYTEXT",
    "LONGTEXT CHARACTER SET latin1",
    "BLOB",
    "VARBINARY(9)",
    "BINARY(4)",
    "ENUM('a','b''c','')",
    "SET('x','y','z')",
    "BIT(1)",
    "BIT(9)",
    "BIT(64)",
    "JSON",
    "POINT",
    "GEOMETRY",
)
_OWN: Mapping[str, Sequence[str]] = {
    "mariadb": ("UUID", "INET4", "INET6", "VARCHAR(50) COMPRESSED", "BLOB COMPRESSED"),
}

_INTEGERS = ("0", "1", "-5", "-128", "16777215", "2147483647", "18446744073709551615")
_NUMBERS = ("0", "1.5", "-0.25", "-99999.999", "1e-30", "1e34", "1e308")
_MOMENTS = ("'2020-01-02 03:04:05.678901'", "'2020-02-29'", "'2037-12-31 23:59:59.9'")
_TEXTS = ("''", "'abc'", "'ünï'", "'a é'", "'中'", "'[1, 2.5]'", "repeat('é',255)", "repeat('y',299)")
_LONG_TEXTS = (*_TEXTS, "repeat('ä',500)", "repeat('z',70000)")
_OCTETS = ("''", "x'61'", "x'61620000'", "x'00ff'", "x'0102'", "repeat('b',200)")
_POINTS = ("ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(3 4)')")

_LITERALS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("int", "bigint", "tinyint", "mediumint"), _INTEGERS),
    **dict.fromkeys(("decimal", "float", "double"), _NUMBERS),
    **dict.fromkeys(("char", "varchar", "tinytext"), _TEXTS),
    **dict.fromkeys(("text", "mediumtext", "longtext"), _LONG_TEXTS),
    **dict.fromkeys(("binary", "varbinary", "blob"), _OCTETS),
    "timestamp": _MOMENTS,
    "datetime": (*_MOMENTS, "'1000-01-01'", "'9999-12-31 23:59:59.999'"),
    "date": (*_MOMENTS, "'1000-01-01'", "'9999-12-31'"),
    "time": ("'-838:59:58.999999'", "'838:59:59'", "'00:00:00.000001'", "'-00:00:00.000001'", "'-12:00:00'"),
    "year": ("0", "1901", "2155"),
    "enum": ("'a'", "''", "'b''c'"),
    "set": ("'x,z'", "''", "'y'"),
    "bit": ("b'1'", "b'0'", "b'100000001'", "b'1111000011110001'"),
    "json": ("""'{"a":[1,2.5,null,"x"]}'""", "'[]'", "'\"s\"'"),
    "point": _POINTS,
    "geometry": (*_POINTS, "ST_GeomFromText('LINESTRING(0 0,1 1)')"),
    "uuid": ("'123e4567-e89b-12d3-a456-426655440000'",),
    "inet4": ("'1.2.3.4'",),
    "inet6": ("'::1'", "'2001:db8::1'"),
}


def types(dialect: str) -> Sequence[str]:
    """Return the types of a product's columns, as they are declared."""
    return (*_COMMON, *_OWN.get(dialect, ()))


def literal(kind: str, chance: random.Random) -> str:
    """Return a value for a column of a type (as `information_schema` names it), now and then NULL."""
    return "NULL" if chance.random() < 0.15 else chance.choice(_LITERALS.get(kind, ("NULL",)))
