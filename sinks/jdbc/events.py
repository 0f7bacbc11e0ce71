"""Events: operation and images of each record, whichever shape it comes in."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cdc.columns import EventColumns, StructColumns
from schemas.connect import Schema, Type, struct
from sinks.jdbc.session import RowsRejected
from sinks.jdbc.spans import Span

log = logging.getLogger(__name__)

DOCUMENT = "document"
"""The column of a document."""


Images = Sequence[Mapping[str, Any] | None]


@dataclass(slots=True)
class Events:
    """The records of a span, still in the order of the log.

    images: None for deletes. before: old images, where somebody asked. indices: into the batch.
    """

    indices: Sequence[int]
    ops: list[str]
    images: Images
    before: Images
    sources: list[Mapping[str, Any] | None]

    def part(self, chosen: Sequence[int]) -> Events:
        """Return these events only."""
        return Events(
            [self.indices[i] for i in chosen],
            [self.ops[i] for i in chosen],
            [self.images[i] for i in chosen],
            [self.before[i] for i in chosen],
            [self.sources[i] for i in chosen],
        )


def is_envelope(schema: Schema | None, values: Sequence[Any]) -> bool:
    """Whether records are Debezium envelopes and not plain rows."""
    if schema is not None:
        names = {member.name for member in schema.fields}
        return "op" in names and bool(names & {"after", "before"})
    first = next((value for value in values if value is not None), None)
    if first is not None and not isinstance(first, Mapping):
        raise RowsRejected(f"a record's value is {type(first).__name__}, not a row")
    return first is not None and "op" in first and ("after" in first or "before" in first)


def envelopes(span: Span, values: Sequence[Any], *, whole: bool) -> Events:
    """Read Debezium envelopes; `whole`: with old images and sources."""
    if isinstance(values, EventColumns):
        return _plain(span, [*values.ops], values.after, values if whole else None)
    if None not in values:
        ops = [value["op"] for value in values]
        if {"r", "c", "u", "d"}.issuperset(ops) and not any(map(_lost_document, values)):
            images = [value.get("after") for value in values]
            return _plain(span, ops, images, values if whole else None)
    indices: list[int] = []
    new: list[Any] = []
    old: list[Any] = []
    events = Events(indices, [], new, old, [])
    for index, value in enumerate(values, span.start):
        op = "d" if value is None else value["op"]
        if op == "m":
            continue
        if op not in ("r", "c", "u", "d", "t"):
            raise RowsRejected(f"unknown operation {op!r}")
        envelope = value or {}
        if _lost_document(envelope):
            _warn_of_lost_documents(span.batch.topic)
            continue
        indices.append(index)
        events.ops.append(op)
        new.append(envelope.get("after") if op in "rcu" else None)
        old.append(envelope.get("before"))
        events.sources.append(envelope.get("source"))
    return events


def as_rows(events: Events, schema: Schema | None) -> Schema | None:
    """Make rows of images that are documents, as text; return the schema of the rows.

    A document is one column, `document`; what it is known by is in the record's key.
    """
    if schema is not None and schema.type is Type.STRUCT:
        return schema
    events.images, events.before = _unwrapped(events.images), _unwrapped(events.before)
    return None if schema is None else struct(None, [(DOCUMENT, schema)])


def _unwrapped(images: Images) -> Images:
    if isinstance(images, StructColumns) or not any(isinstance(image, str) for image in images):
        return images
    return [image if image is None else {DOCUMENT: image} for image in images]


def _lost_document(envelope: Mapping[str, Any]) -> bool:
    """Whether an update does not have its document: it was gone when MongoDB looked it up."""
    return envelope.get("op") == "u" and envelope.get("after") is None and "updateDescription" in envelope


@cache
def _warn_of_lost_documents(topic: str) -> None:
    log.warning(
        "Updates in %s without a document are left out: documents that were deleted soon after. Where none "
        "has one, set capture.mode=change_streams_update_full at the source",
        topic,
    )


def _plain(span: Span, ops: list[str], images: Images, values: Sequence[Any] | None) -> Events:
    if "d" in ops:
        images = [None if op == "d" else image for op, image in zip(ops, images, strict=True)]
    for op, image in zip(ops, images, strict=True) if None in images else ():
        if image is None and op != "d":
            raise RowsRejected(f"a record with op {op!r} has no row image")
    nothing: list[Any] = [None] * len(ops)
    before = nothing if values is None else [value.get("before") for value in values]
    sources = nothing if values is None else [value.get("source") for value in values]
    return Events(range(span.start, span.stop), ops, images, before, sources)


def flattened(span: Span, values: Sequence[Any]) -> Events:
    """Read plain rows: a null value, or `__deleted`, is a delete."""
    ops = ["d" if value is None or _rewritten_delete(value) else "u" for value in values]
    images = [None if op == "d" else value for op, value in zip(ops, values, strict=True)]
    nothing: list[Any] = [None] * len(values)
    return Events(range(span.start, span.stop), ops, images, [*values], nothing)


def _rewritten_delete(value: Any) -> bool:
    if not isinstance(value, Mapping):
        raise RowsRejected(f"a record's value is {type(value).__name__}, not a row")
    return value.get("__deleted") in ("true", True)
