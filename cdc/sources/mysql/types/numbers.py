"""Integers, floats, decimals, bits and years."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import orjson

from cdc.generated import defined
from cdc.relational import decimals
from cdc.relational.binary import octets_codec
from cdc.relational.column_type import ColumnType, interned
from cdc.relational.decimals import EXACT, unscaled_json
from cdc.relational.floats import DOUBLE_TEXT, java_json
from cdc.relational.modes import DecimalMode
from cdc.sources.mysql.binlog.events import ColumnMap
from cdc.sources.mysql.types.forms import Forms, forms, forms_by
from cdc.sources.mysql.types.modes import Modes
from cdc.sources.mysql.types.wire import INT24, NEWDECIMAL
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.java_text import float_text
from schemas.table import Codec

_FLOAT = struct.Struct("<f")
_TINY = 1e-37


def integer(schema: Schema, *, unsigned: bool, zerofill: bool) -> Forms:
    """Return an integer whose schema holds all of its values."""
    found = ColumnType(schema, Codec("int(v)", "str(int(v))" if zerofill else "v"), 0, 0)
    return forms_by(found, lambda column: _stored_integer(column, signed=not unsigned))


def _stored_integer(column: ColumnMap, *, signed: bool) -> Codec:
    value = f"int.from_bytes(v, 'little', signed={signed})" if column.type == INT24 else "v"
    return Codec(value, f"str({value})")


def bigint_unsigned(modes: Modes) -> Forms:
    """Return BIGINT UNSIGNED: INT64, which wraps as in Debezium, or a Decimal."""
    if modes.bigint_unsigned == "precise":
        scope = {"rel_unscaled_json": unscaled_json, "Decimal": Decimal}
        schema = logical.decimal(0, 20)
        placeholder = Decimal(int.from_bytes(modes.placeholder, "big", signed=True))
        text = Codec("Decimal(v)", "rel_unscaled_json(int(v))", scope)
        found = ColumnType(schema, text, Decimal(0), placeholder)
        return forms(found, Codec("Decimal(v)", "rel_unscaled_json(v)", scope))
    scope = {"mysql_wrapped": wrapped}
    found = ColumnType(
        connect.INT64, Codec("mysql_wrapped(int(v))", "str(mysql_wrapped(int(v)))", scope), 0, 0
    )
    return forms(found, Codec("mysql_wrapped(v)", "str(mysql_wrapped(v))", scope))


def wrapped(number: int) -> int:
    """Return the 64 bits of a number as a signed one."""
    return number if number < 2**63 else number - 2**64


def boolean() -> Forms:
    """Return BOOLEAN, as a streamed statement writes it: the server stores TINYINT(1)."""
    text = Codec("v != '0'", "'false' if v == '0' else 'true'")
    found = ColumnType(connect.BOOLEAN, text, False, False)
    return forms(found, Codec("v != 0", "'true' if v else 'false'"))


def bits(length: int, modes: Modes) -> Forms:
    """Return BIT: a boolean, or all octets of the length, little-endian."""
    if length == 1:
        text = Codec("v == '\\x01'", "'true' if v == '\\x01' else 'false'")
        found = ColumnType(connect.BOOLEAN, text, False, False)
        return forms(found, Codec("v == b'\\x01'", "'true' if v == b'\\x01' else 'false'"))
    text = octets_codec("v.encode('latin-1')[::-1]", {})
    found = ColumnType(logical.bits(length), text, b"", modes.placeholder)
    return forms(found, octets_codec("v[::-1]", {}))


def year() -> Forms:
    """Return YEAR; 0 is a year of its own."""
    found = ColumnType(logical.semantic(Type.INT32, logical.YEAR), Codec("int(v)", "str(int(v))"), 0, 0)
    return forms(found, Codec("v and v + 1900", "str(v and v + 1900)"))


# -- floats ---------------------------------------------------------------------------------------


def single_json(value: float) -> str:
    """Return the JSON of a float: the fewest digits that tell it from its neighbours, as Java prints it."""
    if value == (whole := int(value)) and -10_000_000 < whole < 10_000_000 and (whole or str(value) == "0.0"):
        return f"{whole}.0"
    if (size := abs(value)) > _TINY:
        octets = _FLOAT.pack(value)
        for form in ("%.6g", "%.7g", "%.8g", "%.9g"):
            found = float(form % value)
            if abs(found) < 3.4028236e38 and _FLOAT.pack(found) == octets:
                return orjson.dumps(found).decode() if 0.001 <= size < 1e7 else java_json(found)
    return float_text(value)


def rounded(value: float) -> float:
    """Return the value of the nearest float."""
    nearest: float = _FLOAT.unpack(_FLOAT.pack(value))[0]
    return nearest


_SINGLE = {"mysql_single_json": single_json}
_JAVA = {"rel_java_json": java_json, "mysql_rounded": rounded, "mysql_dumps": orjson.dumps}


# There everybody prints a double alike, and orjson the fastest.
_PLAIN_DOUBLE = "mysql_dumps(v).decode() if 0.001 <= v < 1e7 or -1e7 < v <= -0.001 else rel_java_json(v)"


def single() -> Forms:
    """Return FLOAT; its text has all digits only where the query asks for a double (`select_expression`)."""
    found = ColumnType(connect.FLOAT32, Codec("float(v)", "mysql_single_json(float(v))", _SINGLE), 0.0, 0.0)
    return forms(found, Codec("v", "mysql_single_json(v)", _SINGLE))


def scaled_single() -> Forms:
    """Return FLOAT(M,D), which Debezium has as a double."""
    value = "mysql_rounded(float(v))"
    found = ColumnType(connect.FLOAT64, Codec(value, f"rel_java_json({value})", _JAVA), 0.0, 0.0)
    return forms(found, Codec("v", _PLAIN_DOUBLE, _JAVA))


def double(*, fixed: bool) -> Forms:
    """Return DOUBLE; fixed: its text has fraction digits or leading zeros that say nothing."""
    text = Codec("float(v)", "rel_java_json(float(v))", _JAVA) if fixed else DOUBLE_TEXT
    return forms(ColumnType(connect.FLOAT64, text, 0.0, 0.0), Codec("v", _PLAIN_DOUBLE, _JAVA))


# -- decimals -------------------------------------------------------------------------------------

_NUMBER = "int(v.replace('.', ''))"
_TEXTS: dict[DecimalMode, Codec] = {
    "precise": Codec(
        "Decimal(v)",
        f"rel_unscaled_json({_NUMBER})",
        {"Decimal": Decimal, "rel_unscaled_json": unscaled_json},
    ),
    "double": Codec("float(v)", "rel_java_json(float(v))", {"rel_java_json": java_json}),
    "string": Codec("v", "'\"' + v + '\"'"),
}
_FILLED = {
    **_TEXTS,
    "string": Codec("format(Decimal(v), 'f')", "'\"' + format(Decimal(v), 'f') + '\"'", {"Decimal": Decimal}),
}


def decimal(precision: int, scale: int, modes: Modes, *, zerofill: bool) -> Forms:
    """Return DECIMAL by `decimal.handling.mode`."""
    found = decimals.decimal(scale, precision, _FILLED if zerofill else _TEXTS, modes)

    def stored(column: ColumnMap) -> Codec:
        # A table may have been altered to another scale: the one of the table map counts.
        extent = divmod(column.metadata, 256) if column.type == NEWDECIMAL else (precision, scale)
        return _stored_decimal(extent[0], extent[1], modes.decimal)

    return forms_by(found, stored)


def _stored_decimal(precision: int, scale: int, mode: DecimalMode) -> Codec:
    number, read = interned("mysql_unscaled", (precision, scale), lambda: unscaled_reader(precision, scale))
    scope: dict[str, Any] = {number: read, "rel_unscaled_json": unscaled_json, "rel_java_json": java_json}
    exact, make = interned("mysql_decimal", (precision, scale), lambda: _exact(read, scale))
    scope[exact] = make
    if mode == "precise":
        return Codec(f"{exact}(v)", f"rel_unscaled_json({number}(v))", scope)
    if mode == "double":
        return Codec(f"float({exact}(v))", f"rel_java_json(float({exact}(v)))", scope)
    return Codec(f"format({exact}(v), 'f')", f"'\"' + format({exact}(v), 'f') + '\"'", scope)


def _exact(read: Callable[[bytes], int], scale: int) -> Callable[[bytes], Decimal]:
    return lambda v: Decimal(read(v)).scaleb(-scale, EXACT)


def unscaled_reader(precision: int, scale: int) -> Callable[[bytes], int]:
    """Return the function from a DECIMAL's octets to its unscaled value.

    Groups of nine digits are four octets, what is left over before and behind the point is as short as it
    can be; the first bit is inverted, and all of them are where the number is negative.
    """
    whole = precision - scale
    groups = [whole % 9] * (whole % 9 > 0) + [9] * (whole // 9 + scale // 9) + [scale % 9] * (scale % 9 > 0)
    codes = "".join(_GROUP[digits] for digits in groups)
    first = 1 << (8 * struct.calcsize(codes[:1]) - 1)
    code = f"""def read(v):
    {"".join(f"g{at}, " for at in range(len(codes)))}= parts(v)
    if g0 & {first}:
        return {_joined(groups, [first, *[0] * len(codes)])}
    return -({_joined(groups, [first - 1, *[_ONES[code] for code in codes[1:]]])})"""
    read: Callable[[bytes], int] = defined(code, {"parts": struct.Struct(f">{codes}").unpack})["read"]
    return read


_GROUP = ("B", "B", "B", "H", "H", "BH", "BH", "I", "I", "I")
"""The octets of a group, by its digits."""
_ONES = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}


def _joined(groups: Sequence[int], inverted: Sequence[int]) -> str:
    """Return the expression of the number in `g0`, `g1` …; inverted: the bits of each that are."""
    value, at = "", 0
    for digits in groups:
        parts = [
            f"(g{at + n} ^ {bits})" if (bits := inverted[at + n]) else f"g{at + n}"
            for n in range(len(_GROUP[digits]))
        ]
        at += len(parts)
        group = parts[0] if len(parts) == 1 else f"({parts[0]} << 16 | {parts[1]})"
        value = f"({value}) * {10**digits} + {group}" if value else group
    return value
