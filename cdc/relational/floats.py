"""Floating point numbers, as Java prints them."""

from __future__ import annotations

from schemas.java_text import double_text, float_text
from schemas.table import Codec

_TINY = 1e-37


def java_json(value: float) -> str:
    """Write a double as JsonConverter does; what JSON has no number for is quoted."""
    text = double_text(value)
    return f'"{text}"' if text[-1] > "9" else text


def double_json(v: str) -> str:
    """Return the JSON of a double's text."""
    if len(v) < 8 and v.isdigit():
        return v + ".0"
    return java_json(float(v))


def single_json(v: str) -> str:
    """Return the JSON of a float's text, which has the shortest digits, as Java's has."""
    if len(v) < 8 and v.isdigit():
        return v + ".0"
    value = float(v)
    return float_text(value) if 0 < abs(value) < _TINY else java_json(value)


# The shortest text, in plain notation, from 0.001 up to 10 million is what Java prints, too.
_PLAIN = "v if {}0 < v.find('.') < 8 and 'e' not in v and '0.00' not in v else {}(v)"
_DOUBLE = {"rel_double_json": double_json}

DOUBLE_TEXT = Codec("float(v)", _PLAIN.format("", "rel_double_json"), _DOUBLE)
"""A double whose wire form is its shortest text."""

SINGLE_TEXT = Codec("float(v)", _PLAIN.format("", "rel_single_json"), {"rel_single_json": single_json})
"""A float whose wire form is its shortest text; values are the doubles nearest to it."""

# Fifteen digits are told apart by a double, so they are its shortest text, but for zeros.
_SHORT = "len(v) < 17 and v[-1] != '0' and "
DECIMAL_DOUBLE_TEXT = Codec("float(v)", _PLAIN.format(_SHORT, "rel_double_json"), _DOUBLE)
"""A double whose wire form is the text of a decimal."""
