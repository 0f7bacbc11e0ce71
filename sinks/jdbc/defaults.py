"""Defaults: what a column that is added holds in the rows that are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.connect import Schema
from sinks.jdbc.binding import Dialect
from sinks.jdbc.cells import SQL_LITERALS
from sinks.jdbc.types import column_type
from sinks.jdbc.values import bind


def default_clause(schema: Schema, declared: str, dialect: Dialect) -> str:
    """Return the DEFAULT of a column declared as this type; empty where the schema has none.

    The source filled its rows with it when the column was added there, and told no change of them.
    """
    if schema.default is None:
        return ""
    binding = bind(schema, column_type(declared), dialect)
    value = schema.default if binding.convert is None else binding.convert(schema.default)
    return f" DEFAULT {_LITERALS[dialect.name](binding.form, value)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _postgres(form: str, value: Any) -> str:
    """Everything as text: the column's type reads it."""
    return _quoted("\\x" + value.hex() if form == "bytes" else str(value))


def _mysql(form: str, value: Any) -> str:
    # A default of a text or blob has to be an expression.
    return f"({SQL_LITERALS[form]([value])[0]})"


def _sqlite(form: str, value: Any) -> str:
    return _quoted(value) if form == "text" else str(SQL_LITERALS[form]([value])[0])


_LITERALS: Mapping[str, Callable[[str, Any], str]] = {
    "postgresql": _postgres,
    "mysql": _mysql,
    "mariadb": _mysql,
    "sqlite": _sqlite,
}
