"""Record headers as bytes: Kafka Connect's SimpleHeaderConverter, or any format."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cdc.batch import EncodedHeader, Header
from cdc.plugin import Format
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.java_text import double_text, float_text

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_INTEGER = re.compile(r"[+-]?\d{1,19}")
_DECIMAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?")
_INTEGER_SCHEMAS = ((7, connect.INT8), (15, connect.INT16), (31, connect.INT32), (63, connect.INT64))
_NULL: tuple[Schema | None, Any] = (None, None)


class HeaderConverter(Protocol):
    """Write and read the values of headers."""

    def encode(self, topic: str, header: Header) -> EncodedHeader:
        """Return the header's name and bytes."""
        ...

    def decode(self, topic: str, header: EncodedHeader) -> Header:
        """Return name, schema and value; what cannot be read stays bytes."""
        ...


class SimpleHeaders:
    """SimpleHeaderConverter: text as `Values.convertToString` writes it, types guessed when reading."""

    def encode(self, topic: str, header: Header) -> EncodedHeader:
        """Return the value's text: strings as they are, structs like JSON."""
        name, schema, value = header
        return name, None if value is None else value_text(schema, value).encode()

    def decode(self, topic: str, header: EncodedHeader) -> Header:
        """Return null, booleans and numbers as such (smallest type), all else as string."""
        name, data = header
        if data is None:
            return name, None, None
        try:
            schema, value = parse_text(data.decode())
        except UnicodeDecodeError:
            return name, connect.BYTES, data
        return name, schema, value


class FormatHeaders:
    """A format (JsonConverter, StringConverter …) as the converter of headers."""

    def __init__(self, form: Format) -> None:
        self._format = form

    def encode(self, topic: str, header: Header) -> EncodedHeader:
        """Return the value as the format writes it."""
        name, schema, value = header
        (payload,) = self._format.encode(topic, schema, [value])
        head, tail = self._format.wrap(topic, schema)
        return name, None if payload is None else head + payload + tail

    def decode(self, topic: str, header: EncodedHeader) -> Header:
        """Return the value as the format reads it."""
        name, data = header
        ((schema, values),) = self._format.decode(topic, [data], (b"", b""))
        return name, schema, values[0]


def value_text(schema: Schema | None, value: Any, *, embedded: bool = False) -> str:
    """Return what org.apache.kafka.connect.data.Values.convertToString makes of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if embedded else value
    if isinstance(value, bytes):
        text = base64.b64encode(value).decode()
        return f'"{text}"' if embedded else text
    if isinstance(value, float):
        narrow = schema is not None and schema.type is Type.FLOAT32
        return float_text(value) if narrow else double_text(value)
    if isinstance(value, Mapping):
        return _members(schema, value)
    if isinstance(value, (list, tuple)):
        items = schema and schema.items
        return "[" + ",".join(value_text(items, item, embedded=True) for item in value) + "]"
    return _moment(schema, value) or str(value)


def _members(schema: Schema | None, value: Mapping[Any, Any]) -> str:
    pairs: list[tuple[Any, Schema | None, Any]]
    if schema is not None and schema.type is Type.STRUCT:
        pairs = [(field.name, field.schema, value.get(field.name)) for field in schema.fields]
    else:
        pairs = [(key, schema and schema.values, item) for key, item in value.items()]
    texts = (
        f"{value_text(None, name, embedded=True)}:{value_text(inner, item, embedded=True)}"
        for name, inner, item in pairs
    )
    return "{" + ",".join(texts) + "}"


def _moment(schema: Schema | None, value: Any) -> str | None:
    """Return the text of Connect's own dates and times (java.util.Date), or None for all else."""
    units = {
        logical.CONNECT_DATE: dt.timedelta(days=1),
        logical.CONNECT_TIME: dt.timedelta(milliseconds=1),
        logical.CONNECT_TIMESTAMP: dt.timedelta(milliseconds=1),
    }
    unit = units.get((schema and schema.name) or "")
    if unit is None:
        return None
    offset = unit * value
    moment = _EPOCH + offset
    clock = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    if offset < dt.timedelta(days=1):
        return clock
    return f"{moment:%Y-%m-%d}" if not offset % dt.timedelta(days=1) else f"{moment:%Y-%m-%d}T{clock}"


def parse_text(text: str) -> tuple[Schema | None, Any]:
    """Return schema and value of a header's text (the scalar part of Values.parseString)."""
    if text == "null":
        return _NULL
    if text in ("true", "false"):
        return connect.BOOLEAN, text == "true"
    if _INTEGER.fullmatch(text):
        number = int(text)
        for bits, schema in _INTEGER_SCHEMAS:
            if -(1 << bits) <= number < 1 << bits:
                return schema, number
    with contextlib.suppress(OverflowError):
        if _DECIMAL.fullmatch(text):
            return connect.FLOAT64, float(text)
    return connect.STRING, text


def encode_all(
    converter: HeaderConverter, topic: str, headers: Sequence[Header]
) -> tuple[EncodedHeader, ...]:
    """Return all headers as bytes."""
    return tuple(converter.encode(topic, header) for header in headers)
