"""Cells: bound columns as the text of COPY, as SQL literals, or as driver values.

Everything here works on whole columns, because a call a value costs more than the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from sinks.jdbc.binding import Binding

Column = Sequence[Any]
Render = Callable[[Column], Column]

COPY_NULL = "\\N"
_SQL_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z"})
_COPY_UNESCAPE = re.compile(r"\\(.)")
_COPY_PLAIN = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def bound(binding: Binding, values: Column) -> Column:
    """Return the column with the binding's function applied to what is not None."""
    convert = binding.convert
    if convert is None:
        return values
    if has_null(values):
        return [None if value is None else convert(value) for value in values]
    return list(map(convert, values))


def has_null(values: Column) -> bool:
    """Whether there is a None; `in` would compare each value with it, which decimals are slow at."""
    return type(None) in map(type, values)


def copy_render(form: str) -> Render:
    """Return how a column of this form becomes cells of COPY's text format."""
    return _COPY[form]


def copy_cells(line: str) -> list[str | None]:
    """Return the values of a COPY line again, as text."""
    return [_copy_value(cell) for cell in line.split("\t")]


def _copy_value(cell: str) -> str | None:
    if cell == COPY_NULL:
        return None
    return _COPY_UNESCAPE.sub(lambda match: _COPY_PLAIN[match[1]], cell) if "\\" in cell else cell


def _nullable(convert: Callable[[Any], str], null: str, plain: Callable[[Any], str] | None = None) -> Render:
    """Return a renderer of columns that may have NULLs.

    plain: does the same for the form's own type and raises TypeError for others, so that nobody has to
    look for NULLs first.
    """

    def render(values: Column) -> Column:
        if plain is not None:
            try:
                return list(map(plain, values))
            except TypeError:
                pass
        elif not has_null(values):
            return list(map(convert, values))
        return [null if value is None else convert(value) for value in values]

    return render


def _copy_numbers(plain: Render) -> Render:
    """Return a renderer of numbers, all at once; of what JSON has no number for, as `plain` does."""

    def render(values: Column) -> Column:
        try:
            text = orjson.dumps(values).decode()[1:-1]
        except (TypeError, ValueError):
            return plain(values)
        if "null" in text and text.count("null") == values.count(None):  # else there are NaNs
            text = text.replace("null", COPY_NULL)
        return plain(values) if not text or text.strip("0123456789.,+-e\\N") else text.split(",")

    return render


def _lookup(words: Mapping[Any, str]) -> Render:
    return lambda values: list(map(words.__getitem__, values))


def _copy_text(values: Column) -> Column:
    present, nulls = values, False
    try:
        blob = "\0".join(values)
    except TypeError:
        present, nulls = [value for value in values if value is not None], True
        blob = "\0".join(present)
    if "\\" in blob or "\t" in blob or "\n" in blob or "\r" in blob:
        escaped = _copy_escaped(blob).split("\0")
        if len(escaped) != len(present):  # there are NULs, which the database will refuse
            escaped = list(map(_copy_escaped, present))
        following = iter(escaped)
        return [COPY_NULL if value is None else next(following) for value in values] if nulls else escaped
    return [COPY_NULL if value is None else value for value in values] if nulls else values


def _copy_escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\t", "\\t")
    return text.replace("\n", "\\n").replace("\r", "\\r")


def _sql_text(value: str) -> str:
    return f"'{value.translate(_SQL_ESCAPES)}'"


def _sql_float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no representation in this database")
    return repr(value)


_COPY: Mapping[str, Render] = {
    "int": _copy_numbers(_nullable(str, COPY_NULL, int.__repr__)),
    "float": _copy_numbers(_nullable(repr, COPY_NULL, float.__repr__)),
    "bool": _lookup({True: "t", False: "f", None: COPY_NULL}),
    "text": _copy_text,
    "bytes": _nullable(lambda value: "\\\\x" + value.hex(), COPY_NULL),
}
SQL_LITERALS: Mapping[str, Render] = {
    "int": _nullable(str, "NULL", int.__repr__),
    "float": _nullable(_sql_float, "NULL"),
    "bool": _lookup({True: "1", False: "0", None: "NULL"}),
    "text": _nullable(_sql_text, "NULL"),
    "bytes": _nullable(lambda value: f"x'{value.hex()}'", "NULL"),
}
"""Literals for a session without NO_BACKSLASH_ESCAPES whose character set is utf8mb4."""
