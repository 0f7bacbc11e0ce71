"""The rows of a window, gathered by table version: rows events in, change batches out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import ChangeBatch
from cdc.sources.mysql.binlog.events import Rows
from cdc.sources.mysql.event_rows import EventRows, Segment, locate
from cdc.sources.mysql.versioned_rows import current
from cdc.sources.mysql.versions import TableVersion


@dataclass(slots=True)
class _Gathered:
    """The rows of one version; the columns of `ChangeBatch` that grow with them."""

    segments: list[Segment] = field(default_factory=list)
    ops: list[str] = field(default_factory=list)
    transactions: list[Sequence[Any]] = field(default_factory=list)
    pos: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class WindowRows:
    """Gather rows; `seq` counts them, and whatever else asks for a number, across tables.

    skipped: operations that are left out where only the rows tell what they are.
    """

    skipped: frozenset[str] = frozenset()
    seq: int = 0
    _versions: dict[TableVersion, _Gathered] = field(default_factory=dict)

    def take(
        self, version: TableVersion, event: Rows, transaction: Sequence[Any], file: str, done: int = 0
    ) -> None:
        """Take the rows of an event in a file but the first `done`; raises Malformed."""
        segment = locate(version.layout, event, file)
        gathered = self._versions.get(version)
        if gathered is None:
            gathered = self._versions[version] = _Gathered()
        gathered.size += event.stop - event.start
        rows: Sequence[int] = range(len(segment.after_at))
        if done:
            rows = rows[done:]
            segment = segment.part(rows)
        row_end = version.layout.row_end
        if row_end is None:
            self._gather(version, gathered, segment, rows, event.pos, transaction)
            return
        for op, places in current(segment, row_end):
            if op not in self.skipped:
                part, numbers = segment.part(places, op), [rows[at] for at in places]
                self._gather(version, gathered, part, numbers, event.pos, transaction)

    def empty(self, version: TableVersion, pos: int, transaction: Sequence[Any]) -> None:
        """Take a TRUNCATE: one event without a row."""
        gathered = self._versions.setdefault(version, _Gathered())
        self._add(gathered, Segment.truncated(), (0,), pos, transaction)

    def number(self) -> int:
        """Return the next number, for what is no row."""
        self.seq += 1
        return self.seq

    def batches(self, clock_ns: int) -> list[ChangeBatch]:
        """Return what was gathered, in the order of the first rows; begin anew."""
        found = [self._batch(version, rows, clock_ns) for version, rows in self._versions.items()]
        self._versions.clear()
        return [batch for batch in found if len(batch)]

    def _gather(
        self,
        version: TableVersion,
        gathered: _Gathered,
        segment: Segment,
        rows: Sequence[int],
        pos: int,
        transaction: Sequence[Any],
    ) -> None:
        if segment.rekeyed or (segment.op == "u" and version.skip_unchanged):
            self._take_updates(version, gathered, segment, rows, pos, transaction)
        else:
            self._add(gathered, segment, rows, pos, transaction)

    def _take_updates(
        self,
        version: TableVersion,
        gathered: _Gathered,
        segment: Segment,
        rows: Sequence[int],
        pos: int,
        transaction: Sequence[Any],
    ) -> None:
        """Take updates that may be none, or change the key: that becomes a delete and an insert."""
        if version.skip_unchanged:
            kept = version.changed(segment)
            if len(kept) < len(segment):
                segment, rows = segment.part(kept), [rows[at] for at in kept]
        start = 0
        for at in version.moved(segment):
            self._add(gathered, segment.part(range(start, at)), rows[start:at], pos, transaction)
            gathered.moved.append(len(gathered.ops))
            for op in "dc":
                self._add(gathered, segment.part((at,), op), rows[at : at + 1], pos, transaction)
            start = at + 1
        if start:
            segment, rows = segment.part(range(start, len(segment))), rows[start:]
        self._add(gathered, segment, rows, pos, transaction)

    def _add(
        self, gathered: _Gathered, segment: Segment, rows: Sequence[int], pos: int, transaction: Sequence[Any]
    ) -> None:
        count = len(rows)
        if not count:
            return
        seq = self.seq
        self.seq = seq + count
        gathered.segments.append(segment)
        gathered.ops += segment.op * count
        gathered.row += rows
        if count == 1:
            gathered.transactions.append(transaction)
            gathered.pos.append(pos)
            gathered.seq.append(seq + 1)
        else:
            gathered.transactions += (transaction,) * count
            gathered.pos += (pos,) * count
            gathered.seq += range(seq + 1, seq + count + 1)

    @staticmethod
    def _batch(version: TableVersion, rows: _Gathered, clock_ns: int) -> ChangeBatch:
        return version.batch(
            ops=rows.ops,
            rows=EventRows(rows.segments),
            transactions=rows.transactions,
            pos=rows.pos,
            row=rows.row,
            seq=rows.seq,
            clock_ns=clock_ns,
            size=rows.size,
            key_changes=rows.moved,
        )
