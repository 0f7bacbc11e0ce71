"""Names of types as DDL writes them, in the server's own terms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.definition import ColumnDefinition

_ALIASES = {
    "BOOL": "BOOLEAN",
    "CHAR BYTE": "BINARY",
    "CHAR VARYING": "VARCHAR",
    "CHARACTER": "CHAR",
    "CHARACTER VARYING": "VARCHAR",
    "DEC": "DECIMAL",
    "DOUBLE PRECISION": "DOUBLE",
    "FIXED": "DECIMAL",
    "FLOAT4": "FLOAT",
    "FLOAT8": "DOUBLE",
    "GEOMCOLLECTION": "GEOMETRYCOLLECTION",
    "INT1": "TINYINT",
    "INT2": "SMALLINT",
    "INT3": "MEDIUMINT",
    "INT4": "INT",
    "INT8": "BIGINT",
    "INTEGER": "INT",
    "LONG": "MEDIUMTEXT",
    "LONG CHAR VARYING": "MEDIUMTEXT",
    "LONG VARBINARY": "MEDIUMBLOB",
    "LONG VARCHAR": "MEDIUMTEXT",
    "MIDDLEINT": "MEDIUMINT",
    "NATIONAL CHAR": "CHAR",
    "NATIONAL CHAR VARYING": "VARCHAR",
    "NATIONAL CHARACTER": "CHAR",
    "NATIONAL CHARACTER VARYING": "VARCHAR",
    "NATIONAL VARCHAR": "VARCHAR",
    "NCHAR": "CHAR",
    "NCHAR VARCHAR": "VARCHAR",
    "NCHAR VARYING": "VARCHAR",
    "NUMERIC": "DECIMAL",
    "NVARCHAR": "VARCHAR",
    "RAW": "VARBINARY",
    "CLOB": "LONGTEXT",
    "NUMBER": "DECIMAL",
    "REAL": "DOUBLE",
    "SERIAL": "BIGINT",
    "VARCHAR2": "VARCHAR",
    "VARCHARACTER": "VARCHAR",
}
_ATTRIBUTES = frozenset(("UNSIGNED", "SIGNED", "ZEROFILL", "BINARY", "ASCII", "UNICODE", "BYTE"))


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type's name in the server's own terms, and what numbers have beside it."""

    name: str
    unsigned: bool = False
    zerofill: bool = False


def type_name(column: ColumnDefinition) -> TypeName:
    """Return the name of a column's type without aliases."""
    words = re.sub(r"\(.*?\)", " ", column.type_name.upper()).split()
    attributes = set(words[1:])
    zerofill = "ZEROFILL" in attributes
    unsigned = zerofill or "UNSIGNED" in attributes or words[:1] == ["SERIAL"]
    plain = " ".join(words)
    if plain not in _ALIASES:
        plain = " ".join(word for at, word in enumerate(words) if not at or word not in _ATTRIBUTES)
    name = _ALIASES.get(plain, plain)
    if name == "FLOAT" and column.scale is None and (column.length or 0) > 24:
        name = "DOUBLE"
    return TypeName(name, unsigned, zerofill)


_QUOTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'|\"((?:[^\"\\]|\"\"|\\.)*)\"", re.DOTALL)
_ESCAPES = re.compile(r"''|\"\"|\\(.)", re.DOTALL)
_MEANING = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def labels(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels of ENUM and SET from the quoted strings of DDL."""
    return tuple(unquoted(value) for value in values)


def unquoted(literal: str) -> str:
    """Return the text of a string literal; what is not quoted stays as it is."""
    matched = _QUOTED.fullmatch(literal)
    if matched is None:
        return literal
    inner = matched[1] if matched[1] is not None else matched[2]
    return _ESCAPES.sub(lambda m: _MEANING.get(m[1], m[1]) if m[1] is not None else m[0][0], inner)
