"""Read the captured tables, chunk by chunk, as windows that remember how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdc.batch import ChangeBatch, Window
from cdc.capture.side_by_side import answers
from cdc.capture.snapshot_metrics import SnapshotMetrics
from cdc.capture.snapshot_windows import Piece, windows
from cdc.metrics import Metrics
from cdc.sources.postgres.captured import CapturedTables, SnapshotTable
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.copy_out import copy_lines
from cdc.sources.postgres.copy_rows import CopyRows
from cdc.sources.postgres.slot_creation import CreatedSlot
from cdc.sources.postgres.snapshot_view import SnapshotView
from cdc.sources.postgres.table_reading import TableReading, altered
from cdc.sources.postgres.versions import transaction_values
from snapshot.progress import Border, SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from psycopg import Connection


Answer = tuple[TableReading, Callable[[str], Border] | None, Sequence[str]]
"""The reading of a table, what tells how far a row of it is, and some of its lines."""


@dataclass(slots=True)
class _Told:
    """A table that is being read: its last rows, kept until it is known whether more come."""

    reading: TableReading
    last: Piece[SnapshotTable]
    unnoted: int = 0


class SnapshotReader:
    """Yield the windows of a snapshot.

    exported: the snapshot to share, or None for one of its own. lsn: the point of the log that the
    events carry. progress: what earlier runs have read; updated on the way. exactly_once:
    the log has no row beyond the progress that it has.
    """

    def __init__(
        self,
        connection: Connection,
        config: PostgresConfig,
        captured: CapturedTables,
        tables: Sequence[SnapshotTable],
        progress: SnapshotProgress,
        *,
        exported: CreatedSlot | None,
        lsn: int,
        metrics: Metrics,
        exactly_once: bool,
    ) -> None:
        self._config, self._captured = config, captured
        self._tables, self._progress, self._lsn = tables, progress, lsn
        self._metrics, self._exactly_once = SnapshotMetrics(metrics), exactly_once
        self._view = SnapshotView(connection, config, tables, exported=exported)
        self._transaction = transaction_values(self._view.started_us, 0, self._view.xid)

    @property
    def position(self) -> str:
        """What the snapshot shows, see `Segment`."""
        return self._view.position

    def windows(self) -> Iterator[Window]:
        """Yield windows of about 256 KB; the caller adds the connector's own offset."""
        self._metrics.announce(
            (self._progress.of(table.catalog.full_name), table.catalog.rows) for table in self._tables
        )
        first = self._tables[0] if self._tables else None
        try:
            yield from windows(self._pieces(), first, self._batch, self._captured.block)
            self._view.end()
        finally:
            self._view.close()

    def _pieces(self) -> Iterator[Piece[SnapshotTable] | None]:
        """Yield the rows of the tables; each piece with the progress behind it. None: nothing for a while."""
        told: dict[str, _Told] = {}
        for one in answers(self._tables, self._read, self._view.threads, self._view.cancel):
            if one is None:
                yield None
                continue
            table, answer = one
            name = table.catalog.full_name
            if answer is None:
                yield from self._ended(told.pop(name))
                self._metrics.finished(name)
            elif name not in told:
                told[name] = _Told(answer[0], Piece(table, CopyRows(table.layout, ())))
            elif not answer[2]:
                yield None
            else:
                yield from self._more(told[name], answer)

    def _more(self, told: _Told, answer: Answer) -> Iterator[Piece[SnapshotTable]]:
        reading, place, lines = answer
        table = told.last.table
        if len(told.last.rows):
            yield told.last
        told.last = Piece(table, CopyRows(table.layout, lines), sum(map(len, lines)))
        self._metrics.count(table.catalog.full_name, len(lines))
        told.unnoted += len(lines)
        if place is not None:
            reading.advance(place(lines[-1]), told.unnoted)
            told.unnoted = 0
        told.last.offsets = [self._store(reading.progress)]

    def _ended(self, told: _Told) -> Iterator[Piece[SnapshotTable]]:
        if told.reading.progress.finished:
            return
        told.reading.advance(None, told.unnoted)
        told.last.offsets, told.last.ends = [self._store(told.reading.progress)], True
        yield told.last

    def _read(self, table: SnapshotTable) -> Iterator[Answer]:
        """Yield a table's reading, then what it reads."""
        with self._view.lent.one() as connection:
            reading = self._reading(connection, table)
            yield reading, None, ()
            for read in reading.reads():
                with altered(table):
                    for lines in copy_lines(connection, read.statement):
                        yield reading, read.place, lines

    def _reading(self, connection: Connection, table: SnapshotTable) -> TableReading:
        return TableReading(
            connection,
            table,
            self._progress.of(table.catalog.full_name),
            position=self._view.position,
            barrier=self._view.barrier,
            chunk_bytes=int(self._config.snapshot_chunk_mb * (1 << 20)),
            override=self._config.select_override(table.catalog.full_name),
        )

    def _store(self, progress: TableProgress) -> tuple[Any, Any]:
        """Return the offset of a table's progress."""
        return self._progress.put(replace(progress, complete=progress.complete and self._exactly_once))

    def _batch(self, piece: Piece[SnapshotTable]) -> ChangeBatch:
        count = len(piece.rows)
        return piece.table.version.batch(
            ops="r" * count,
            rows=piece.rows,
            transactions=(self._transaction,) * count,
            lsns=(self._lsn,) * count,
            seq=range(count),
            clock_ns=time.time_ns(),
            size=piece.size,
        )
