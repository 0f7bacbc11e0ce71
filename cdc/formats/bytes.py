"""The `bytes` format: org.apache.kafka.connect.converters.ByteArrayConverter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdc.config import Config
from cdc.errors import EncodeError
from cdc.plugin import Format, register
from schemas.connect import BYTES, Schema, Type

_OPTIONAL_BYTES = BYTES.as_optional()


class BytesConfig(Config):
    """ByteArrayConverter has no options."""


@register("format", "bytes", "org.apache.kafka.connect.converters.ByteArrayConverter")
class BytesFormat(Format):
    """Write and read bytes as they are."""

    config_class = BytesConfig

    def wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        """Return nothing: the bytes are all there is."""
        return b"", b""

    def encode(self, topic: str, schema: Schema | None, values: Sequence[Any]) -> list[bytes | None]:
        """Return the bytes; raises EncodeError for values that are none."""
        if schema is not None and schema.type is not Type.BYTES:
            raise EncodeError(f"Invalid schema type for ByteArrayConverter: {schema.type.name}")
        for value in values:
            if not isinstance(value, (bytes, bytearray, memoryview, type(None))):
                raise EncodeError(f"ByteArrayConverter is not compatible with {type(value).__name__}")
        return [None if value is None else bytes(value) for value in values]

    def decode(
        self, topic: str, payloads: Sequence[bytes | None], wrap: tuple[bytes, bytes]
    ) -> list[tuple[Schema | None, Sequence[Any]]]:
        """Return the bytes."""
        return [(_OPTIONAL_BYTES, [data if data is None else wrap[0] + data + wrap[1] for data in payloads])]
