"""Integers, floats, numeric and money."""

from __future__ import annotations

import math
from binascii import b2a_base64
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from cdc.relational.binary import base64_json
from cdc.relational.column_type import ColumnType, interned
from cdc.sources.postgres.types.modes import Modes
from schemas import connect, logical
from schemas.connect import Schema
from schemas.java_text import double_text, float_text
from schemas.table import Codec

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)

INFINITE_SCALE = -(2**31)
"""The scale of VariableScaleDecimal that stands for infinity: 1E+2147483648 is beyond any numeric."""

_TINY = 1e-37
_STRING_SPECIALS = {"NaN": "NAN", "Infinity": "POSITIVE_INFINITY", "-Infinity": "NEGATIVE_INFINITY"}


def unscaled_bytes(unscaled: int) -> bytes:
    """Return the shortest two's complement, big-endian: java.math.BigInteger.toByteArray."""
    length = ((unscaled if unscaled >= 0 else ~unscaled).bit_length() >> 3) + 1
    return unscaled.to_bytes(length, "big", signed=True)


# -- integers, floats and booleans ----------------------------------------------------------------


def integer(schema: Schema, modes: Modes) -> ColumnType:
    """Return smallint, integer, bigint or oid: the wire text is the JSON text."""
    return ColumnType(schema, Codec("int(v)", "v"), 0, 0)


def boolean(modes: Modes) -> ColumnType:
    """Return boolean."""
    codec = Codec("v == 't'", "'true' if v == 't' else 'false'")
    return ColumnType(connect.BOOLEAN, codec, False, False)


def java_json(value: float) -> str:
    """Write a double as JsonConverter does; what JSON has no number for is quoted."""
    text = double_text(value)
    return f'"{text}"' if text[-1] > "9" else text


def double_json(v: str) -> str:
    """Return the JSON of a float8 text."""
    if len(v) < 8 and v.isdigit():
        return v + ".0"
    return java_json(float(v))


def single_json(v: str) -> str:
    """Return the JSON of a float4 text: PostgreSQL prints the shortest digits, as Java does."""
    if len(v) < 8 and v.isdigit():
        return v + ".0"
    value = float(v)
    return float_text(value) if 0 < abs(value) < _TINY else java_json(value)


# The shortest text, in plain notation, from 0.001 up to 10 million is what Java prints, too.
_PLAIN = "v if 0 < v.find('.') < 8 and 'e' not in v and '0.00' not in v else {}(v)"


_DOUBLE = {"pg_double_json": double_json}


def double(modes: Modes) -> ColumnType:
    """Return double precision."""
    codec = Codec("float(v)", _PLAIN.format("pg_double_json"), _DOUBLE)
    return ColumnType(connect.FLOAT64, codec, 0.0, 0.0)


def single(modes: Modes) -> ColumnType:
    """Return real; values are the doubles nearest to the shortest text."""
    codec = Codec("float(v)", _PLAIN.format("pg_single_json"), {"pg_single_json": single_json})
    return ColumnType(connect.FLOAT32, codec, 0.0, 0.0)


# -- numeric --------------------------------------------------------------------------------------


def _unscaled(v: str) -> int:
    """Return the digits as an integer; Python's own conversion stops at 4300 digits."""
    digits = v.replace(".", "")
    return int(digits) if len(digits) < 4000 else int(Decimal(digits))


def decimal_json(v: str) -> str:
    """Return the base64 of a numeric's unscaled value; NaN is empty bytes."""
    try:
        n = int(v.replace(".", ""))
    except ValueError:
        if v == "NaN":
            return '""'
        n = _unscaled(v)
    length = ((n if n >= 0 else ~n).bit_length() >> 3) + 1
    return f'"{b2a_base64(n.to_bytes(length, "big", signed=True), newline=False).decode("ascii")}"'


def decimal_value(v: str) -> Decimal:
    """Return a numeric, exact."""
    return Decimal(v)


def _variable(v: str) -> tuple[int, bytes]:
    """Return scale and unscaled value; Debezium strips trailing zeros of the fraction."""
    if v[-1] > "9":
        if v == "NaN":
            return 0, b""
        return INFINITE_SCALE, unscaled_bytes(-1 if v[0] == "-" else 1)
    whole, point, fraction = v.partition(".")
    if point:
        fraction = fraction.rstrip("0")
    return len(fraction), unscaled_bytes(_unscaled(whole + fraction))


def variable_value(v: str) -> dict[str, Any]:
    """Return the VariableScaleDecimal of a numeric text."""
    scale, unscaled = _variable(v)
    return {"scale": scale, "value": unscaled}


def variable_json(v: str) -> str:
    """Return the JSON of `variable_value`."""
    scale, unscaled = _variable(v)
    return f'{{"scale":{scale},"value":{base64_json(unscaled)}}}'


def numeric(typmod: int, modes: Modes) -> ColumnType:
    """Return numeric by `decimal.handling.mode`; typmod -1 is one without precision and scale."""
    if modes.decimal == "string":
        scope = {"pg_special": _STRING_SPECIALS}
        codec = Codec(
            "v if v[-1] <= '9' else pg_special[v]",
            "f'\"{v}\"' if v[-1] <= '9' else f'\"{pg_special[v]}\"'",
            scope,
        )
        return ColumnType(connect.STRING, codec, _zero(typmod), modes.placeholder_text)
    if modes.decimal == "double":
        # Fifteen digits are told apart by a double, so they are its shortest text, but for zeros.
        short = "len(v) < 17 and v[-1] != '0' and "
        codec = Codec("float(v)", _PLAIN.format("pg_double_json").replace("if ", f"if {short}"), _DOUBLE)
        return ColumnType(connect.FLOAT64, codec, 0.0, math.nan)
    if typmod < 0:
        schema = logical.variable_scale_decimal()
        codec = Codec(
            "pg_variable(v)",
            "pg_variable_json(v)",
            {"pg_variable": variable_value, "pg_variable_json": variable_json},
        )
        unavailable = {"scale": 0, "value": modes.placeholder}
        return ColumnType(schema, codec, {"scale": 0, "value": b"\0"}, unavailable)
    precision, scale = precision_and_scale(typmod)
    return _decimal(logical.decimal(max(scale, 0), precision - min(scale, 0)), modes)


def precision_and_scale(typmod: int) -> tuple[int, int]:
    """Return what a numeric's typmod says; the scale may be negative."""
    packed = typmod - 4
    return packed >> 16 & 0xFFFF, (packed & 0x7FF ^ 1024) - 1024


def _zero(typmod: int) -> str:
    scale = max(precision_and_scale(typmod)[1], 0) if typmod >= 0 else 0
    return f"{0:.{scale}f}"


def _decimal(schema: Schema, modes: Modes) -> ColumnType:
    codec = Codec(
        "pg_decimal(v)", "pg_decimal_json(v)", {"pg_decimal": decimal_value, "pg_decimal_json": decimal_json}
    )
    scale = int(schema.parameter("scale") or 0)
    return ColumnType(schema, codec, *_edges(scale, modes))


def _edges(scale: int, modes: Modes) -> tuple[Decimal, Decimal]:
    """Return zero at this scale, and the decimal whose unscaled bytes are the placeholder."""
    unavailable = Decimal(int.from_bytes(modes.placeholder, "big", signed=True))
    return Decimal(0).scaleb(-scale, EXACT), unavailable.scaleb(-scale, EXACT)


# -- money ----------------------------------------------------------------------------------------


def _money(money_scale: int, digits: int) -> Any:
    one = Decimal(1).scaleb(-digits)

    def amount(v: str) -> Decimal:
        units = int(v.replace("$", "").replace(",", "").replace(".", ""))
        return Decimal(units).scaleb(-money_scale, EXACT).quantize(one, ROUND_HALF_UP, EXACT)

    return amount


def money(modes: Modes) -> ColumnType:
    """Return money by `decimal.handling.mode`; the session has `lc_monetary=C`: `-$1,234.11`."""
    digits = modes.money_fraction_digits
    amount, read = interned("money", (modes.money_scale, digits), lambda: _money(modes.money_scale, digits))
    scope = {amount: read}
    if modes.decimal == "string":
        codec = Codec(f"str({amount}(v))", f"f'\"{{{amount}(v)}}\"'", scope)
        return ColumnType(connect.STRING, codec, f"{0:.{digits}f}", modes.placeholder_text)
    if modes.decimal == "double":
        scope["pg_java_json"] = java_json
        codec = Codec(f"float({amount}(v))", f"pg_java_json(float({amount}(v)))", scope)
        return ColumnType(connect.FLOAT64, codec, 0.0, 0.0)
    scope["pg_decimal_json"] = decimal_json
    codec = Codec(f"{amount}(v)", f"pg_decimal_json(format({amount}(v), 'f'))", scope)
    return ColumnType(logical.decimal(digits), codec, *_edges(digits, modes))
