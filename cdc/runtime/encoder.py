"""Batches as bytes: a key format and a value format (Connect's converters) side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cdc.batch import (
    Batch,
    ChangeBatch,
    Encoded,
    EncodedHeader,
    Header,
    ImageTemplate,
    RecordBatch,
)
from cdc.envelopes import (
    NEW_KEY,
    OLD_KEY,
    Envelopes,
    delete_indices,
    insert_after,
    remember,
    repeat_after,
)
from cdc.plugin import FastPath, Format
from cdc.runtime.headers import HeaderConverter, encode_all
from cdc.runtime.retrying import Retry, at_once
from schemas.connect import Schema, Type
from schemas.envelope import EventSchema
from schemas.table import Table


class Encoder:
    """Encode batches; change batches in generated code where both formats have a fast path.

    The templates that a source compiles are made once for each table version and schema.
    """

    def __init__(self, key: Format, value: Format, headers: HeaderConverter, retry: Retry = at_once) -> None:
        self._key, self._value, self._headers, self._retry = key, value, headers, retry
        key_path, value_path = key.fast_path(), value.fast_path()
        self._fast = (key_path, value_path) if key_path and value_path else None
        self._templates: dict[tuple[Table, EventSchema], ImageTemplate] = {}
        self._envelopes = Envelopes()
        self._shared: dict[str, tuple[Sequence[Header], Sequence[EncodedHeader]]] = {}

    def encode(self, batch: Batch) -> list[Encoded]:
        """Return the records as bytes; raises EncodeError, or what a codec raises for a bad value."""
        return self._retry(lambda: self._encoded(batch))

    def culprit(self, record: Batch) -> tuple[str, type]:
        """Return the stage (as Connect calls it) and the class that a single record failed in."""
        sides: Sequence[tuple[str, Format | HeaderConverter, Callable[[Batch], object]]] = (
            ("KEY_CONVERTER", self._key, self._encode_key),
            ("HEADER_CONVERTER", self._headers, self._encode_headers),
        )
        for stage, by, work in sides:
            try:
                work(record)
            except Exception:  # noqa: BLE001 - a format and a codec may raise anything for a bad value
                return stage, type(by)
        return "VALUE_CONVERTER", type(self._value)

    def _encode_key(self, record: Batch) -> None:
        if isinstance(record, RecordBatch):
            schema, keys = record.key_schema, record.keys
        else:
            schema, keys = (
                record.schema.key,
                self._envelopes.keys(record, [0]) if record.schema.key else [None],
            )
        self._key.wrap(record.topic, schema)
        _encode_column(self._key, record.topic, schema, keys)

    def _encode_headers(self, record: Batch) -> None:
        own = (record.headers or [()])[0] if isinstance(record, RecordBatch) else record.headers
        encode_all(self._headers, record.topic, own)

    def _encoded(self, batch: Batch) -> list[Encoded]:
        if isinstance(batch, RecordBatch):
            return [self._encode_records(batch)]
        if self._fast is None:
            return [self._encode_records(records) for records in self._envelopes.records(batch)]
        return [self._splice(batch, *self._fast)]

    def _splice(self, batch: ChangeBatch, key_path: FastPath, value_path: FastPath) -> Encoded:
        template = self._templates.get((batch.table, batch.schema))
        if template is None:
            template = self._template(batch, key_path, value_path)
        images = batch.rows.render(template)
        values, (head, tail) = value_path.finish_values(batch, images)
        keys = key_path.finish_keys(batch, images.key) if template.key else images.key
        outer = self._wrap(batch.topic, batch.schema.value)
        encoded = Encoded(batch.topic, keys, values, value_wrap=(outer[0] + head, tail + outer[1]))
        if template.key:
            encoded.key_wrap = self._key.wrap(batch.topic, batch.schema.key)
        if batch.headers:
            encoded.headers = self._shared_headers(batch)
        if batch.key_changes:
            encoded.row_headers = self._key_change_headers(batch)
        deletes = delete_indices(batch)
        if deletes:
            add_tombstones(encoded, deletes)
        return encoded

    def _template(self, batch: ChangeBatch, key_path: FastPath, value_path: FastPath) -> ImageTemplate:
        scope: dict[str, Any] = {}
        row = value_path.part(batch, scope)
        key = key_path.part(batch, scope) if batch.schema.key else None
        template = ImageTemplate(batch.table, row, key, scope)
        remember(self._templates, (batch.table, batch.schema), template)
        return template

    def _wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        return self._value.wrap(topic, schema)

    def _shared_headers(self, batch: ChangeBatch) -> Sequence[EncodedHeader]:
        """Return the headers of every record; a table's are the same ones in every batch."""
        known = self._shared.get(batch.topic)
        if known is None or known[0] is not batch.headers:
            known = batch.headers, encode_all(self._headers, batch.topic, batch.headers)
            remember(self._shared, batch.topic, known)
        return known[1]

    def _key_change_headers(self, batch: ChangeBatch) -> dict[int, Sequence[EncodedHeader]]:
        """Tell each half of a changed key about the other one."""
        headers: dict[int, Sequence[EncodedHeader]] = {}
        pairs = [index for first in batch.key_changes for index in (first, first + 1)]
        keys = self._envelopes.keys(batch, pairs)
        for at, first in enumerate(batch.key_changes):
            old, new = keys[2 * at], keys[2 * at + 1]
            for index, name, value in ((first, NEW_KEY, new), (first + 1, OLD_KEY, old)):
                headers[index] = (self._headers.encode(batch.topic, (name, batch.schema.key, value)),)
        return headers

    def _encode_records(self, batch: RecordBatch) -> Encoded:
        encoded = Encoded(
            batch.topic,
            _encode_column(self._key, batch.topic, batch.key_schema, batch.keys),
            _encode_column(self._value, batch.topic, batch.value_schema, batch.values),
            self._key.wrap(batch.topic, batch.key_schema),
            self._wrap(batch.topic, batch.value_schema),
            timestamps=batch.timestamps,
            partition=batch.partition,
        )
        if batch.headers:
            self._add_headers(encoded, batch.headers)
        return encoded

    def _add_headers(self, encoded: Encoded, headers: list[Any]) -> None:
        """Encode headers once where all records share them, which is the rule."""
        first = headers[0]
        if all(one is first for one in headers):
            encoded.headers = encode_all(self._headers, encoded.topic, first)
            return
        encoded.row_headers = {
            index: encode_all(self._headers, encoded.topic, one) for index, one in enumerate(headers) if one
        }


def _encode_column(
    form: Format, topic: str, schema: Schema | None, values: Sequence[Any]
) -> list[bytes | None]:
    """Encode one side; None under a struct's or a required schema is no value at all (a tombstone)."""
    if schema is None or (schema.optional and schema.type is not Type.STRUCT) or None not in values:
        return form.encode(topic, schema, values)
    payloads = iter(form.encode(topic, schema, [value for value in values if value is not None]))
    return [None if value is None else next(payloads) for value in values]


def add_tombstones(encoded: Encoded, deletes: Sequence[int]) -> None:
    """Put a record with the same key and headers and no value behind each of these records."""
    encoded.keys = repeat_after(encoded.keys, deletes)
    encoded.values = insert_after(encoded.values, deletes)
    if not encoded.row_headers:
        return
    moved: dict[int, Sequence[EncodedHeader]] = {}
    places = {index: index + at for at, index in enumerate(deletes)}
    for index, headers in encoded.row_headers.items():
        before = sum(1 for delete in deletes if delete < index)
        moved[index + before] = headers
        if index in places:
            moved[places[index] + 1] = headers
    encoded.row_headers = moved
