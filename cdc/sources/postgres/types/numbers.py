"""Integers, floats, numeric and money."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from cdc.relational.binary import base64_json
from cdc.relational.column_type import ColumnType, interned
from cdc.relational.decimals import EXACT, decimal, unscaled, unscaled_bytes, unscaled_json
from cdc.relational.floats import DECIMAL_DOUBLE_TEXT, DOUBLE_TEXT, SINGLE_TEXT, java_json
from cdc.relational.modes import DecimalMode
from cdc.sources.postgres.types.modes import Modes
from schemas import connect, logical
from schemas.connect import Schema
from schemas.table import Codec

INFINITE_SCALE = -(2**31)
"""The scale of VariableScaleDecimal that stands for infinity: 1E+2147483648 is beyond any numeric."""

_STRING_SPECIALS = {"NaN": "NAN", "Infinity": "POSITIVE_INFINITY", "-Infinity": "NEGATIVE_INFINITY"}


# -- integers, floats and booleans ----------------------------------------------------------------


def integer(schema: Schema, modes: Modes) -> ColumnType:
    """Return smallint, integer, bigint or oid: the wire text is the JSON text."""
    return ColumnType(schema, Codec("int(v)", "v"), 0, 0)


def boolean(modes: Modes) -> ColumnType:
    """Return boolean."""
    codec = Codec("v == 't'", "'true' if v == 't' else 'false'")
    return ColumnType(connect.BOOLEAN, codec, False, False)


def double(modes: Modes) -> ColumnType:
    """Return double precision."""
    return ColumnType(connect.FLOAT64, DOUBLE_TEXT, 0.0, 0.0)


def single(modes: Modes) -> ColumnType:
    """Return real; values are the doubles nearest to the shortest text."""
    return ColumnType(connect.FLOAT32, SINGLE_TEXT, 0.0, 0.0)


# -- numeric --------------------------------------------------------------------------------------


def decimal_json(v: str) -> str:
    """Return the base64 of a numeric's unscaled value; NaN is empty bytes."""
    return '""' if v == "NaN" else unscaled_json(unscaled(v))


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
    return len(fraction), unscaled_bytes(unscaled(whole + fraction))


def variable_value(v: str) -> dict[str, Any]:
    """Return the VariableScaleDecimal of a numeric text."""
    scale, value = _variable(v)
    return {"scale": scale, "value": value}


def variable_json(v: str) -> str:
    """Return the JSON of `variable_value`."""
    scale, value = _variable(v)
    return f'{{"scale":{scale},"value":{base64_json(value)}}}'


_NUMERIC: dict[DecimalMode, Codec] = {
    "precise": Codec(
        "pg_decimal(v)",
        "rel_unscaled_json(int(v.replace('.', ''))) if v[-1] <= '9' and len(v) < 4000"
        " else pg_decimal_json(v)",
        {"pg_decimal": decimal_value, "pg_decimal_json": decimal_json, "rel_unscaled_json": unscaled_json},
    ),
    "double": DECIMAL_DOUBLE_TEXT,
    "string": Codec(
        "v if v[-1] <= '9' else pg_special[v]",
        "f'\"{v}\"' if v[-1] <= '9' else f'\"{pg_special[v]}\"'",
        {"pg_special": _STRING_SPECIALS},
    ),
}
_VARIABLE = Codec(
    "pg_variable(v)",
    "pg_variable_json(v)",
    {"pg_variable": variable_value, "pg_variable_json": variable_json},
)


def numeric(typmod: int, modes: Modes) -> ColumnType:
    """Return numeric by `decimal.handling.mode`; typmod -1 is one without precision and scale."""
    if typmod < 0 and modes.decimal == "precise":
        schema = logical.variable_scale_decimal()
        unavailable = {"scale": 0, "value": modes.placeholder}
        return ColumnType(schema, _VARIABLE, {"scale": 0, "value": b"\0"}, unavailable)
    precision, scale = precision_and_scale(typmod) if typmod >= 0 else (0, 0)
    return decimal(max(scale, 0), precision - min(scale, 0), _NUMERIC, modes)


def precision_and_scale(typmod: int) -> tuple[int, int]:
    """Return what a numeric's typmod says; the scale may be negative."""
    packed = typmod - 4
    return packed >> 16 & 0xFFFF, (packed & 0x7FF ^ 1024) - 1024


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
    codecs: dict[DecimalMode, Codec] = {
        "precise": Codec(
            f"{amount}(v)",
            f"pg_decimal_json(format({amount}(v), 'f'))",
            {amount: read, "pg_decimal_json": decimal_json},
        ),
        "double": Codec(
            f"float({amount}(v))",
            f"rel_java_json(float({amount}(v)))",
            {amount: read, "rel_java_json": java_json},
        ),
        "string": Codec(f"str({amount}(v))", f"f'\"{{{amount}(v)}}\"'", {amount: read}),
    }
    return decimal(digits, None, codecs, modes)
