"""The schema of a document, from the document alone: mongo-kafka's BsonDocumentToSchema."""

from __future__ import annotations

from typing import Final

from cdc.errors import UnsupportedValue
from cdc.sources.mongodb.elements import ARRAY, DOCUMENT, elements
from cdc.sources.mongodb.mongo_kafka.schema_values import DECIMAL, NULL
from schemas import connect, logical
from schemas.connect import OPTIONAL_STRING, Field, Schema, Type

_TOP: Final = "default"
"""The name of the whole document's schema."""

_ID: Final = "_id"

_NOTHING: Final = Schema(Type.STRING, optional=True)
"""What null is, and an array without elements: it gives way to any other schema. Told by identity."""

_TIME = logical.semantic(Type.INT64, logical.CONNECT_TIMESTAMP).as_optional()
_KINDS = {
    1: connect.FLOAT64.as_optional(),
    5: connect.BYTES.as_optional(),
    8: connect.BOOLEAN.as_optional(),
    9: _TIME,
    16: connect.INT32.as_optional(),
    17: _TIME,
    18: connect.OPTIONAL_INT64,
    NULL: _NOTHING,
}


def infer_schema(data: bytes) -> Schema:
    """Return the schema of a document: a struct with `_id` first, and the rest by name."""
    return _document(_TOP, data)


def _document(path: str, data: bytes) -> Schema:
    found = {e.name.decode(): (e.kind, data[e.value : e.stop]) for e in elements(data)}
    fields = [Field(_ID, _value(_ID, *found.pop(_ID)))] if _ID in found else []
    prefix = "" if path == _TOP else f"{path}_"
    names = sorted(found, key=_java_order)
    fields += [Field(name, _value(f"{prefix}{name}", *found[name])) for name in names]
    return Schema(Type.STRUCT, name=path, fields=tuple(fields))


def _value(path: str, kind: int, data: bytes) -> Schema:
    if kind == DOCUMENT:
        return _document(path, data).as_optional()
    if kind == ARRAY:
        return _array(path, data)
    if kind == DECIMAL:
        return logical.decimal(_scale(data)).as_optional()
    return _KINDS.get(kind, OPTIONAL_STRING)


def _array(path: str, data: bytes) -> Schema:
    combined = _NOTHING
    for element in elements(data):
        combined = _combined(combined, _value(path, element.kind, data[element.value : element.stop]))
        if combined is OPTIONAL_STRING:
            break
    return Schema(Type.ARRAY, optional=True, name=path, items=combined)


def _combined(first: Schema, second: Schema) -> Schema:
    """Return the schema that holds the values of two; text, where there is no other."""
    if first is _NOTHING:
        return second
    if second is _NOTHING:
        return first
    if first.type is not second.type:
        return OPTIONAL_STRING
    if first.type is Type.ARRAY:
        assert first.items is not None
        assert second.items is not None
        return Schema(Type.ARRAY, optional=True, name=first.name, items=_combined(first.items, second.items))
    if first.type is Type.STRUCT:
        return _merged(first, second)
    return first if first == second else OPTIONAL_STRING


def _merged(first: Schema, second: Schema) -> Schema:
    members = [{f.name: f.schema for f in one.fields} for one in (first, second)]
    names = sorted(members[0].keys() | members[1].keys(), key=lambda name: (name != _ID, _java_order(name)))
    fields = []
    for name in names:
        found = [one[name] for one in members if name in one]
        fields.append(Field(name, found[0] if len(found) == 1 else _combined(*found)))
    return Schema(Type.STRUCT, optional=True, name=first.name, fields=tuple(fields))


def _java_order(name: str) -> bytes:
    """Return what sorts as Java does: by UTF-16."""
    return name.encode("utf-16-be", "surrogatepass")


def _scale(data: bytes) -> int:
    from bson.decimal128 import Decimal128

    value = Decimal128.from_bid(data).to_decimal()
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or (value.is_zero() and value.is_signed()):
        raise UnsupportedValue(f"{value} can not be converted to a BigDecimal")
    return -exponent
