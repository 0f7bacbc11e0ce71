"""Binding of plain JSON: only the column's type tells what a value means.

What is clear is converted; what could be read in two ways is refused with the way out, because a
wrong guess would be a silent change of data:

- decimals: numbers, text with a decimal point, and base64 of the unscaled value for columns with a
  scale. Text of digits only is refused for columns whose base64 could look like that.
- dates: days. Times and timestamps: milli-, micro- or nanoseconds, told apart by their size; numbers
  too small for that (1970 to 1973) are read by the column's precision (up to 3: milliseconds).
- bytes: base64. Intervals: microseconds, or text.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sinks.jdbc import temporal
from sinks.jdbc.binding import Binding, Convert, Dialect, dump_json
from sinks.jdbc.types import ColumnType
from sinks.jdbc.values import array_literal, bit_text, decimal_text, variable_decimal

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?|NaN|-?Infinity")
_WAY_OUT = "let the converter write schemas (schemas.enable=true)"


def bind(target: ColumnType, dialect: Dialect) -> Binding:
    """Return how values without a schema are written into a column of type `target`."""
    category = target.category
    if category == "array" and target.element is not None:
        element = bind(target.element, dialect)
        return Binding("text", lambda value: array_literal(value, element))
    if category == "bool":
        return Binding("bool", _boolean)
    if category in ("bytes", "geometry") or (category == "point" and dialect.mysql):
        return Binding("bytes", _bytes)
    return Binding("text", _text_converter(target, dialect))


def _text_converter(target: ColumnType, dialect: Dialect) -> Convert:
    category = target.category
    if category == "numeric":
        return _decimal(target)
    if category == "date":
        return lambda v: temporal.date_text(v) if type(v) is int else temporal.iso_date(v)
    if category in ("time", "timetz"):
        return _time(target)
    if category in ("timestamp", "timestamptz"):
        return _timestamp(target, dialect)
    if category == "interval":
        return lambda v: temporal.interval_text(v) if type(v) is int else temporal.check_duration(v)
    if category == "bit":
        return _bits(target)
    if category == "point":
        return lambda value: f"({value['x']!r},{value['y']!r})"
    if category == "int":
        return _integer
    if category == "json":
        return lambda v: v if type(v) is str else dump_json(v)
    return _text


def _text(value: Any) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    return dump_json(value)


def _integer(value: Any) -> str:
    if type(value) is float and not value.is_integer():
        raise ValueError(f"{value!r} is not a whole number")
    return str(int(value))


def _boolean(value: Any) -> bool:
    if value in (True, False, 0, 1):
        return bool(value)
    if value in ("true", "t", "1", "false", "f", "0"):
        return value in ("true", "t", "1")
    raise ValueError(f"{value!r} is neither true nor false")


def _bytes(value: Any) -> bytes:
    if isinstance(value, Mapping) and "wkb" in value:
        return int(value.get("srid") or 0).to_bytes(4, "little") + binascii.a2b_base64(value["wkb"])
    if isinstance(value, bytes):
        return value
    return binascii.a2b_base64(value, strict_mode=True)


def _decimal(target: ColumnType) -> Convert:
    scale = target.scale or 0

    def convert(value: Any) -> str:
        if isinstance(value, Mapping):
            return format(variable_decimal(value), "f")
        if type(value) is not str:
            return repr(value) if type(value) is float else decimal_text(value)
        if _NUMBER.fullmatch(value) is None:
            return _unscaled(value, target, scale)
        if value.isdigit() and len(value) % 4 == 0:
            if scale:
                return _unscaled(value, target, scale)
            raise ValueError(f"{value!r} may be a number or base64 of one; {_WAY_OUT}")
        return value

    return convert


def _unscaled(value: str, target: ColumnType, scale: int) -> str:
    if target.scale is None and target.precision is None:
        raise ValueError(f"base64 cannot be read for {target.text}, which has no scale; {_WAY_OUT}")
    data = binascii.a2b_base64(value, strict_mode=True)
    return format(Decimal(int.from_bytes(data, "big", signed=True)).scaleb(-scale), "f")


def _time(target: ColumnType) -> Convert:
    unit = 1000 if target.precision is not None and target.precision <= 3 else 1

    def convert(value: Any) -> str:
        if type(value) is not int:
            return temporal.iso_time(value) if target.category == "time" else str(value)
        if value > 100 * temporal.DAY_US:
            return temporal.time_text(value // 1000)
        return temporal.time_text(value * (1 if value > 86_400_000 else unit))

    return convert


def _timestamp(target: ColumnType, dialect: Dialect) -> Convert:
    small = 1000 if target.precision is not None and target.precision <= 3 else 1
    wall = temporal.wall_clock(dialect.zone)
    units = {unit: temporal.timestamps(unit) for unit in (0, 1, 1000)}

    def convert(value: Any) -> str:
        if type(value) is int:
            return units[_unit(value, small)](value)
        if target.category == "timestamptz" and dialect.postgres:
            return temporal.iso_text(value)
        return wall(value)

    return convert


def _unit(value: int, small: int) -> int:
    size = abs(value)
    if size in (9223372036825200, 9223372036832400) or 10**11 <= size < 10**14:
        return 1000
    if size >= 2**63 - 1:
        return 0
    if size in (9223372036825200000, 9223372036832400000) or 10**14 <= size < 10**17:
        return 1
    return 0 if size >= 10**17 else small


def _bits(target: ColumnType) -> Convert:
    def convert(value: Any) -> str:
        if type(value) is bool:
            return str(int(value))
        return bit_text(_bytes(value), target.precision or 2**31 - 1)

    return convert
