"""Connect values as JSON payloads, and back."""

from __future__ import annotations

import decimal
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from cdc.errors import DecodeError, EncodeError
from cdc.formats.json.text import quote
from schemas import logical
from schemas.connect import Schema, Type
from schemas.java_text import double_text, float_text

Dump = Callable[[Any], str]
Load = Callable[[Any], Any]
LoadColumn = Callable[[list[Any]], list[Any]]


def base64_text(data: bytes) -> str:
    """Return bytes as a quoted base64 string."""
    return f'"{b2a_base64(data, newline=False).decode("ascii")}"'


def unscaled_bytes(value: Decimal, scale: int) -> bytes:
    """Return a decimal's unscaled value at `scale`, as java.math.BigInteger.toByteArray does.

    NaN, which Connect's Decimal has no form for, is empty: readers in Java fail on it aloud.
    """
    if value.is_nan():
        return b""
    unscaled = int(value.scaleb(scale, _EXACT).to_integral_exact(context=_EXACT))
    length = ((unscaled if unscaled >= 0 else ~unscaled).bit_length() + 8) // 8
    return unscaled.to_bytes(length, "big", signed=True)


_EXACT = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def _float_dump(text: Callable[[float], str]) -> Dump:
    def dump(value: float) -> str:
        written = text(value)
        return f'"{written}"' if written[-1] > "9" else written

    return dump


_double = _float_dump(double_text)
_single = _float_dump(float_text)

_SCALARS: dict[Type, Dump] = {
    Type.BOOLEAN: lambda value: "true" if value else "false",
    Type.INT8: str,
    Type.INT16: str,
    Type.INT32: str,
    Type.INT64: str,
    Type.FLOAT32: _single,
    Type.FLOAT64: _double,
    Type.STRING: quote,
    Type.BYTES: base64_text,
}


def schemaless(value: Any) -> str:
    """Write a value that has no schema; raises EncodeError for what JSON has no form for."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64_text(bytes(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{quote(str(k))}:{schemaless(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(schemaless, value)) + "]"
    raise EncodeError(f"{type(value).__name__} has no schema and no JSON form")


class Dumpers:
    """Build the writer of a schema's values.

    numeric_decimals: `decimal.format=NUMERIC`. defaults_for_null: `replace.null.with.default`.
    """

    def __init__(self, *, numeric_decimals: bool, defaults_for_null: bool) -> None:
        self.numeric_decimals, self.defaults_for_null = numeric_decimals, defaults_for_null

    def of(self, schema: Schema | None) -> Dump:
        """Return the writer of values of this schema, NULL included."""
        if schema is None:
            return schemaless
        dump, null = self._not_null(schema), self.null_text(schema)

        def write(value: Any) -> str:
            if value is None:
                if null is None:
                    raise EncodeError(f"null for a required value of {schema.name or schema.type}")
                return null
            return dump(value)

        return write

    def null_text(self, schema: Schema) -> str | None:
        """Return what NULL is written as: the default, `null`, or None when it must not be."""
        if schema.default is not None and self.defaults_for_null:
            return self._not_null(schema)(schema.default)
        return "null" if schema.optional else None

    def _not_null(self, schema: Schema) -> Dump:
        if schema.name == logical.DECIMAL:
            return self._decimal(schema)
        if schema.type is Type.STRUCT:
            return self._struct(schema)
        if schema.type is Type.ARRAY:
            item = self.of(schema.items)
            return lambda value: "[" + ",".join(map(item, value)) + "]"
        if schema.type is Type.MAP:
            return self._map(schema)
        return _SCALARS[schema.type]

    def _decimal(self, schema: Schema) -> Dump:
        scale = int(schema.parameter("scale") or 0)
        if self.numeric_decimals:
            return lambda value: '"NaN"' if value.is_nan() else format(value, "f")
        return lambda value: base64_text(unscaled_bytes(value, scale))

    def _struct(self, schema: Schema) -> Dump:
        members = [(quote(f.name) + ":", f.name, self.of(f.schema)) for f in schema.fields]

        def write(value: Any) -> str:
            return "{" + ",".join([label + dump(value.get(name)) for label, name, dump in members]) + "}"

        return write

    def _map(self, schema: Schema) -> Dump:
        value_dump = self.of(schema.values)
        if schema.keys is not None and schema.keys.type is Type.STRING:
            return lambda value: "{" + ",".join(f"{quote(k)}:{value_dump(v)}" for k, v in value.items()) + "}"
        key_dump = self.of(schema.keys)
        return lambda value: (
            "[" + ",".join(f"[{key_dump(k)},{value_dump(v)}]" for k, v in value.items()) + "]"
        )


class Loaders:
    """Build the reader of a schema's payloads: parsed JSON in, Connect values out."""

    def of(self, schema: Schema | None) -> Load:
        """Return the reader of payloads of this schema, NULL included."""
        load = self._converting(schema)
        if load is None or (schema is not None and schema.type is Type.STRUCT):
            return load or _same
        return lambda value: None if value is None else load(value)

    def columns(self, schema: Schema | None) -> dict[str, LoadColumn]:
        """Return the readers of a struct's fields by column, of those whose parsed JSON is not the value."""
        members = schema.fields if schema is not None and schema.type is Type.STRUCT else ()
        loads = {member.name: self._converting(member.schema) for member in members}
        return {name: partial(_load_column, load) for name, load in loads.items() if load is not None}

    def _converting(self, schema: Schema | None) -> Load | None:
        """Return the reader of payloads, or None where parsed JSON is the value; structs take NULL, too."""
        if schema is None:
            return None
        if schema.name == logical.DECIMAL:
            scale = -int(schema.parameter("scale") or 0)
            return _decimal_loader(scale)
        if schema.type is Type.BYTES:
            return _load_bytes
        if schema.type in (Type.FLOAT32, Type.FLOAT64):
            return float
        if schema.type is Type.STRUCT:
            return self._struct(schema)
        if schema.type is Type.ARRAY:
            return self._array(schema)
        if schema.type is Type.MAP:
            return self._map(schema)
        return None

    def _struct(self, schema: Schema) -> Load | None:
        """Return generated code: it runs for each record, and mends the members in place."""
        lines, scope = [], {}
        for index, member in enumerate(schema.fields):
            load = self._converting(member.schema)
            if load is None:
                continue
            scope[f"load{index}"] = load
            # JSON's floats are what they should be already; a foreign writer's `1` or "NaN" is not.
            needed = "v.__class__ is not float and v is not None" if load is float else "v is not None"
            lines.append(f"    v = value.get({member.name!r})")
            lines.append(f"    if {needed}: value[{member.name!r}] = load{index}(v)")
        if not lines:
            return None
        code = "\n".join(
            ["def read(value):", "    if value is None: return None", *lines, "    return value"]
        )
        exec(code, scope)  # noqa: S102 - names enter as literals only
        read: Load = scope["read"]
        return read

    def _array(self, schema: Schema) -> Load | None:
        item = self.of(schema.items)
        return None if item is _same else (lambda value: [item(one) for one in value])

    def _map(self, schema: Schema) -> Load:
        key, item = self.of(schema.keys), self.of(schema.values)

        def read(value: Any) -> Any:
            pairs = value.items() if isinstance(value, dict) else value
            return {key(k): item(v) for k, v in pairs}

        return read


def _load_column(load: Load, values: list[Any]) -> list[Any]:
    if load is float and {float, type(None)}.issuperset(map(type, values)):
        return values
    return [None if value is None else load(value) for value in values]


def _same(value: Any) -> Any:
    return value


def _load_bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise DecodeError(f"Expected base64 text for BYTES, found {type(value).__name__}")
    return a2b_base64(value)


def _decimal_loader(exponent: int) -> Load:
    scaleb, integer = _EXACT.scaleb, int.from_bytes

    def load(value: Any) -> Decimal:
        if value.__class__ is not str:
            return Decimal(str(value))
        if not value or value == "NaN":
            return Decimal("NaN")
        return scaleb(integer(a2b_base64(value), "big", signed=True), exponent)

    return load
