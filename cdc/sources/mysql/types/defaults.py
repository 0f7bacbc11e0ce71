"""A column's DEFAULT as the default of its Connect schema, as Debezium has it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from cdc.relational.column_type import ColumnType, function
from cdc.sources.mysql.types.modes import Modes
from cdc.sources.mysql.types.names import type_name
from schemas.connect import Type
from schemas.definition import ColumnDefinition

_NOW = re.compile(r"(?:current_timestamp|now|localtime|localtimestamp)\b.*", re.IGNORECASE | re.DOTALL)
_BITS = re.compile(r"b'([01]*)'|0b([01]+)|([01]+)")
_NONE = frozenset(("TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "UUID", "INET4", "INET6", "VECTOR"))
_EPOCH = {"DATETIME": "1970-01-01 00:00:00", "TIMESTAMP": "1970-01-01 00:00:00", "DATE": "1970-01-01"}
_TRUE = {"true": "1", "false": "0"}


def schema_default(column: ColumnDefinition, found: ColumnType, modes: Modes) -> Any:
    """Return the Connect value of a default, None without one; `found` is the text protocol's.

    CURRENT_TIMESTAMP is the epoch, a zero date none in a nullable column and the epoch in another.
    """
    name = type_name(column).name
    if not column.has_default or column.default is None or name in _NONE or found.schema.fields:
        return None
    text = column.default
    if _NOW.fullmatch(text):
        text = _EPOCH.get(name, text)
    try:
        return _read(text, name, column, found, modes)
    except (ValueError, ArithmeticError, IndexError, KeyError):
        return None


def _read(text: str, name: str, column: ColumnDefinition, found: ColumnType, modes: Modes) -> Any:
    if name == "BIT":
        return _bits(text, column.length or 1)
    if name in _INTEGERS:
        number = int(Decimal(_TRUE.get(text.lower(), text)))
        if found.schema.type is Type.BOOLEAN:
            return number != 0
        if name == "BIGINT" and found.schema.type is Type.INT64:
            # Debezium reads a default with Java's long, which ends here.
            return min(number, 2**63 - 1)
        return _of_wire(str(number), found)
    if name == "DECIMAL":
        scale = column.scale or 0
        return _of_wire(format(Decimal(text).quantize(Decimal(1).scaleb(-scale)), "f"), found)
    if name in ("DATETIME", "TIMESTAMP", "TIME"):
        return _of_wire(_clocked(text, name, column.length or 0), found)
    # SHOW CREATE TABLE prints the octets of a binary default as they are.
    return _of_wire(text.encode("utf-8", "surrogateescape").decode("latin-1"), found)


_INTEGERS = frozenset(("BOOLEAN", "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR"))


def _clocked(text: str, name: str, digits: int) -> str:
    """Return a moment in the form of the text protocol: always with seconds and all digits."""
    if name == "TIME":
        return text if text.count(":") == 2 else f"{text}:00"
    day, _, clock = text.replace("T", " ").partition(" ")
    clock, _, fraction = (clock or "00:00:00").partition(".")
    return f"{day} {clock}" + (f".{fraction.ljust(digits, '0')[:digits]}" if digits else "")


def _bits(text: str, length: int) -> Any:
    matched = _BITS.fullmatch(text)
    if matched is None:
        raise ValueError(text)
    number = int(next(group for group in matched.groups() if group is not None) or "0", 2)
    if length == 1:
        return bool(number)
    return number.to_bytes((length + 7) // 8, "little")


def _of_wire(wire: str, found: ColumnType) -> Any:
    return function(found.codec.value, found.codec.scope)(wire)
