"""What `JdbcSinkDataTypesConverter` makes of columns; None for a type that has no such value.

Decimals are wanted in their `precise` form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cdc.relational.column_type import ColumnType
from cdc.relational.floats import java_json
from cdc.sources.mysql.types.forms import Forms
from cdc.sources.mysql.types.numbers import rounded, single_json
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.table import Codec

_NUMBERS = frozenset((Type.INT8, Type.INT16, Type.INT32, Type.INT64, Type.FLOAT32, Type.FLOAT64))
_TEXTS = (None, logical.ENUM, logical.ENUM_SET, logical.JSON)
_CHARSET = "__debezium.source.column.character_set"


def flag(found: Forms) -> Forms | None:
    """Return INT16: whether a number is above zero, 1 or 0."""
    if not _is_number(found) and found.text.schema.type is not Type.BOOLEAN:
        return None
    return _made(found, connect.INT16, 0, "int(int({value}) > 0)", "'01'[int({value}) > 0]", {})


def real(found: Forms, *, double: bool) -> Forms | None:
    """Return a number as FLOAT64 or, with fewer digits, as FLOAT32."""
    if not _is_number(found):
        return None
    if double:
        scope: dict[str, Any] = {"rel_java_json": java_json}
        value, text = "float({value})", "rel_java_json(float({value}))"
        return _made(found, connect.FLOAT64, 0.0, value, text, scope)
    scope = {"mysql_rounded": rounded, "mysql_single_json": single_json}
    value, text = "mysql_rounded(float({value}))", "mysql_single_json(mysql_rounded(float({value})))"
    return _made(found, connect.FLOAT32, 0.0, value, text, scope)


def string(found: Forms, charset: str | None) -> Forms | None:
    """Return STRING with the character set as a parameter; numbers as Java prints them."""
    schema = connect.STRING.with_parameters({_CHARSET: charset} if charset else {})
    if found.text.schema.type is Type.STRING and found.text.schema.name in _TEXTS:
        return Forms(
            replace(found.text, schema=schema),
            lambda mapped: replace(found.binlog(mapped), schema=schema),
        )
    if not _is_number(found):
        return None
    text = "format({value}, 'f')" if found.text.schema.name == logical.DECIMAL else "{json}"
    return _made(found, schema, "", text, f"'\"' + {text} + '\"'", {})


def _is_number(found: Forms) -> bool:
    schema = found.text.schema
    return schema.name == logical.DECIMAL or (schema.name is None and schema.type in _NUMBERS)


def _made(
    found: Forms, schema: Schema, fallback: Any, value: str, json: str, scope: Mapping[str, Any]
) -> Forms:
    """Return other forms, as expressions over those of the value, and of the JSON, that were found."""

    def made(one: ColumnType) -> ColumnType:
        assert one.codec.json is not None
        inner = {"value": f"({one.codec.value})", "json": f"({one.codec.json})"}
        codec = Codec(value.format(**inner), json.format(**inner), {**one.codec.scope, **scope})
        return ColumnType(schema, codec, fallback, fallback)

    return Forms(made(found.text), lambda mapped: made(found.binlog(mapped)))
