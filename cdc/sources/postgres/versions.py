"""A version of a captured table: everything about its events that does not change from row to row."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import (
    UNAVAILABLE,
    Cell,
    ChangeBatch,
    Header,
    ImageTemplate,
    Part,
    Ref,
    Rows,
    SourceBlock,
    column_part,
)
from cdc.plugin import Source
from cdc.sources.postgres.tuples import TupleLayout
from schemas import connect, logical
from schemas.connect import OPTIONAL_INT64, OPTIONAL_STRING, Schema, Type
from schemas.envelope import EventSchema
from schemas.table import Table

SNAPSHOT_MARKERS = ("true", "first", "first_in_data_collection", "last_in_data_collection", "last")

SOURCE_SCHEMA = connect.struct(
    "io.debezium.connector.postgresql.Source",
    [
        ("version", connect.STRING),
        ("connector", connect.STRING),
        ("name", connect.STRING),
        ("ts_ms", connect.INT64),
        (
            "snapshot",
            Schema(
                Type.STRING,
                optional=True,
                name=logical.ENUM,
                version=1,
                parameters=(
                    (
                        "allowed",
                        "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental",
                    ),
                ),
                default="false",
            ),
        ),
        ("db", connect.STRING),
        ("sequence", OPTIONAL_STRING),
        ("ts_us", OPTIONAL_INT64),
        ("ts_ns", OPTIONAL_INT64),
        ("schema", connect.STRING),
        ("table", connect.STRING),
        ("txId", OPTIONAL_INT64),
        ("lsn", OPTIONAL_INT64),
        ("xmin", OPTIONAL_INT64),
        ("origin", OPTIONAL_STRING),
        ("origin_lsn", OPTIONAL_INT64),
    ],
    version=1,
)
"""Debezium's `source` block of the PostgreSQL connector (3.6)."""


def source_block(prefix: str, database: str, schema: str, table: str, snapshot: str) -> SourceBlock:
    """Return the block of a table's events.

    Transaction-level values: see `transaction_values`. Row-level values: the LSN.
    """
    lsn = Ref(1, 0)
    return SourceBlock(
        SOURCE_SCHEMA,
        (
            Source.version,
            "postgresql",
            prefix,
            Ref(0, 0),
            snapshot,
            database,
            ("[", Ref(0, 3), ',"', lsn, '"]'),
            Ref(0, 1),
            Ref(0, 2),
            schema,
            table,
            Ref(0, 4),
            lsn,
            None,
            Ref(0, 5),
            Ref(0, 6),
        ),
    )


def transaction_values(
    us: int,
    last_commit: int,
    xid: int | None,
    *,
    origin: str | None = None,
    origin_lsn: int | None = None,
    transaction_id: str = "",
) -> tuple[Any, ...]:
    """Return what all events of a transaction share, in the order `source_block` refers to it."""
    sequence = f'"{last_commit}"' if last_commit else "null"
    return (us // 1000, us, us * 1000, sequence, xid, origin, origin_lsn, transaction_id)


@dataclass(eq=False)
class TableVersion:
    """One version of one table, with the makers of its batches.

    skip_unchanged: updates that change no captured column are left out.
    """

    table: Table
    topic: str
    events: EventSchema
    source: SourceBlock
    layout: TupleLayout
    headers: Sequence[Header]
    tombstones: bool
    skip_unchanged: bool = False
    _key_template: ImageTemplate | None = field(init=False, default=None)
    _row_template: ImageTemplate | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.table.key:
            scope: dict[str, Any] = {}
            part = column_part(self.table.key, scope, "key")
            self._key_template = ImageTemplate(self.table, None, part, scope)

    def key_changed(self, data: bytes, text: str, old_at: int, new_at: int) -> bool:
        """Whether an update has another key than its old image."""
        if self._key_template is None:
            return False
        new, old = self.layout.readers(self._key_template)
        return bool(old(data, text, old_at)[1] != new(data, text, new_at)[1])

    def unchanged(self, data: bytes, text: str, old_at: int, new_at: int) -> bool:
        """Whether an update leaves every captured column as it was, those that it does not send included."""
        if self._row_template is None:
            cell = Cell("v", "None", "UNAVAILABLE", "None")
            part = Part(
                (cell,) * len(self.table.columns), lambda names: f"({''.join(f'{n},' for n in names)})"
            )
            self._row_template = ImageTemplate(self.table, part, None, {"UNAVAILABLE": UNAVAILABLE})
        new, old = self.layout.readers(self._row_template)
        images = zip(old(data, text, old_at)[0], new(data, text, new_at)[0], strict=True)
        return all(after is UNAVAILABLE or before == after for before, after in images)

    def completed(self, data: bytes, old_at: int, new_at: int) -> bytes | None:
        """Return the new tuple with unchanged values taken from the old one; None when it is complete."""
        pieces, missing = [], False
        for _ in self.layout.wire:
            old_end, new_end = _column_end(data, old_at), _column_end(data, new_at)
            if data[new_at] == _UNCHANGED:
                missing = True
                pieces.append(data[old_at:old_end])
            else:
                pieces.append(data[new_at:new_end])
            old_at, new_at = old_end, new_end
        return b"".join(pieces) if missing else None

    def skip(self, data: bytes, at: int) -> int:
        """Return the position behind the tuple whose first column is at `at`."""
        for _ in self.layout.wire:
            at = _column_end(data, at)
        return at

    def batch(
        self,
        *,
        ops: Sequence[str],
        rows: Rows,
        transactions: Sequence[Sequence[Any]],
        lsns: Sequence[int],
        seq: Sequence[int],
        clock_ns: int,
        size: int,
        key_changes: Sequence[int] = (),
    ) -> ChangeBatch:
        """Return a batch of this version's rows."""
        return ChangeBatch(
            topic=self.topic,
            table=self.table,
            schema=self.events,
            source=self.source,
            ops=ops,
            rows=rows,
            transactions=transactions,
            positions=(lsns,),
            seq=seq,
            clock_ns=clock_ns,
            size=size,
            headers=self.headers,
            key_changes=key_changes,
            tombstones=self.tombstones,
        )


def _column_end(data: bytes, at: int) -> int:
    return at + (5 + _int32(data, at + 1)[0] if data[at] == _TEXT else 1)


_TEXT, _UNCHANGED = ord("t"), ord("u")
_int32 = struct.Struct(">I").unpack_from
