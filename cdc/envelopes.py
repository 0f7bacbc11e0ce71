"""Change batches as records: envelope structs with Connect values, for what asks for values.

Row images come straight from generated code as dicts, so that a row costs one dict an image, one
for `source` and one for the envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

from cdc.batch import Cell, ChangeBatch, Images, ImageTemplate, Part, RecordBatch, Ref, SourceBlock
from schemas.connect import Schema, Type
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
        values = list(self._values(batch, images))
        headers: list[Sequence[Any]] | None = [batch.headers] * len(values) if batch.headers else None
        for index in batch.key_changes:
            headers = headers if headers is not None else [()] * len(values)
            headers[index] = ((NEW_KEY, batch.schema.key, images.key[index + 1]), *batch.headers)
            headers[index + 1] = ((OLD_KEY, batch.schema.key, images.key[index]), *batch.headers)
        keys = [*images.key]
        record = RecordBatch(batch.topic, batch.schema.key, batch.schema.value, keys, values, headers)
        deletes = delete_indices(batch)
        if deletes:
            record.keys = repeat_after(record.keys, deletes)
            record.values = insert_after(record.values, deletes)
            record.headers = record.headers and repeat_after(record.headers, deletes)
        return [record]

    def keys(self, batch: ChangeBatch, indices: Sequence[int]) -> Sequence[Any]:
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
            row = row_part(batch, scope)
            key = dict_part(batch.table.key, scope, "k") if batch.schema.key else None
            template = ImageTemplate(batch.table, row, key, scope)
            remember(self._templates, identity, template)
        return template

    def _values(self, batch: ChangeBatch, images: Images) -> Iterator[dict[str, Any]]:
        make = self._sources.get(batch.source)
        if make is None:
            make = source_maker(batch.source)
            remember(self._sources, batch.source, make)
        clock = _clock(batch)
        positions: Any = zip(*batch.positions, strict=True) if batch.positions else repeat((), len(batch))
        rows = zip(
            images.before,
            images.after,
            _members(batch, images),
            batch.transactions,
            positions,
            _blocks(batch),
            batch.ops,
            strict=True,
        )
        for old, new, members, transaction, row, block, op in rows:
            yield {
                "before": old,
                "after": new,
                **members,
                "source": make(transaction, row),
                "transaction": block,
                "op": op,
                **clock,
            }


def _clock(batch: ChangeBatch) -> dict[str, int]:
    ns = batch.clock_ns
    clock = {"ts_ms": ns // 1_000_000, "ts_us": ns // 1000, "ts_ns": ns}
    return {name: value for name, value in clock.items() if batch.schema.value.field(name) is not None}


def _members(batch: ChangeBatch, images: Images) -> Any:
    """Yield the extra members of each envelope."""
    if not images.extra:
        return repeat({}, len(batch))
    names = [column.name for column in batch.table.extra]
    return (dict(zip(names, values, strict=True)) for values in zip(*images.extra, strict=True))


def _blocks(batch: ChangeBatch) -> Any:
    columns = batch.transaction
    if columns is None:
        return repeat(None, len(batch))
    numbers = zip(columns.ids, columns.total_order, columns.data_collection_order, strict=True)
    return (
        None if i is None else {"id": i, "total_order": t, "data_collection_order": d} for i, t, d in numbers
    )


def row_part(batch: ChangeBatch, scope: dict[str, Any]) -> Part:
    """Return the part that yields a row as a Connect value, with the extra members of the envelope."""
    table = batch.table
    part = dict_part(table.columns, scope, "r")
    if batch.schema.row.type is not Type.STRUCT:
        part = replace(part, build=_only)
    return replace(part, extra=dict_part(table.extra, scope, "e").cells) if table.extra else part


def _only(names: Sequence[str]) -> str:
    (name,) = names
    return name


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
