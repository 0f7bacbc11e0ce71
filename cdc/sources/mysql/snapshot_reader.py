"""Read the captured tables in one view, as windows that remember how far they are."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cdc.batch import ChangeBatch, Window
from cdc.capture.snapshot_metrics import SnapshotMetrics
from cdc.capture.snapshot_windows import Piece, windows
from cdc.metrics import Metrics
from cdc.sources.mysql.captured import CapturedTables, SnapshotTable
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.key_order import key_order
from cdc.sources.mysql.select_rows import select_rows
from cdc.sources.mysql.snapshot_view import SnapshotView
from cdc.sources.mysql.table_reading import TableReading, altered
from cdc.sources.mysql.text_rows import TextRows
from cdc.sources.mysql.versions import transaction_values
from schemas.table import TableId
from snapshot.progress import SnapshotProgress, TableProgress

log = logging.getLogger(__name__)

_GLOBAL_LOCK = "HoldingGlobalLock"

LeftOut = Mapping[TableId, Collection[Any]]
"""Keys of rows, as values, that the stream alone tells (see `Point`)."""


class SnapshotReader:
    """Yield the windows of a snapshot.

    tables: in the order in which they are read. progress: what earlier runs have read; updated on the
    way. first: whether nothing was told of any table yet since the position that the stream starts at.
    exactly_once: the log has no row beyond the progress that it has. The view ends with the last window.
    """

    def __init__(
        self,
        view: SnapshotView,
        config: BinlogConfig,
        captured: CapturedTables,
        tables: Sequence[SnapshotTable],
        progress: SnapshotProgress,
        metrics: Metrics,
        *,
        first: bool,
        exactly_once: bool,
        left_out: LeftOut | None = None,
    ) -> None:
        self._view, self._config, self._captured, self._tables = view, config, captured, tables
        self._progress, self._metrics, self._numbers = progress, metrics, SnapshotMetrics(metrics)
        self._first, self._exactly_once = first, exactly_once
        self._left_out = left_out or {}

    def windows(self) -> Iterator[Window]:
        """Yield windows of about 256 KB; the caller adds the connector's own offset."""
        estimated = self._view.estimates
        self._numbers.announce((self._progress.of(str(t.id)), estimated.get(t.id, 0)) for t in self._tables)
        if self._first:
            yield self._beginning()
        first = self._tables[0] if self._tables else None
        self._metrics.set(_GLOBAL_LOCK, self._view.global_lock)
        try:
            yield from windows(self._pieces(), first, self._batch, self._captured.block)
        finally:
            self._view.close()
            self._metrics.set(_GLOBAL_LOCK, False)

    def _beginning(self) -> Window:
        """Return the note that nothing has been told of any table since the position of the stream.

        It is kept before anything is told: a run that knows nothing has to expect that something was.
        """
        readings = [self._reading(table) for table in self._tables]
        started = [replace(reading.progress, complete=True) for reading in readings]
        return Window(offsets=[self._store(progress) for progress in started], urgent=True)

    def _pieces(self) -> Iterator[Piece[SnapshotTable]]:
        for table in self._tables:
            # Behind a savepoint, what is locked of a table against being altered is given back with it.
            self._view.run("SAVEPOINT cdc_table")
            yield from self._table_pieces(table)
            self._view.run("ROLLBACK TO SAVEPOINT cdc_table")

    def _table_pieces(self, table: SnapshotTable) -> Iterator[Piece[SnapshotTable]]:
        """Yield the rows of a table; each piece with the progress behind it."""
        name, reading = str(table.id), self._reading(table)
        if not reading.progress.finished:
            self._now = transaction_values(int(time.time()) * 1_000_000, file=self._view.point.since.file)
            last: Piece[SnapshotTable] = Piece(table, TextRows(table.layout, ()))
            unnoted = 0
            for rows, size in self._read(table, reading.statement):
                if len(last.rows) or last.offsets:
                    yield last
                self._numbers.count(name, len(rows))
                before = reading.progress.rows
                reading.advance(rows)
                unnoted += len(rows) - (reading.progress.rows - before)
                told = self._without_left_out(table, rows)
                last = Piece(table, told, size, [self._store(reading.progress)])
            reading.finish(unnoted)
            last.offsets, last.ends = [self._store(reading.progress)], True
            yield last
        self._numbers.finished(name)

    def _read(self, table: SnapshotTable, statement: str) -> Iterator[tuple[TextRows, int]]:
        with altered(table):
            for chunks in select_rows(self._view.connection, statement):
                yield TextRows(table.layout, chunks), sum(len(chunk.data) for chunk in chunks)

    def _without_left_out(self, table: SnapshotTable, rows: TextRows) -> TextRows:
        left_out, template = self._left_out.get(table.id), table.version.key_template
        if not left_out or template is None:
            return rows
        keys = rows.render(template).key
        return rows.select([index for index, key in enumerate(keys) if key not in left_out])

    def _reading(self, table: SnapshotTable) -> TableReading:
        name = str(table.id)
        order = key_order(self._view.connection, table.id, table.key) if table.divisible else ()
        return TableReading(
            table,
            order,
            self._progress.of(name),
            position=self._view.position,
            override=self._config.select_override(name),
        )

    def _store(self, progress: TableProgress) -> tuple[Any, Any]:
        """Return the offset of a table's progress."""
        progress = replace(progress, complete=progress.complete and self._exactly_once)
        self._progress.tables[progress.table] = progress
        return self._progress.partition(progress.table), progress.offset()

    def _batch(self, piece: Piece[SnapshotTable]) -> ChangeBatch:
        count = len(piece.rows)
        pos = self._view.point.since.pos
        return piece.table.version.change_batch(
            ops="r" * count,
            rows=piece.rows,
            transactions=(self._now,) * count,
            positions=((pos,) * count, (0,) * count),
            seq=range(count),
            clock_ns=time.time_ns(),
            size=piece.size,
        )
