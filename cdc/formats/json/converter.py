"""The `json` format: org.apache.kafka.connect.json.JsonConverter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdc import config as options
from cdc.batch import ChangeBatch, Images, Part, Texts
from cdc.columns import CellColumns
from cdc.config import Config, Importance
from cdc.formats.json.envelope import alike, envelope_writer
from cdc.formats.json.images import frame, row_part, spliced, struct_part
from cdc.formats.json.payload import Dumpers
from cdc.formats.json.reader import PAYLOAD, SCHEMALESS, Reader
from cdc.formats.json.schema import schema_text
from cdc.formats.json.text import is_jackson, jackson_view
from cdc.plugin import Format, register
from schemas.connect import Schema
from schemas.table import Column, Table

_TAIL = b"}"


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
        self._writers: dict[Any, Any] = {}
        self._frames: dict[Table, tuple[bytes, ...]] = {}
        self._reader = Reader(schemas=self.schemas_enable, limit=self._limit)

    # -- writing -----------------------------------------------------------------------------

    def wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        """Return `{"schema":…,"payload":` and `}`, or nothing when schemas are off."""
        if not self.schemas_enable:
            return SCHEMALESS
        known = self._heads.get(id(schema))
        if known is None:
            self._bound(self._heads)
            head = b'{"schema":' + schema_text(schema, self.dumpers).encode() + PAYLOAD
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
        return row_part(batch, self.dumpers, scope)

    def finish_keys(self, batch: ChangeBatch, keys: Sequence[Any]) -> Texts:
        """Return the key payloads."""
        return self._objects(batch.table, batch.table.key, keys)

    def finish_values(self, batch: ChangeBatch, images: Images) -> tuple[Texts, tuple[bytes, bytes]]:
        """Return the envelope payloads; of events that differ in nothing else, the new images."""
        cache = (batch.schema, batch.source, batch.transaction is not None)
        write = self._writers.get(cache)
        if write is None:
            self._bound(self._writers)
            write = self._writers[cache] = envelope_writer(
                batch.schema.value, batch.source, self.dumpers, with_transaction=cache[2]
            )
        if alike(batch, images):
            # No JSON text has a NUL in it.
            extra = [column[:1] for column in images.extra]
            head, tail = write(batch, images.before[:1], ["\0"], extra)[0].split(b"\0")
            return self._objects(batch.table, batch.table.columns, images.after), (head, tail)
        more = [_fix_case(column) for column in images.extra]
        return [*write(batch, _fix_case(images.before), _fix_case(images.after), more)], SCHEMALESS

    def _objects(self, table: Table, columns: Sequence[Column], images: Sequence[Any]) -> Texts:
        """Return images or keys as bytes; by column, where they came so."""
        if isinstance(images, CellColumns):
            pieces = self._frames.get(table)
            if pieces is None:
                self._bound(self._frames)
                pieces = self._frames[table] = frame(columns)
            found = spliced(pieces, images)
            if found is not None:
                return found
        return [image and image.encode("latin-1") for image in _fix_case(images)]

    def _bound(self, cache: dict[Any, Any]) -> None:
        if len(cache) >= self._limit:
            cache.clear()

    # -- reading -----------------------------------------------------------------------------

    def decode(
        self, topic: str, payloads: Texts, wrap: tuple[bytes, bytes]
    ) -> list[tuple[Schema | None, Sequence[Any]]]:
        """Return the values in runs of the same schema; raises DecodeError."""
        return self._reader.decode(topic, payloads, wrap)


def _fix_case(images: Sequence[Any]) -> Sequence[Any]:
    """Correct the rare characters that Python writes unlike Jackson, in one look at the whole batch."""
    if is_jackson("".join(filter(None, images))):
        return images
    return [image and jackson_view(image) for image in images]
