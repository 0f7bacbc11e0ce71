"""Arrays: PostgreSQL's text form, nested ones flattened, as Debezium has them."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from cdc.relational.column_type import ColumnType, function, interned
from cdc.sources.postgres.types.modes import Modes
from schemas import connect, logical
from schemas.connect import Type
from schemas.table import Codec

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def _tokens(delimiter: str) -> re.Pattern[str]:
    separator = re.escape(delimiter)
    return re.compile(r'"((?:[^"\\]|\\.)*)"|([^"{}' + separator + "]+)", re.DOTALL)


def reader(delimiter: str = ",") -> Callable[[str], list[str | None]]:
    """Return the function from an array's text to the texts of its elements, in storage order.

    A bare NULL is None; bounds (`[0:1]={…}`) and dimensions are not kept.
    """
    token = _tokens(delimiter)

    def elements(v: str) -> Iterator[str | None]:
        for quoted, bare in token.findall(v):
            if bare:
                yield None if bare == "NULL" else bare
            else:
                yield _ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted

    def read(v: str) -> list[str | None]:
        if v[0] == "[":
            v = v[v.index("=") + 1 :]
        if '"' not in v and v.find("{", 1) < 0:
            if len(v) == 2:
                return []
            return [None if one == "NULL" else one for one in v[1:-1].split(delimiter)]
        return list(elements(v))

    return read


def _values(read: Callable[[str], list[str | None]], codec: Codec) -> Callable[[str], list[Any]]:
    value = function(codec.value, codec.scope)
    return lambda v: [None if one is None else value(one) for one in read(v)]


def _json(read: Callable[[str], list[str | None]], codec: Codec) -> Callable[[str], str]:
    assert codec.json is not None
    text = function(codec.json, codec.scope)
    return lambda v: "[" + ",".join(["null" if one is None else text(one) for one in read(v)]) + "]"


def array(item: ColumnType, delimiter: str, modes: Modes) -> ColumnType:
    """Return the array of a type; its elements are optional."""
    key = (item.codec.value, item.codec.json, delimiter)
    read = reader(delimiter)
    value, values = interned("array", key, lambda: _values(read, item.codec))
    json, texts = interned("array_json", key, lambda: _json(read, item.codec))
    codec = Codec(f"{value}(v)", f"{json}(v)", {value: values, json: texts})
    schema = connect.array(item.schema.as_optional())
    unavailable = _unavailable(item, modes)
    return ColumnType(
        schema,
        codec,
        [],
        unavailable,
        character=item.character,
        items=item,
        of=lambda other: array(other, delimiter, modes),
    )


def _unavailable(item: ColumnType, modes: Modes) -> list[Any]:
    """Return what stands for an array: numbers are the placeholder's octets, a UUID is made of them.

    So far Debezium; it loses arrays of floats and booleans, which are octets and bits here.
    """
    kind = item.schema.type
    if item.schema.name == logical.UUID:
        digest = hashlib.md5(modes.placeholder, usedforsecurity=False).digest()
        return [str(uuid.UUID(bytes=digest, version=3))]
    if kind in (Type.INT16, Type.INT32, Type.INT64):
        return modes.placeholder_octets
    if kind in (Type.FLOAT32, Type.FLOAT64):
        return [float(octet) for octet in modes.placeholder_octets]
    if kind is Type.BOOLEAN:
        return [bool(octet >> bit & 1) for octet in modes.placeholder for bit in range(8)]
    return [item.unavailable]
