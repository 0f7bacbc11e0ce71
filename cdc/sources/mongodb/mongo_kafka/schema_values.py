"""Connect values of BSON under a schema: mongo-kafka's BsonValueToSchemaAndValue.

Readers are put together once a schema, and run over the bytes of a value.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from cdc.errors import UnsupportedValue
from cdc.sources.mongodb.ejson import Mode, Write, writer
from cdc.sources.mongodb.elements import ARRAY, DOCUMENT, document, elements, typed_members
from schemas import logical
from schemas.connect import Field, Schema, Type

Read = Callable[[int, bytes], Any]
"""Returns the value of BSON: its type and its bytes; raises UnsupportedValue."""

NULL: Final = 10
DOUBLE, STRING, BINARY, BOOLEAN, DATE, INT32, TIMESTAMP, INT64, DECIMAL = 1, 2, 5, 8, 9, 16, 17, 18, 19

_NAMES: Mapping[int, str] = {
    1: "double", 2: "string", 3: "document", 4: "array", 5: "binary", 6: "undefined", 7: "object_id",
    8: "boolean", 9: "date_time", 10: "null", 11: "regular_expression", 12: "db_pointer", 13: "javascript",
    14: "symbol", 15: "javascript_with_scope", 16: "int32", 17: "timestamp", 18: "int64", 19: "decimal128",
    127: "max_key", 255: "min_key",
}  # fmt: skip
_TYPE_NAMES = {Type.FLOAT32: "float32", Type.FLOAT64: "float64"}
_LARGEST, _SMALLEST = 2**63 - 1, -(2**63)
_int32, _int64, _double, _float = (struct.Struct(f"<{code}") for code in "iqdf")


class ValueReader:
    """Make readers; mode: the style of what becomes text."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode

    def of(self, schema: Schema) -> Read:
        """Return the reader of values of this schema."""
        read = self._not_null(schema)
        if not schema.optional:
            return read
        return lambda kind, data: None if kind == NULL else read(kind, data)

    def _not_null(self, schema: Schema) -> Read:
        match schema.type:
            case Type.STRUCT:
                return self._struct(schema)
            case Type.ARRAY:
                return self._array(schema)
            case Type.MAP:
                return self._map(schema)
            case Type.STRING:
                return _text_reader(writer(self._mode))
            case Type.BYTES:
                return _bytes_reader(schema)
            case Type.BOOLEAN:
                return _boolean
        return _number_reader(schema)

    def _struct(self, schema: Schema) -> Read:
        members = [(f.name, f.name.encode(), self.of(f.schema), f) for f in schema.fields]

        def read(kind: int, data: bytes) -> dict[str, Any]:
            _expect(schema, DOCUMENT, kind)
            found = typed_members(data)
            return {
                name: _member(field, one, look_up(path, data, found)) for name, path, one, field in members
            }

        return read

    def _array(self, schema: Schema) -> Read:
        assert schema.items is not None
        one, optional = self.of(schema.items), schema.items.optional

        def read(kind: int, data: bytes) -> list[Any]:
            _expect(schema, ARRAY, kind)
            values = [one(e.kind, data[e.value : e.stop]) for e in elements(data)]
            return _checked(values, optional)

        return read

    def _map(self, schema: Schema) -> Read:
        assert schema.values is not None
        one, optional = self.of(schema.values), schema.values.optional

        def read(kind: int, data: bytes) -> dict[str, Any]:
            _expect(schema, DOCUMENT, kind)
            places = typed_members(data).items()
            found = {name.decode(): one(of, data[start:stop]) for name, (of, start, stop) in places}
            _checked([*found.values()], optional)
            return found

        return read


def _text_reader(write: Write) -> Read:
    def read(kind: int, data: bytes) -> str:
        if kind == STRING:
            return data[4:-1].decode()
        if kind == DOCUMENT:
            return write(data)
        text = write(document((bytes([kind]) + b"v\0" + data,)))[len('{"v": ') : -1]
        return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text

    return read


def _member(field: Field, read: Read, found: tuple[int, bytes] | None) -> Any:
    schema = field.schema
    if found is None:
        if not schema.optional and schema.default is None:
            raise UnsupportedValue(f"Missing field '{field.name}'")
        return schema.default
    value = read(*found)
    if value is None and not schema.optional:
        raise UnsupportedValue(f'Invalid value: null used for required field: "{field.name}"')
    return value


def look_up(
    name: bytes, data: bytes, found: Mapping[bytes, tuple[int, int, int]]
) -> tuple[int, bytes] | None:
    """Return type and bytes of a member; a dotted name, of which there is none, leads into documents."""
    if name in found:
        kind, start, stop = found[name]
        return kind, data[start:stop]
    outer, dot, rest = name.partition(b".")
    if not dot or name.endswith(b".") or outer not in found or found[outer][0] != DOCUMENT:
        return None
    _, start, stop = found[outer]
    inner = data[start:stop]
    return look_up(rest, inner, typed_members(inner))


def _expect(schema: Schema, wanted: int, kind: int) -> None:
    if kind != wanted:
        raise _unexpected(schema.type, kind)


def _unexpected(kind: Type, found: int) -> UnsupportedValue:
    name = _TYPE_NAMES.get(kind, str(kind))
    return UnsupportedValue(f"Schema type of {name} but value was of type: {_NAMES.get(found, found)}")


def _checked(values: list[Any], optional: bool) -> list[Any]:
    if not optional and None in values:
        raise UnsupportedValue("Invalid value: null used for required element")
    return values


def _boolean(kind: int, data: bytes) -> bool:
    if kind != BOOLEAN:
        raise _unexpected(Type.BOOLEAN, kind)
    return data != b"\0"


def _bytes_reader(schema: Schema) -> Read:
    decimals = schema.name == logical.DECIMAL

    def read(kind: int, data: bytes) -> Any:
        if kind == STRING:
            return data[4:-1]
        if kind == BINARY:
            return data[9:] if data[4] == 2 else data[5:]
        if kind == DOCUMENT:
            return data
        if kind == DECIMAL and decimals:
            from bson.decimal128 import Decimal128

            return Decimal128.from_bid(data).to_decimal()
        raise _unexpected(Type.BYTES, kind)

    return read


def _number(kind: int, data: bytes) -> int | float | None:
    """Return a number, a moment in ms; None of a decimal, as mongo-kafka does. KeyError: it is none."""
    if kind == DECIMAL:
        return None
    if kind == TIMESTAMP:
        seconds: int = _int32.unpack(data[4:])[0]
        return seconds * 1000
    unpack = {INT32: _int32, INT64: _int64, DATE: _int64, DOUBLE: _double}[kind]
    value: int | float = unpack.unpack(data)[0]
    return value


def _number_reader(schema: Schema) -> Read:
    convert = _CONVERTERS[schema.type]

    def read(kind: int, data: bytes) -> Any:
        try:
            value = _number(kind, data)
        except KeyError:
            raise _unexpected(schema.type, kind) from None
        return None if value is None else convert(value)

    return read


def _long(value: float) -> int:
    """Return Java's `longValue`: towards zero, NaN is 0, what is too large the largest."""
    if value != value:
        return 0
    if value in (float("inf"), float("-inf")):
        return _LARGEST if value > 0 else _SMALLEST
    return min(max(int(value), _SMALLEST), _LARGEST)


def _narrowed(bits: int) -> Callable[[float], int]:
    half = 1 << (bits - 1)
    return lambda value: ((_long(value) + half) & (2 * half - 1)) - half


def _single(value: float) -> float:
    try:
        single: float = _float.unpack(_float.pack(value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return single


_CONVERTERS: Mapping[Type, Callable[[float], Any]] = {
    Type.INT8: _narrowed(8),
    Type.INT16: _narrowed(16),
    Type.INT32: _narrowed(32),
    Type.INT64: _long,
    Type.FLOAT32: _single,
    Type.FLOAT64: float,
}
