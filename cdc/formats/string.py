"""The `string` format: org.apache.kafka.connect.storage.StringConverter."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cdc import config as options
from cdc.config import Config
from cdc.errors import DecodeError, EncodeError
from cdc.plugin import Format, register
from schemas.connect import OPTIONAL_STRING, Schema, Type
from schemas.java_text import double_text, float_text


def _known(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ValueError("there is no such encoding") from None


class StringConfig(Config):
    """Options of StringConverter, as they stand behind `key.converter.` and `value.converter.`."""

    encoding = options.string(
        "converter.encoding",
        "UTF-8",
        doc="The character encoding of the text.",
        validate=_known,
        group="Serialization",
    )


@register("format", "string", "org.apache.kafka.connect.storage.StringConverter")
class StringFormat(Format):
    """Write values as their text (Java's toString), and read text."""

    config_class = StringConfig

    def __init__(self, config: StringConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self._encoding = config.encoding

    def wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        """Return nothing: the text is all there is."""
        return b"", b""

    def encode(self, topic: str, schema: Schema | None, values: Sequence[Any]) -> list[bytes | None]:
        """Return each value's text; raises EncodeError for bytes, whose text in Java says nothing."""
        encoding = self._encoding
        texts = (
            values
            if schema is not None and schema.type is Type.STRING
            else [_text(v, schema) for v in values]
        )
        return [None if text is None else text.encode(encoding) for text in texts]

    def decode(
        self, topic: str, payloads: Sequence[bytes | None], wrap: tuple[bytes, bytes]
    ) -> list[tuple[Schema | None, Sequence[Any]]]:
        """Return the texts; raises DecodeError."""
        try:
            texts = [
                None if data is None else (wrap[0] + data + wrap[1]).decode(self._encoding)
                for data in payloads
            ]
        except UnicodeDecodeError as error:
            raise DecodeError(f"The record is no text: {error}", hint="check key/value.converter") from None
        return [(OPTIONAL_STRING, texts)]


def _text(value: Any, schema: Schema | None) -> str | None:
    """Return what `toString` gives; None stays None."""
    return None if value is None else _java(value, schema)


def _java(value: Any, schema: Schema | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        single = schema is not None and schema.type is Type.FLOAT32
        return float_text(value) if single else double_text(value)
    if isinstance(value, (str, int, Decimal)):
        return str(value)
    if isinstance(value, Mapping):
        return _mapping(value, schema)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_java(one, schema and schema.items) for one in value)}]"
    raise EncodeError(
        f"{type(value).__name__} has no text",
        hint="use org.apache.kafka.connect.converters.ByteArrayConverter",
    )


def _mapping(value: Mapping[Any, Any], schema: Schema | None) -> str:
    """Return a Struct's text, or a Map's."""
    if schema is not None and schema.type is Type.STRUCT:
        members = ((f.name, value.get(f.name), f.schema) for f in schema.fields)
        return f"Struct{{{','.join(f'{name}={_java(v, of)}' for name, v, of in members if v is not None)}}}"
    keys, values = (schema.keys, schema.values) if schema else (None, None)
    return f"{{{', '.join(f'{_java(k, keys)}={_java(v, values)}' for k, v in value.items())}}}"
