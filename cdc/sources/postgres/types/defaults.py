"""A column's default expression as the default of its Connect schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cdc.relational.column_type import ColumnType, function
from cdc.relational.decimals import EXACT
from cdc.sources.postgres.types import numbers
from cdc.sources.postgres.types.catalog import Kind, TypeInfo

_TEXTS = {"text", "varchar", "bpchar", "json", "jsonb", "xml"}
_NUMBERS = {"int2", "int4", "int8", "float4", "float8", "numeric"}
_MOMENTS = {"date", "time", "timestamp", "timestamptz", "interval", "uuid"}
_KNOWN = _TEXTS | _NUMBERS | _MOMENTS | {"bool", "bit", "varbit"}
"""Types whose defaults Debezium knows; others have none."""

_CAST = r"(?:::[a-z\"][\w\". ]*(?:\([\d, ]*\))?(?:\[\])*(?: with(?:out)? time zone)?)*"
_QUOTED = re.compile(rf"[BbE]?'((?:[^']|'')*)'{_CAST}", re.DOTALL)
_BARE = re.compile(rf"\(?(-?[\d.]+(?:e[+-]?\d+)?|true|false)\)?{_CAST}", re.IGNORECASE)
_CALL = re.compile(r"\(?[A-Za-z0-9_.]+\(.*\).*", re.DOTALL)
_CLOCKS = {"current_timestamp", "current_time", "current_date", "localtime", "localtimestamp"}
_ESCAPES = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

_OF_A_CALL: dict[str, str] = {
    "bool": "f",
    "bit": "0",
    "varbit": "0",
    "json": "{}",
    "jsonb": "{}",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "date": "1970-01-01",
    "time": "00:00:00",
    "timestamp": "1970-01-01 00:00:00",
    "timestamptz": "1970-01-01 00:00:00+00",
    "interval": "00:00:00",
}
"""The text that stands for what a function will return."""


def literal(expression: str) -> str | None:
    """Return the text of a literal expression of pg_get_expr, without its casts; None: no literal."""
    quoted = _QUOTED.fullmatch(expression)
    if quoted:
        text = quoted[1].replace("''", "'")
        if expression[0] == "E":
            return _ESCAPES.sub(lambda m: _ESCAPED.get(m[1], m[1]), text)
        return text
    bare = _BARE.fullmatch(expression)
    return bare[1] if bare else None


def schema_default(expression: str | None, info: TypeInfo, typmod: int, column_type: ColumnType) -> Any:
    """Return the Connect value of a default expression (pg_get_expr's text), or None without one.

    A literal is itself. A function call has the neutral value of its type (0, "", epoch…), as in
    Debezium, whose consumers see `nextval(…)` as 0. Any other expression has none.
    """
    name = info.name
    if expression is None or not (info.kind is Kind.ENUM or (info.builtin and name in _KNOWN)):
        return None
    text = literal(expression)
    if text is None:
        if not (_CALL.fullmatch(expression) or expression.lower() in _CLOCKS) or info.kind is Kind.ENUM:
            return None
        text = _OF_A_CALL.get(name, "0" if name in _NUMBERS else "")
    if name == "bool":
        text = text[:1].lower()
    try:
        return _read(text, name, typmod, column_type)
    except (ValueError, ArithmeticError):
        return None


def _read(text: str, name: str, typmod: int, column_type: ColumnType) -> Any:
    """Read a literal through the column's own codec, in the form that the wire would have."""
    if name == "numeric":
        if typmod < 0:
            # Debezium has no default for a struct (VariableScaleDecimal).
            return None if column_type.schema.fields else _of_wire(str(Decimal(text)), column_type)
        scale = max(numbers.precision_and_scale(typmod)[1], 0)
        rounded = Decimal(text).quantize(Decimal(1).scaleb(-scale), context=EXACT)
        return _of_wire(format(rounded, "f"), column_type)
    if name in ("timestamp", "timestamptz") and text.lstrip("-") == "infinity":
        return None
    wire = text.encode().decode("latin-1")
    return _of_wire(wire, column_type)


def _of_wire(wire: str, column_type: ColumnType) -> Any:
    value: Callable[[str], Any] = function(column_type.codec.value, column_type.codec.scope)
    return value(wire)
