"""The record model: what flows from a source to the log and from the log to a sink.

A row never becomes an object of its own. `ChangeBatch` holds rows of one version of one table in
the wire form of the source; formats and transforms ask it for text or values by column.
`RecordBatch` holds any keys and values with Connect schemas. `Encoded` is a batch as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from cdc.columns import Spliced
from schemas.connect import Schema
from schemas.envelope import EventSchema
from schemas.table import Column, Table

Offset = Mapping[str, Any]
"""Where a source stands: string keys, primitive values (Connect's source offset)."""

Offsets = Sequence[tuple[Mapping[str, Any], Offset | None]]
"""(source partition, offset) pairs; a None offset forgets the partition."""

Header = tuple[str, Schema | None, Any]
"""Name, schema and value of one record header."""

EncodedHeader = tuple[str, bytes | None]


class Unavailable:
    """The type of `UNAVAILABLE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNAVAILABLE"


UNAVAILABLE: Final = Unavailable()
"""Stands for an unchanged value that the log does not carry (TOAST) until a format writes the
column's placeholder for it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How one column is written into an image: Python expressions for generated code.

    `expression` is over `v`, the wire form; the others stand alone: for NULL, for an unchanged
    value that is not in the log, and for a NOT NULL column missing from a key-only old image.
    """

    expression: str
    null: str
    unavailable: str
    fallback: str


@dataclass(frozen=True, slots=True)
class Part:
    """How a format writes a row image, or a key, in generated code.

    `cells` has one entry a column (of `Table.columns`, or of `Table.key`); `build` gets the names
    of the local variables that hold the cells and returns the expression of the whole. `absent` is
    what stands for a row that has no such image. `extra`: the cells of `Table.extra`, beside an image.
    """

    cells: tuple[Cell, ...]
    build: Callable[[Sequence[str]], str]
    absent: Any = None
    extra: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ImageTemplate:
    """What to extract from a row in one pass over its wire form; compared by identity.

    Sources compile it once a table version (see `Rows.render`), so formats must keep and reuse
    their templates. `row` or `key` is None when it is not wanted. `scope` holds the names that the
    expressions use.
    """

    table: Table
    row: Part | None
    key: Part | None
    scope: Mapping[str, Any]


@dataclass(slots=True)
class Images:
    """What a template made of each row: sequences of equal length; `Part.absent` where there is none.

    Lists, or `CellColumns` of a source that reads new images by column. `key` is that of the new image,
    or of the old one where the row is gone. `extra`: a list for each member of `Table.extra`.
    """

    before: list[Any]
    after: Sequence[Any]
    key: Sequence[Any]
    extra: Sequence[list[Any]] = ()


class Rows(Protocol):
    """The row images of a batch, still in the wire form of their source."""

    def __len__(self) -> int: ...

    def render(self, template: ImageTemplate) -> Images:
        """Run the template over every row. A part that is not wanted gives a list of None."""
        ...

    def select(self, indices: Sequence[int]) -> Rows:
        """Return these rows only, in this order."""
        ...


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that changes by transaction (`level` 0) or by row (`level` 1), by its index there.

    A row-level value that may be None has to say so: `nullable`.
    """

    level: int
    index: int
    nullable: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SourceBlock:
    """The `source` struct of a table's events: constants, and references to what changes.

    `fields` is parallel to `schema.fields`. A field is a constant, a `Ref`, or a tuple of string
    pieces and `Ref`s that are joined to a string (row-level values must then be plain: no quotes,
    no backslashes, no control characters).
    """

    schema: Schema
    fields: tuple[Any, ...]

    def value(self, transaction: Sequence[Any], row: Sequence[Any]) -> dict[str, Any]:
        """Return the struct of one row."""
        levels = (transaction, row)

        def resolve(part: Any) -> Any:
            if isinstance(part, Ref):
                return levels[part.level][part.index]
            if isinstance(part, tuple):
                return "".join(str(resolve(piece)) for piece in part)
            return part

        return {f.name: resolve(part) for f, part in zip(self.schema.fields, self.fields, strict=True)}


@dataclass(slots=True)
class TransactionColumns:
    """The `transaction` block of each row, where transaction metadata is on; no id: there is none."""

    ids: Sequence[str | None]
    total_order: Sequence[int]
    data_collection_order: Sequence[int]

    def select(self, indices: Sequence[int]) -> TransactionColumns:
        """Return the blocks of these rows only."""
        columns = (self.ids, self.total_order, self.data_collection_order)
        return TransactionColumns(*([column[i] for i in indices] for column in columns))  # type: ignore[arg-type]


@dataclass(slots=True)
class ChangeBatch:
    """Rows of one version of one table, by column.

    ops: one of r c u d t m for each row. rows: their images. transactions: for each row the
    transaction-level values of `source` (the same object for rows of the same transaction).
    positions: the row-level values of `source`, one column each. seq: order across the tables of
    the window (ascending). clock_ns: when the source read them (the envelope's ts_*).
    headers: on every record. key_changes: indices of deletes whose next row is the insert under
    the new key; the pair gets Debezium's `__debezium.newkey` / `__debezium.oldkey` headers.
    tombstones: whether a delete is followed by a null value. size: bytes on the wire.
    """

    topic: str
    table: Table
    schema: EventSchema
    source: SourceBlock
    ops: Sequence[str]
    rows: Rows
    transactions: Sequence[Sequence[Any]]
    positions: Sequence[Sequence[Any]]
    seq: Sequence[int]
    clock_ns: int
    size: int
    transaction: TransactionColumns | None = None
    headers: Sequence[Header] = ()
    key_changes: Sequence[int] = ()
    tombstones: bool = True

    def __len__(self) -> int:
        return len(self.ops)

    def select(self, indices: Sequence[int]) -> ChangeBatch:
        """Return these rows only; ascending, and a key change loses its mark unless both halves stay."""
        if len(indices) == len(self.ops):
            return self
        place = {index: at for at, index in enumerate(indices)}
        return replace(
            self,
            ops=[self.ops[i] for i in indices],
            rows=self.rows.select(indices),
            transactions=[self.transactions[i] for i in indices],
            positions=[[column[i] for i in indices] for column in self.positions],
            seq=[self.seq[i] for i in indices],
            size=self.size * len(indices) // max(len(self.ops), 1),
            transaction=self.transaction and self.transaction.select(indices),
            key_changes=[place[i] for i in self.key_changes if i in place and i + 1 in place],
        )


@dataclass(slots=True)
class RecordBatch:
    """Any records of one topic that share their schemas, by column.

    A None value under a struct's or a required schema is a tombstone, whatever the schema says.
    values/keys: Connect values (see `schemas.connect.Schema`); a None schema means schemaless.
    What a transform gets are lists; what a sink reads may be kept by column (`cdc.columns`).
    headers: None, or for each record its headers. timestamps: ms, or None for "now".
    partition: where they go to, or come from; None lets the log choose by key.
    offsets: in the log, for records that a sink reads. raw: the bytes they were decoded from.
    """

    topic: str
    key_schema: Schema | None
    value_schema: Schema | None
    keys: Sequence[Any]
    values: Sequence[Any]
    headers: list[Sequence[Header]] | None = None
    timestamps: Sequence[int | None] | None = None
    partition: int | None = None
    offsets: Sequence[int] = ()
    raw: Encoded | None = None

    def __len__(self) -> int:
        return len(self.values)

    def select(self, indices: Sequence[int]) -> RecordBatch:
        """Return these records only."""
        if len(indices) == len(self.values):
            return self
        return replace(
            self,
            keys=[self.keys[i] for i in indices],
            values=[self.values[i] for i in indices],
            headers=self.headers and [self.headers[i] for i in indices],
            timestamps=self.timestamps and [self.timestamps[i] for i in indices],
            offsets=self.offsets and [self.offsets[i] for i in indices],
            raw=self.raw and self.raw.select(indices),
        )


Batch = ChangeBatch | RecordBatch


@dataclass(slots=True)
class Window:
    """What a source read in one go.

    offsets: where to resume once every batch is durable; may move although there are no batches.
    more: the source has more at once, so that small commits would only cost. urgent: the offsets have
    to be durable before the source is read again. letters: what the source sets aside, for the dead letter
    queue: no transform sees them, and the offsets wait for them as for all the rest.
    """

    batches: list[Batch] = field(default_factory=list)
    offsets: Offsets = ()
    more: bool = False
    urgent: bool = False
    letters: list[RecordBatch] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows the window holds."""
        return sum(map(len, self.batches))


Texts = Sequence[bytes | None]


def text_bytes(texts: Texts) -> int:
    """Return how many bytes the texts have, all together."""
    return texts.size if isinstance(texts, Spliced) else sum(map(len, filter(None, texts)))


@dataclass(slots=True)
class Encoded:
    """A batch as bytes, in columns: what a log stores.

    Each record's key is key_wrap[0] + key + key_wrap[1], its value likewise (None stays None): what
    all records share (the schema of JsonConverter, the source block of a snapshot) is kept once.
    Where they differ in cells alone, keys and values may be `Spliced`.
    headers are on every record, row_headers on single ones (by index, placed before the shared ones).
    """

    topic: str
    keys: Texts
    values: Texts
    key_wrap: tuple[bytes, bytes] = (b"", b"")
    value_wrap: tuple[bytes, bytes] = (b"", b"")
    headers: Sequence[EncodedHeader] = ()
    row_headers: Mapping[int, Sequence[EncodedHeader]] = field(default_factory=dict)
    timestamps: Sequence[int | None] | None = None
    partition: int | None = None

    def __len__(self) -> int:
        return len(self.values)

    def select(self, indices: Sequence[int]) -> Encoded:
        """Return these records only."""
        row_headers = {
            at: self.row_headers[i]
            for at, i in enumerate(indices)
            if self.row_headers and i in self.row_headers
        }
        return replace(
            self,
            keys=[self.keys[i] for i in indices],
            values=[self.values[i] for i in indices],
            row_headers=row_headers,
            timestamps=self.timestamps and [self.timestamps[i] for i in indices],
        )

    def whole(self) -> Iterable[tuple[bytes | None, bytes | None]]:
        """Yield each record's complete key and value."""
        return zip(_wrap(self.keys, self.key_wrap), _wrap(self.values, self.value_wrap), strict=True)


def _wrap(parts: Texts, wrap: tuple[bytes, bytes]) -> Iterable[bytes | None]:
    head, tail = wrap
    if not head and not tail:
        return parts
    if isinstance(parts, Spliced):
        return parts.wrapped(head, tail)
    return [None if part is None else head + part + tail for part in parts]


@dataclass(slots=True)
class Fetched:
    """A run of consecutive records of one partition as a log reader returns them.

    `encoded.partition` is set; `offsets` has the position of each record, ascending;
    `encoded.timestamps` are in ms.
    """

    encoded: Encoded
    offsets: Sequence[int]

    @property
    def next_offset(self) -> int:
        """The position after the last record."""
        return self.offsets[-1] + 1


def column_part(columns: Sequence[Column], scope: dict[str, Any], prefix: str = "") -> Part:
    """Return the part that yields Connect values as a tuple; constants are put into `scope`."""
    cells = []
    for index, column in enumerate(columns):
        scope.update(column.codec.scope)
        scope[f"{prefix}fallback{index}"] = column.fallback
        cells.append(Cell(column.codec.value, "None", "UNAVAILABLE", f"{prefix}fallback{index}"))
    scope["UNAVAILABLE"] = UNAVAILABLE
    return Part(tuple(cells), lambda names: f"({''.join(f'{name},' for name in names)})")
