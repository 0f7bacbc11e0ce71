"""A version of a captured table: its events, and what a change did to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdc.batch import UNAVAILABLE, ChangeBatch, Ref, SourceBlock
from cdc.capture import source_block as common
from cdc.relational import versions
from cdc.sources.mysql.event_rows import Segment, read_images
from cdc.sources.mysql.flavours import Flavour
from cdc.sources.mysql.row_layout import RowLayout

GTID, FILE = 4, 5
"""Where they stand among `transaction_values`."""


def source_block(flavour: Flavour, prefix: str, database: str, table: str | None, marker: str) -> SourceBlock:
    """Return the block of a table's events; marker: a snapshot's, or `false`.

    Transaction-level values: see `transaction_values`. Row-level values: the position of the event, and the
    row in it.
    """
    own = (table, Ref(0, 3), Ref(0, 4), Ref(0, 5), Ref(1, 0), Ref(1, 1), Ref(0, 6), Ref(0, 7))
    return common.source_block(flavour.source_schema, flavour.connector, prefix, marker, database, None, own)


def transaction_values(
    us: int,
    *,
    file: str,
    server_id: int = 0,
    gtid: str | None = None,
    thread: int | None = None,
    query: str | None = None,
    transaction_id: str = "",
) -> tuple[Any, ...]:
    """Return what all events of a transaction (or of its statement, with `query`) share.

    In the order in which `source_block` refers to it; us: microseconds since 1970.
    """
    return (*common.clock_values(us), server_id, gtid, file, thread, query, transaction_id)


@dataclass(eq=False)
class TableVersion(versions.TableVersion):
    """One version of one table, as the binary log has its rows."""

    layout: RowLayout

    def moved(self, segment: Segment) -> list[int]:
        """Return which rows of an update have another key than before."""
        if self.key_template is None or not segment.rekeyed:
            return []
        # The same octets are the same key; others may be.
        rows = segment.part(segment.rekeyed)
        _, old = read_images(rows, self.key_template, new=False)
        _, new = read_images(rows, self.key_template, new=True)
        return [at for at, one, other in zip(segment.rekeyed, old, new, strict=True) if one != other]

    def changed(self, segment: Segment) -> list[int]:
        """Return which rows of an update differ in a captured column; one that is not sent does not."""
        old, _ = read_images(segment, self.wire_template, new=False)
        new, _ = read_images(segment, self.wire_template, new=True)
        return [
            at
            for at, (before, after) in enumerate(zip(old, new, strict=True))
            if any(b is not UNAVAILABLE is not a and a != b for b, a in zip(before, after, strict=True))
        ]

    def batch(self, *, pos: Sequence[int], row: Sequence[int], **parts: Any) -> ChangeBatch:
        """Return a batch of this version's rows; see `change_batch`."""
        return self.change_batch(positions=(pos, row), **parts)
