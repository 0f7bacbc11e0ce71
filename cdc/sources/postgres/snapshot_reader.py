"""Read the captured tables, chunk by chunk, as windows that remember how far they are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdc.batch import ChangeBatch, Window
from cdc.capture.snapshot_metrics import SnapshotMetrics
from cdc.capture.snapshot_windows import Piece, windows
from cdc.metrics import Metrics
from cdc.sources.postgres.captured import CapturedTables, SnapshotTable
from cdc.sources.postgres.chunks import qualified
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.copy_out import copy_lines
from cdc.sources.postgres.copy_rows import CopyRows
from cdc.sources.postgres.table_reading import TableReading, altered
from cdc.sources.postgres.versions import transaction_values
from cdc.sources.postgres.visibility import parse_visibility
from snapshot.progress import SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from psycopg import Connection


class SnapshotReader:
    """Yield the windows of a snapshot.

    snapshot: the exported snapshot to share, or None for one of its own. lsn: the point of the log
    that the events carry. progress: what earlier runs have read; updated on the way. exactly_once:
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
        snapshot: str | None,
        lsn: int,
        metrics: Metrics,
        exactly_once: bool,
    ) -> None:
        self._connection, self._config, self._captured = connection, config, captured
        self._tables, self._progress, self._lsn = tables, progress, lsn
        self._metrics, self._exactly_once = SnapshotMetrics(metrics), exactly_once
        self._begin(snapshot)

    def _begin(self, snapshot: str | None) -> None:
        run = self._connection.execute
        run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Rows have to come in order, from the first page on, and a chunk is sorted without a file.
        run("SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0")
        run(f"SET LOCAL work_mem = '{_sort_mb(self._config)}MB'".encode())
        if snapshot is not None:
            run(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
        row = run(
            "SELECT pg_current_snapshot()::text, (extract(epoch FROM now()) * 1000000)::bigint, "
            "(pg_snapshot_xmax(pg_current_snapshot())::text::bigint & 4294967295)"
        ).fetchone()
        assert row is not None
        shown, started_us, xid = row
        self._position = str(parse_visibility(shown))
        if self._config.snapshot_locking_mode == "shared":
            run(f"SET LOCAL lock_timeout = {self._config.snapshot_lock_timeout_ms}".encode())
            for table in self._tables:
                run(f"LOCK TABLE {qualified(table)} IN ACCESS SHARE MODE".encode())
        self._transaction = transaction_values(started_us, 0, xid)
        if snapshot is not None:
            self._barrier = self._lsn
        else:
            row = run("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
            assert row is not None
            # What commits behind this point cannot be visible to the snapshot taken before it.
            self._barrier = int(row[0])

    def windows(self) -> Iterator[Window]:
        """Yield windows of about 256 KB; the caller adds the connector's own offset."""
        self._metrics.announce(
            (self._progress.of(table.catalog.full_name), table.catalog.rows) for table in self._tables
        )
        first = self._tables[0] if self._tables else None
        yield from windows(self._pieces(), first, self._batch, self._captured.block)
        self._connection.execute("COMMIT")

    def _pieces(self) -> Iterator[Piece[SnapshotTable]]:
        for table in self._tables:
            yield from self._table_pieces(table)
            self._metrics.finished(table.catalog.full_name)

    def _table_pieces(self, table: SnapshotTable) -> Iterator[Piece[SnapshotTable]]:
        """Yield the rows of a table; each piece with the progress behind it."""
        name = table.catalog.full_name
        reading = self._reading(table)
        if reading.progress.finished:
            return
        last, rows = Piece(table, CopyRows(table.layout, ())), 0
        for read in reading.reads():
            for lines in self._copied(table, read.statement):
                if len(last.rows):
                    yield last
                last = Piece(table, CopyRows(table.layout, lines), sum(map(len, lines)))
                self._metrics.count(name, len(lines))
                rows += len(lines)
                if read.place is not None:
                    reading.advance(read.place(lines[-1]), rows)
                    rows = 0
                last.offsets = [self._store(reading.progress)]
        reading.advance(None, rows)
        last.offsets = [self._store(reading.progress)]
        yield last

    def _reading(self, table: SnapshotTable) -> TableReading:
        return TableReading(
            self._connection,
            table,
            self._progress.of(table.catalog.full_name),
            position=self._position,
            barrier=self._barrier,
            chunk_bytes=int(self._config.snapshot_chunk_mb * (1 << 20)),
            override=self._config.select_override(table.catalog.full_name),
        )

    def _copied(self, table: SnapshotTable, statement: str) -> Iterator[Sequence[str]]:
        with altered(table):
            yield from copy_lines(self._connection, statement)

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


def _sort_mb(config: PostgresConfig) -> int:
    """Return what a chunk takes in memory: rows are larger there than in their pages."""
    return max(64, int(2 * config.snapshot_chunk_mb))
