"""The `json` format: org.apache.kafka.connect.json.JsonConverter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from cdc import config as options
from cdc.batch import ChangeBatch, Part
from cdc.config import Config, Importance
from cdc.errors import DecodeError
from cdc.formats.json.envelope import envelope_writer
from cdc.formats.json.images import struct_part
from cdc.formats.json.payload import Dumpers, Loaders
from cdc.formats.json.schema import parse_schema, schema_text
from cdc.formats.json.text import is_jackson, jackson_view
from cdc.plugin import Format, register
from schemas.connect import Schema, Type

_TAIL = b"}"
_PAYLOAD = b',"payload":'
_SCHEMALESS: tuple[bytes, bytes] = (b"", b"")


class JsonConfig(Config):
    """Options of JsonConverter, as they stand behind `key.converter.` and `value.converter.`."""

    schemas_enable = options.boolean(
        "schemas.enable",
        True,
        doc="Include the schema within each of the serialized keys or values.",
        importance=Importance.HIGH,
        group="Schemas",
    )
    schemas_cache_size = options.integer(
        "schemas.cache.size",
        1000,
        at_least=0,
        doc="The maximum number of schemas that can be cached in this converter instance.",
        group="Schemas",
    )
    decimal_format = options.choice(
        "decimal.format",
        ("base64", "numeric"),
        "base64",
        doc="How decimals are written: BASE64 of the unscaled value, or NUMERIC as a JSON number.",
        importance=Importance.LOW,
        group="Serialization",
    )
    replace_null_with_default = options.boolean(
        "replace.null.with.default",
        True,
        doc="Whether a NULL in a field that has a default is written as that default.",
        importance=Importance.LOW,
        group="Serialization",
    )


@register("format", "json", "org.apache.kafka.connect.json.JsonConverter")
class JsonFormat(Format):
    """Write and read JSON, with the schema in every record (`schemas.enable`) or without."""

    config_class = JsonConfig

    def __init__(self, config: JsonConfig, *, is_key: bool) -> None:
        super().__init__(config, is_key=is_key)
        self.schemas_enable = config.schemas_enable
        self.dumpers = Dumpers(
            numeric_decimals=config.decimal_format == "numeric",
            defaults_for_null=config.replace_null_with_default,
        )
        self._limit = max(config.schemas_cache_size, 1)
        # By identity: hashing a deep schema costs more than writing it; the entry keeps it alive.
        self._heads: dict[int, tuple[Schema | None, tuple[bytes, bytes]]] = {}
        self._known: dict[bytes, tuple[Schema | None, Callable[[Any], Any]]] = {}
        self._writers: dict[Any, Any] = {}

    # -- writing -----------------------------------------------------------------------------

    def wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        """Return `{"schema":…,"payload":` and `}`, or nothing when schemas are off."""
        if not self.schemas_enable:
            return _SCHEMALESS
        known = self._heads.get(id(schema))
        if known is None:
            self._bound(self._heads)
            head = b'{"schema":' + schema_text(schema, self.dumpers).encode() + _PAYLOAD
            known = self._heads[id(schema)] = (schema, (head, _TAIL))
        return known[1]

    def encode(self, topic: str, schema: Schema | None, values: Sequence[Any]) -> list[bytes | None]:
        """Return the payloads; a null value without a schema is a tombstone."""
        dump = self.dumpers.of(schema)
        tombstones = schema is None
        return [None if tombstones and value is None else dump(value).encode() for value in values]

    def fast_path(self) -> JsonFormat:
        """Return itself: wire text is spliced into JSON text by generated code."""
        return self

    def part(self, batch: ChangeBatch, scope: dict[str, Any]) -> Part:
        """Return how the row images (or the key) of this table version are written."""
        if self.is_key:
            return struct_part(batch.table.key, self.dumpers, scope, "key", absent=None)
        return struct_part(batch.table.columns, self.dumpers, scope, "row", absent="null")

    def finish_keys(self, batch: ChangeBatch, keys: list[Any]) -> list[bytes | None]:
        """Return the key payloads."""
        if any(column.schema.type is Type.STRING for column in batch.table.key):
            keys = [key and jackson_view(key) for key in keys]
        return [None if key is None else key.encode("latin-1") for key in keys]

    def finish_values(self, batch: ChangeBatch, before: list[Any], after: list[Any]) -> list[bytes | None]:
        """Return the envelope payloads."""
        cache = (batch.source, batch.transaction is not None)
        write = self._writers.get(cache)
        if write is None:
            self._bound(self._writers)
            write = self._writers[cache] = envelope_writer(
                batch.source, self.dumpers, with_transaction=cache[1]
            )
        return [*write(batch, _fix_case(before), _fix_case(after))]

    def _bound(self, cache: dict[Any, Any]) -> None:
        if len(cache) >= self._limit:
            cache.clear()

    # -- reading -----------------------------------------------------------------------------

    def decode(
        self, topic: str, payloads: Sequence[bytes | None], wrap: tuple[bytes, bytes]
    ) -> list[tuple[Schema | None, list[Any]]]:
        """Return the values in runs of the same schema; raises DecodeError."""
        if not self.schemas_enable:
            head, tail = wrap
            whole = payloads if wrap == _SCHEMALESS else [p and head + p + tail for p in payloads]
            return [(None, [self._parse(topic, one) if one else None for one in whole])]
        if wrap != _SCHEMALESS:
            schema, load = self._head(topic, wrap[0])
            return [(schema, [*map(load, self._parse_all(topic, payloads))])]
        return list(self._runs(topic, payloads))

    def _runs(
        self, topic: str, payloads: Sequence[bytes | None]
    ) -> Iterator[tuple[Schema | None, list[Any]]]:
        head, start = b"", 0
        for index, payload in enumerate(payloads):
            if payload is None or (head and payload.startswith(head)):
                continue
            if head:
                yield self._run(topic, head, payloads[start:index])
                start = index
            head = self._split(topic, payload)
        yield self._run(topic, head, payloads[start:]) if head else (None, [None] * len(payloads))

    def _run(
        self, topic: str, head: bytes, payloads: Sequence[bytes | None]
    ) -> tuple[Schema | None, list[Any]]:
        schema, load = self._head(topic, head)
        skip = len(head)
        bare = [payload and payload[skip:-1] for payload in payloads]
        return schema, [*map(load, self._parse_all(topic, bare))]

    def _parse_all(self, topic: str, texts: Sequence[bytes | None]) -> list[Any]:
        """Parse many at once, which is cheaper; one by one when that fails, to say which it was."""
        try:
            parsed: list[Any] = orjson.loads(
                b"[" + b",".join(b"null" if t is None else t for t in texts) + b"]"
            )
        except orjson.JSONDecodeError:
            parsed = []
        if len(parsed) == len(texts):
            return parsed
        return [None if text is None else self._parse(topic, text) for text in texts]

    def _split(self, topic: str, payload: bytes) -> bytes:
        """Return everything up to the payload; a document in another order is written anew."""
        at = payload.find(_PAYLOAD)
        while at >= 0:
            head = payload[: at + len(_PAYLOAD)]
            if head in self._known or _is_head(head):
                return head
            at = payload.find(_PAYLOAD, at + 1)
        document = self._parse(topic, payload)
        if not isinstance(document, dict) or document.keys() != {"schema", "payload"}:
            raise DecodeError(
                'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not '
                f"contain additional fields (topic {topic})",
                hint="If you are trying to deserialize plain JSON data, set schemas.enable=false in "
                "your converter configuration",
            )
        raise DecodeError(f"The payload of a record of {topic} does not follow its schema")

    def _head(self, topic: str, head: bytes) -> tuple[Schema | None, Callable[[Any], Any]]:
        known = self._known.get(head)
        if known is None:
            document = self._parse(topic, head + b"null}")
            schema = parse_schema(document["schema"], Loaders())
            self._bound(self._known)
            known = self._known[head] = (schema, Loaders().of(schema))
        return known

    @staticmethod
    def _parse(topic: str, text: bytes) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise DecodeError(f"A record of {topic} is not JSON: {error}") from None


def _fix_case(images: list[str]) -> list[str]:
    """Correct the rare characters that Python writes unlike Jackson, in one look at the whole batch."""
    return images if is_jackson("".join(images)) else [jackson_view(image) for image in images]


def _is_head(head: bytes) -> bool:
    try:
        document = orjson.loads(head + b"null}")
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and document.keys() == {"schema", "payload"}


def _same(value: Any) -> Any:
    return value
