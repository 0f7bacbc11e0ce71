"""Read the captured tables in one view, as windows that remember how far they are."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdc.batch import ChangeBatch, Window
from cdc.capture.side_by_side import answers
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

if TYPE_CHECKING:
    from pymysql import Connection

_GLOBAL_LOCK = "HoldingGlobalLock"

LeftOut = Mapping[TableId, Collection[Any]]
"""Keys of rows, as values, that the stream alone tells (see `Point`)."""

Answer = TableReading | TextRows
"""The reading of a table, then some of its rows at a time."""


@dataclass(slots=True)
class _Told:
    """A table that is being read: its last rows, kept until it is known whether more come."""

    reading: TableReading
    last: Piece[SnapshotTable]
    unnoted: int = 0


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
        self._times: dict[TableId, int] = {}

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
        with self._view.lent.one() as connection:
            readings = [self._reading(connection, table) for table in self._tables]
        started = [replace(reading.progress, complete=True) for reading in readings]
        return Window(offsets=[self._store(progress) for progress in started], urgent=True)

    def _pieces(self) -> Iterator[Piece[SnapshotTable] | None]:
        """Yield the rows of the tables; each piece with the progress behind it. None: nothing for a while."""
        told: dict[TableId, _Told] = {}
        view = self._view
        for one in answers(self._tables, self._read, len(view.connections), view.cancel):
            if one is None:
                yield None
                continue
            table, answer = one
            if answer is None:
                yield from self._ended(told.pop(table.id))
                self._numbers.finished(str(table.id))
            elif isinstance(answer, TableReading):
                told[table.id] = _Told(answer, Piece(table, TextRows(table.layout, ())))
                self._times[table.id] = int(time.time()) * 1_000_000
            else:
                yield from self._more(told[table.id], answer)

    def _more(self, told: _Told, rows: TextRows) -> Iterator[Piece[SnapshotTable]]:
        reading, table = told.reading, told.last.table
        if len(told.last.rows) or told.last.offsets:
            yield told.last
        self._numbers.count(str(table.id), len(rows))
        before = reading.progress.rows
        reading.advance(rows)
        told.unnoted += len(rows) - (reading.progress.rows - before)
        size = sum(len(chunk.data) for chunk in rows.chunks)
        kept = self._without_left_out(table, rows)
        told.last = Piece(table, kept, size, [self._store(reading.progress)])

    def _ended(self, told: _Told) -> Iterator[Piece[SnapshotTable]]:
        if told.reading.progress.finished:
            return
        told.reading.finish(told.unnoted)
        told.last.offsets, told.last.ends = [self._store(told.reading.progress)], True
        yield told.last

    def _read(self, table: SnapshotTable) -> Iterator[Answer]:
        """Yield a table's reading, then its rows."""
        with self._view.lent.one() as connection:
            # Behind a savepoint, what is locked of a table against being altered is given back with it.
            _run(connection, "SAVEPOINT cdc_table")
            reading = self._reading(connection, table)
            yield reading
            if not reading.progress.finished:
                with altered(table):
                    for chunks in select_rows(connection, reading.statement):
                        yield TextRows(table.layout, chunks)
            _run(connection, "ROLLBACK TO SAVEPOINT cdc_table")

    def _without_left_out(self, table: SnapshotTable, rows: TextRows) -> TextRows:
        left_out, template = self._left_out.get(table.id), table.version.key_template
        if not left_out or template is None:
            return rows
        keys = rows.render(template).key
        return rows.select([index for index, key in enumerate(keys) if key not in left_out])

    def _reading(self, connection: Connection[Any], table: SnapshotTable) -> TableReading:
        name = str(table.id)
        order = key_order(connection, table.id, table.key) if table.divisible else ()
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
        count, since = len(piece.rows), self._view.point.since
        now = transaction_values(self._times[piece.table.id], file=since.file)
        return piece.table.version.change_batch(
            ops="r" * count,
            rows=piece.rows,
            transactions=(now,) * count,
            positions=((since.pos,) * count, (0,) * count),
            seq=range(count),
            clock_ns=time.time_ns(),
            size=piece.size,
        )


def _run(connection: Connection[Any], statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
