"""Binding: a record's value plus its Connect schema becomes a value that the column takes.

A column is bound once a schema and table version; what is left for each value is one function, or
nothing. The result is in one of five forms (`int`, `float`, `bool`, `text`, `bytes`), which the
dialect writes as a cell.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from schemas import logical
from schemas.connect import Schema, Type
from sinks.jdbc import temporal
from sinks.jdbc.binding import Binding, Convert, Dialect, dump_json
from sinks.jdbc.spatial import geometry
from sinks.jdbc.types import ColumnType


def bind(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    """Return how values of `schema` are written into a column of type `target`."""
    if target.category == "json" and schema.type is not Type.STRING:
        return Binding("text", dump_json)
    special = _SEMANTIC.get(schema.name or "")
    if special is not None:
        return special(schema, target, dialect)
    return _plain(schema, target, dialect)


# -- without a semantic name -------------------------------------------------------------------


def _plain(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    kind = schema.type
    if kind in (Type.INT8, Type.INT16, Type.INT32, Type.INT64):
        return Binding("bool", bool) if target.category == "bool" and dialect.postgres else Binding("int")
    if kind in (Type.FLOAT32, Type.FLOAT64):
        return Binding("float")
    if kind is Type.BOOLEAN:
        return _boolean(target)
    if kind is Type.STRING:
        return Binding("bytes", str.encode) if target.category in ("bytes", "geometry") else Binding("text")
    if kind is Type.BYTES:
        return _bytes(target)
    if kind is Type.ARRAY:
        return _array(schema, target, dialect)
    return Binding("text", dump_json)


def _boolean(target: ColumnType) -> Binding:
    if target.category in ("int", "numeric", "float", "bit"):
        return Binding("int", int)
    if target.category == "text":
        return Binding("text", lambda value: "true" if value else "false")
    return Binding("bool")


def _bytes(target: ColumnType) -> Binding:
    if target.category in ("text", "json", "other"):
        return Binding("text", lambda value: binascii.b2a_base64(value, newline=False).decode())
    return Binding("bytes")


def _array(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    if target.category == "vector":
        return Binding("text", lambda value: "[" + ",".join(map(repr, value)) + "]")
    if target.element is None or schema.items is None:
        return Binding("text", dump_json)
    element = bind(schema.items, target.element, dialect)
    return Binding("text", lambda value: array_literal(value, element))


def array_literal(value: Any, element: Binding) -> str:
    """Return a list as PostgreSQL's array text, nested lists as further dimensions."""
    return "{" + ",".join(_array_element(item, element) for item in value) + "}"


def _array_element(item: Any, element: Binding) -> str:
    if item is None:
        return "NULL"
    if isinstance(item, (list, tuple)):
        return array_literal(item, element)
    bound = element.convert(item) if element.convert is not None else item
    if isinstance(bound, bytes):
        return f'"\\\\x{bound.hex()}"'
    if isinstance(bound, str):
        escaped = bound.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(bound)


# -- with one ----------------------------------------------------------------------------------


def _temporal(convert: Convert) -> Callable[[Schema, ColumnType, Dialect], Binding]:
    def build(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
        if target.category in ("int", "numeric") and schema.type is not Type.STRING:
            return Binding("int")
        return Binding("text", convert)

    return build


def _connect_timestamp(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    if dialect.zone == "UTC" or target.category in ("int", "numeric"):
        return _temporal(temporal.timestamps(1000))(schema, target, dialect)
    wall = temporal.wall_clock(dialect.zone)
    return Binding("text", lambda value: wall(temporal.instant(value * 1000)))


def _zoned_timestamp(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    if target.category == "timestamp":
        return Binding("text", temporal.wall_clock(dialect.zone))
    return Binding("text", temporal.iso_text if dialect.postgres else None)


def _zoned_time(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    return Binding("text", temporal.iso_time if target.category == "time" else None)


def decimal_text(value: Any) -> str:
    """Return a Decimal (or a number) in plain notation, every digit kept."""
    return str(value) if type(value) is int else format(Decimal(value), "f")


def _decimal(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    if dialect.postgres:
        return Binding("text", str)
    return Binding("text", _bounded(target) if dialect.mysql else decimal_text)


def _bounded(target: ColumnType) -> Convert:
    """MySQL rounds what has too many decimals without a word: refuse it instead."""
    scale = target.scale or 0 if target.category == "numeric" else None

    def convert(value: Any) -> str:
        number = Decimal(value)
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):
            raise ValueError(f"{value} has no place in {target.text}")
        if scale is not None and -exponent > scale and number != number.quantize(Decimal(1).scaleb(-scale)):
            raise ValueError(f"{value} has more decimals than {target.text} keeps")
        return format(number, "f")

    return convert


def variable_decimal(value: Mapping[str, Any]) -> Decimal:
    """Return the number of a VariableScaleDecimal."""
    raw = value["value"]
    data = raw if isinstance(raw, bytes) else binascii.a2b_base64(raw)
    unscaled = int.from_bytes(data, "big", signed=True)
    sign, digits = int(unscaled < 0), tuple(map(int, str(abs(unscaled))))
    return Decimal((sign, digits, -int(value["scale"])))


def _variable_decimal(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    number = _decimal(schema, target, dialect).convert or str
    return Binding("text", lambda v: number(variable_decimal(v) if isinstance(v, Mapping) else v))


def bit_text(value: bytes, length: int) -> str:
    """Return little-endian bytes as a string of bits, padded (or cut at leading zeros) to `length`."""
    width = length if length < 2**31 - 1 else 8 * len(value)
    return f"{int.from_bytes(value, 'little'):0{width}b}"


def _bits(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    length = int(schema.parameter("length") or 2**31 - 1)
    if target.category == "bytes" or dialect.name == "sqlite":
        return Binding("bytes")
    if dialect.mysql:
        return Binding("int", lambda value: int.from_bytes(value, "little"))
    return Binding("text", lambda value: bit_text(value, length))


def _duration(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    if target.category in ("int", "numeric") or not dialect.postgres:
        return Binding("int")
    return Binding("text", temporal.interval_text)


_SEMANTIC: Mapping[str, Callable[[Schema, ColumnType, Dialect], Binding]] = {
    logical.DECIMAL: _decimal,
    logical.VARIABLE_SCALE_DECIMAL: _variable_decimal,
    logical.DATE: _temporal(temporal.date_text),
    logical.CONNECT_DATE: _temporal(temporal.date_text),
    logical.ISO_DATE: _temporal(temporal.iso_date),
    logical.TIME: _temporal(lambda value: temporal.time_text(value * 1000)),
    logical.CONNECT_TIME: _temporal(lambda value: temporal.time_text(value * 1000)),
    logical.MICRO_TIME: _temporal(temporal.time_text),
    logical.NANO_TIME: _temporal(lambda value: temporal.time_text(value // 1000)),
    logical.ISO_TIME: _temporal(temporal.iso_time),
    logical.TIMESTAMP: _temporal(temporal.timestamps(1000)),
    logical.CONNECT_TIMESTAMP: _connect_timestamp,
    logical.MICRO_TIMESTAMP: _temporal(temporal.timestamps(1)),
    logical.NANO_TIMESTAMP: _temporal(temporal.timestamps(0)),
    logical.ISO_TIMESTAMP: _temporal(temporal.iso_local),
    logical.ZONED_TIMESTAMP: _zoned_timestamp,
    logical.ZONED_TIME: _zoned_time,
    logical.MICRO_DURATION: _duration,
    logical.INTERVAL: _temporal(temporal.check_duration),
    logical.BITS: _bits,
    logical.POINT: geometry,
    logical.GEOMETRY: geometry,
    logical.GEOGRAPHY: geometry,
}
