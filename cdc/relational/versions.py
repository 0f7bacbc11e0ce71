"""A version of a captured table: everything about its events that does not change from row to row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cdc.batch import (
    UNAVAILABLE,
    Cell,
    ChangeBatch,
    Header,
    ImageTemplate,
    Part,
    Rows,
    SourceBlock,
    column_part,
)
from schemas.envelope import EventSchema
from schemas.table import Table


@dataclass(eq=False)
class TableVersion:
    """One version of one table, with the maker of its batches; a source adds how it reads the rows.

    skip_unchanged: updates that change no captured column are left out.
    """

    table: Table
    topic: str
    events: EventSchema
    source: SourceBlock
    headers: Sequence[Header]
    tombstones: bool
    skip_unchanged: bool

    @cached_property
    def key_template(self) -> ImageTemplate | None:
        """What to read of an image to see whether the key changed; None for a table without a key."""
        if not self.table.key:
            return None
        scope: dict[str, Any] = {}
        return ImageTemplate(self.table, None, column_part(self.table.key, scope, "key"), scope)

    @cached_property
    def wire_template(self) -> ImageTemplate:
        """What to read of an image to see whether a captured column changed: a tuple of wire forms."""
        cells = (Cell("v", "None", "UNAVAILABLE", "None"),) * len(self.table.columns)
        part = Part(cells, lambda names: f"({''.join(f'{name},' for name in names)})")
        return ImageTemplate(self.table, part, None, {"UNAVAILABLE": UNAVAILABLE})

    def change_batch(
        self,
        *,
        ops: Sequence[str],
        rows: Rows,
        transactions: Sequence[Sequence[Any]],
        positions: Sequence[Sequence[Any]],
        seq: Sequence[int],
        clock_ns: int,
        size: int,
        key_changes: Sequence[int] = (),
    ) -> ChangeBatch:
        """Return a batch of this version's rows; see `ChangeBatch`."""
        return ChangeBatch(
            topic=self.topic,
            table=self.table,
            schema=self.events,
            source=self.source,
            ops=ops,
            rows=rows,
            transactions=transactions,
            positions=positions,
            seq=seq,
            clock_ns=clock_ns,
            size=size,
            headers=self.headers,
            key_changes=key_changes,
            tombstones=self.tombstones,
        )
