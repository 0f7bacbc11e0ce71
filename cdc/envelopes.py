"""Change batches as records: envelope structs with Connect values, for what asks for values.

Row images come straight from generated code as dicts, so that a row costs one dict an image, one
for `source` and one for the envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

from cdc.batch import Cell, ChangeBatch, ImageTemplate, Part, RecordBatch, Ref, SourceBlock
from schemas.connect import Schema
from schemas.envelope import EventSchema
from schemas.table import Column, Table

NEW_KEY, OLD_KEY = "__debezium.newkey", "__debezium.oldkey"
CACHE_LIMIT = 4096

MakeSource = Callable[[Sequence[Any], Sequence[Any]], dict[str, Any]]


class Envelopes:
    """Turn change batches into records; keeps what was compiled for each table version."""

    def __init__(self) -> None:
        self._templates: dict[tuple[Table, EventSchema], ImageTemplate] = {}
        self._keys: dict[Table, ImageTemplate] = {}
        self._sources: dict[SourceBlock, MakeSource] = {}

    def records(self, batch: ChangeBatch) -> list[RecordBatch]:
        """Return the same events as records, tombstones after deletes included.

        Unchanged values that the log does not carry have the column's placeholder, as Debezium's
        transforms see them.
        """
        images = batch.rows.render(self._template(batch))
        values = list(self._values(batch, images.before, images.after))
        headers: list[Sequence[Any]] | None = [batch.headers] * len(values) if batch.headers else None
        for index in batch.key_changes:
            headers = headers if headers is not None else [()] * len(values)
            headers[index] = ((NEW_KEY, batch.schema.key, images.key[index + 1]), *batch.headers)
            headers[index + 1] = ((OLD_KEY, batch.schema.key, images.key[index]), *batch.headers)
        record = RecordBatch(batch.topic, batch.schema.key, batch.schema.value, images.key, values, headers)
        deletes = delete_indices(batch)
        if deletes:
            record.keys = repeat_after(record.keys, deletes)
            record.values = insert_after(record.values, deletes)
            record.headers = record.headers and repeat_after(record.headers, deletes)
        return [record]

    def keys(self, batch: ChangeBatch, indices: Sequence[int]) -> list[Any]:
        """Return the keys of some rows as structs."""
        template = self._keys.get(batch.table)
        if template is None:
            scope: dict[str, Any] = {}
            part = dict_part(batch.table.key, scope, "k")
            template = ImageTemplate(batch.table, None, part, scope)
            remember(self._keys, batch.table, template)
        return batch.rows.select(indices).render(template).key

    def _template(self, batch: ChangeBatch) -> ImageTemplate:
        identity = (batch.table, batch.schema)
        template = self._templates.get(identity)
        if template is None:
            scope: dict[str, Any] = {}
            row = dict_part(batch.table.columns, scope, "r")
            key = dict_part(batch.table.key, scope, "k") if batch.schema.key else None
            template = ImageTemplate(batch.table, row, key, scope)
            remember(self._templates, identity, template)
        return template

    def _values(
        self, batch: ChangeBatch, before: Sequence[Any], after: Sequence[Any]
    ) -> Iterator[dict[str, Any]]:
        make = self._sources.get(batch.source)
        if make is None:
            make = source_maker(batch.source)
            remember(self._sources, batch.source, make)
        clock = batch.clock_ns
        ms, us = clock // 1_000_000, clock // 1000
        positions: Any = zip(*batch.positions, strict=True) if batch.positions else repeat((), len(batch))
        rows = zip(before, after, batch.transactions, positions, _blocks(batch), batch.ops, strict=True)
        for old, new, transaction, row, block, op in rows:
            yield {
                "before": old,
                "after": new,
                "source": make(transaction, row),
                "transaction": block,
                "op": op,
                "ts_ms": ms,
                "ts_us": us,
                "ts_ns": clock,
            }


def _blocks(batch: ChangeBatch) -> Any:
    columns = batch.transaction
    if columns is None:
        return repeat(None, len(batch))
    numbers = zip(columns.ids, columns.total_order, columns.data_collection_order, strict=True)
    return ({"id": i, "total_order": t, "data_collection_order": d} for i, t, d in numbers)


def dict_part(columns: Sequence[Column], scope: dict[str, Any], prefix: str) -> Part:
    """Return the part that yields a struct; names and constants enter the code by index only."""
    cells = []
    for index, column in enumerate(columns):
        own = f"_{prefix}{index}"
        scope.update(column.codec.scope)
        scope.update({f"{own}n": column.name, f"{own}f": column.fallback, f"{own}u": column.unavailable})
        cells.append(Cell(column.codec.value, "None", f"{own}u", f"{own}f"))

    def build(names: Sequence[str]) -> str:
        return "{" + ",".join(f"_{prefix}{i}n:{name}" for i, name in enumerate(names)) + "}"

    return Part(tuple(cells), build)


def source_maker(block: SourceBlock) -> MakeSource:
    """Return a compiled `block.value`."""
    scope: dict[str, Any] = {}

    def expression(part: Any) -> str:
        if isinstance(part, Ref):
            return f"{'tr'[part.level]}[{part.index}]"
        if isinstance(part, tuple):
            pieces = "".join(
                f"{{{expression(piece)}}}" if isinstance(piece, Ref) else f"{{{constant(piece)}}}"
                for piece in part
            )
            return f'f"{pieces}"'
        return constant(part)

    def constant(value: Any) -> str:
        name = f"c{len(scope)}"
        scope[name] = value
        return name

    fields: Sequence[tuple[str, Any]] = [
        (field.name, part) for field, part in zip(block.schema.fields, block.fields, strict=True)
    ]
    members = ",".join(f"{constant(name)}:{expression(part)}" for name, part in fields)
    exec(f"def make(t, r): return {{{members}}}", scope)  # noqa: S102 - names and constants are scope entries
    make: MakeSource = scope["make"]
    return make


def delete_indices(batch: ChangeBatch) -> list[int]:
    """Return where a tombstone follows; a glance when there is none."""
    if not batch.tombstones or "d" not in batch.ops:
        return []
    return [index for index, op in enumerate(batch.ops) if op == "d"]


def insert_after(items: Sequence[Any], indices: Sequence[int], extra: Any = None) -> list[Any]:
    """Return the items with `extra` behind each of these (ascending) indices."""
    out: list[Any] = []
    start = 0
    for index in indices:
        out += items[start : index + 1]
        out.append(extra)
        start = index + 1
    out += items[start:]
    return out


def repeat_after(items: Sequence[Any], indices: Sequence[int]) -> list[Any]:
    """Return the items with those at these (ascending) indices twice."""
    out: list[Any] = []
    start = 0
    for index in indices:
        out += items[start : index + 1]
        out.append(items[index])
        start = index + 1
    out += items[start:]
    return out


def remember(cache: dict[Any, Any], key: Any, value: Any) -> None:
    """Put into a cache that forgets its oldest entry at the limit; old table versions end so."""
    if len(cache) >= CACHE_LIMIT:
        del cache[next(iter(cache))]
    cache[key] = value


def tombstone(schema: Schema | None, value: Any) -> bool:
    """Whether a record's value is a tombstone (see `RecordBatch`)."""
    return value is None and (schema is None or bool(schema.fields))
