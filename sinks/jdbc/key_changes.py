"""Changed keys: what the headers of a delete and of the insert that follows it tell about each other.

Debezium tells a changed key as a delete under the old key, with the new one in a header, its tombstone, and
an insert under the new key, with the old one in a header. The insert need not have all values: unchanged
ones that the log does not carry (TOAST) are in the row of the old key only, so the row is moved.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cdc.batch import Header
from schemas import logical
from schemas.connect import Schema, Type

OLD_KEY, NEW_KEY = "__debezium.oldkey", "__debezium.newkey"
Keys = dict[int, Mapping[str, Any]]
"""Keys by row."""


def told(headers: Sequence[Sequence[Header]]) -> bool:
    """Whether any record tells of a changed key; a glance where all share their headers."""
    different = {id(one): one for one in headers}.values()
    return any(name in (OLD_KEY, NEW_KEY) for one in different for name, _schema, _value in one)


def old_keys(headers: Sequence[Sequence[Header]], ops: Sequence[str], schema: Schema | None) -> Keys:
    """Return the keys that rows had before they were changed."""
    found = ((i, _key(headers[i], OLD_KEY, schema)) for i, op in enumerate(ops) if op != "d")
    return {i: key for i, key in found if key is not None}


def new_keys(headers: Sequence[Sequence[Header]], ops: Sequence[str], schema: Schema | None) -> Keys:
    """Return the keys that the rows of the last deletes get, by an insert that has yet to come.

    Deletes that something else follows have had their insert, or it is in another partition.
    """
    keys: Keys = {}
    for i in range(len(ops) - 1, -1, -1):
        key = _key(headers[i], NEW_KEY, schema) if ops[i] == "d" else None
        if key is None:
            break
        keys[i] = key
    return keys


def _key(headers: Sequence[Header], name: str, schema: Schema | None) -> Mapping[str, Any] | None:
    for found, _schema, value in headers:
        if found == name:
            return _struct(value, schema)
    return None


def _struct(value: Any, schema: Schema | None) -> Mapping[str, Any] | None:
    """Return a key as the record has its own; None for what is not one."""
    try:
        key = json.loads(value, parse_float=Decimal) if isinstance(value, (str, bytes)) else value
        if not isinstance(key, Mapping) or schema is None:
            return key if isinstance(key, Mapping) else None
        return {name: _value(part, schema.field(name)) for name, part in key.items()}
    except (ValueError, ArithmeticError):
        return None


def _value(value: Any, schema: Schema | None) -> Any:
    """Return what the text of a header, as SimpleHeaderConverter writes it, was made of."""
    if schema is None or value is None:
        return value
    if schema.name == logical.DECIMAL and isinstance(value, (int, str)):
        return Decimal(value)
    if schema.type is Type.BYTES and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if schema.type in (Type.FLOAT32, Type.FLOAT64):
        return float(value)
    return value
