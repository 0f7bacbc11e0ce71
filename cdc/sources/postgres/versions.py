"""A version of a captured table: its events, and what its tuples have to say about a change."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdc.batch import UNAVAILABLE, ChangeBatch, Ref, SourceBlock
from cdc.capture import source_block as common
from cdc.relational import versions
from cdc.sources.postgres.enum_labels import LabelCheck
from cdc.sources.postgres.tuples import TupleLayout
from schemas import connect
from schemas.connect import OPTIONAL_INT64, OPTIONAL_STRING

CONNECTOR = "postgresql"
"""The connector's name in `source` and headers."""

SOURCE_SCHEMA = common.source_schema(
    "io.debezium.connector.postgresql.Source",
    [
        ("schema", connect.STRING),
        ("table", connect.STRING),
        ("txId", OPTIONAL_INT64),
        ("lsn", OPTIONAL_INT64),
        ("xmin", OPTIONAL_INT64),
        ("origin", OPTIONAL_STRING),
        ("origin_lsn", OPTIONAL_INT64),
    ],
)
"""Debezium's `source` block of the PostgreSQL connector (3.6)."""


def source_block(prefix: str, database: str, schema: str, table: str, snapshot: str) -> SourceBlock:
    """Return the block of a table's events.

    Transaction-level values: see `transaction_values`. Row-level values: the LSN.
    """
    lsn = Ref(1, 0)
    sequence = ("[", Ref(0, 3), ',"', lsn, '"]')
    own = (schema, table, Ref(0, 4), lsn, None, Ref(0, 5), Ref(0, 6))
    return common.source_block(SOURCE_SCHEMA, CONNECTOR, prefix, snapshot, database, sequence, own)


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
    return (*common.clock_values(us), sequence, xid, origin, origin_lsn, transaction_id)


@dataclass(eq=False)
class TableVersion(versions.TableVersion):
    """One version of one table, as pgoutput sends its rows. labels: None without columns of enums."""

    layout: TupleLayout
    labels: LabelCheck | None = None

    def key_changed(self, data: bytes, text: str, old_at: int, new_at: int) -> bool:
        """Whether an update has another key than its old image."""
        if self.key_template is None:
            return False
        new, old = self.layout.readers(self.key_template)
        return bool(old(data, text, old_at)[1] != new(data, text, new_at)[1])

    def unchanged(self, data: bytes, text: str, old_at: int, new_at: int) -> bool:
        """Whether an update leaves every captured column as it was, those that it does not send included."""
        new, old = self.layout.readers(self.wire_template)
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

    def batch(self, *, lsns: Sequence[int], **parts: Any) -> ChangeBatch:
        """Return a batch of this version's rows; see `change_batch`."""
        return self.change_batch(positions=(lsns,), **parts)


def _column_end(data: bytes, at: int) -> int:
    return at + (5 + _int32(data, at + 1)[0] if data[at] == _TEXT else 1)


_TEXT, _UNCHANGED = ord("t"), ord("u")
_int32 = struct.Struct(">I").unpack_from
