"""Read the captured tables, chunk by chunk, as windows that remember how far they are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cdc.batch import ChangeBatch, Window
from cdc.errors import ResourceBusy
from cdc.metrics import Metrics
from cdc.sources.postgres.captured import CapturedTables, SnapshotTable
from cdc.sources.postgres.chunks import borders, qualified, select_statement, table_size
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.copy_out import copy_lines
from cdc.sources.postgres.copy_rows import CopyRows
from cdc.sources.postgres.versions import TableVersion, transaction_values
from snapshot.progress import Border, SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from psycopg import Connection


@dataclass(slots=True)
class _Piece:
    """Some rows of a table; `progress` is set on the last piece of a chunk."""

    table: SnapshotTable
    lines: Sequence[str]
    offsets: list[tuple[Any, Any]] = field(default_factory=list)


class SnapshotReader:
    """Yield the windows of a snapshot.

    snapshot: the exported snapshot to share, or None for one of its own. lsn: the point of the log
    that the events carry. progress: what earlier runs have read; updated on the way.
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
    ) -> None:
        self._connection, self._config, self._captured = connection, config, captured
        self._tables, self._progress, self._lsn = tables, progress, lsn
        self._metrics = metrics
        self._begin(snapshot)

    def _begin(self, snapshot: str | None) -> None:
        run = self._connection.execute
        run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if snapshot is not None:
            run(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
        row = run(
            "SELECT pg_current_snapshot()::text, (extract(epoch FROM now()) * 1000000)::bigint, "
            "(pg_snapshot_xmax(pg_current_snapshot())::text::bigint & 4294967295)"
        ).fetchone()
        assert row is not None
        self._position, started_us, xid = row
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
        self._announce()
        current, pending = None, None
        for piece in self._pieces():
            if not piece.lines:
                if pending is not None:
                    pending.offsets.extend(piece.offsets)
                else:
                    yield Window(offsets=piece.offsets)
                continue
            if pending is not None:
                ends = pending.table is not piece.table
                yield self._window(
                    pending, pending.table is not current, "in_data_collection" if ends else ""
                )
                current = pending.table
            pending = piece
        if pending is not None:
            yield self._window(pending, pending.table is not current, "all")
        self._connection.execute("COMMIT")

    def _announce(self) -> None:
        metrics = self._metrics
        metrics.set("TotalTableCount", len(self._tables))
        metrics.set("RemainingTableCount", len(self._tables))
        for table in self._tables:
            done = self._progress.of(table.catalog.full_name)
            metrics.tables[table.catalog.full_name] = {
                "RowsScanned": done.rows,
                "RowsEstimated": done.rows if done.finished else max(table.catalog.rows, 0),
            }

    def _pieces(self) -> Iterator[_Piece]:
        for number, table in enumerate(self._tables):
            yield from self._table_pieces(table)
            self._metrics.set("RemainingTableCount", len(self._tables) - number - 1)

    def _table_pieces(self, table: SnapshotTable) -> Iterator[_Piece]:
        name = table.catalog.full_name
        progress = self._progress.of(name)
        if progress.key != table.key:
            # Borders say nothing along another key: the table is read from its beginning.
            progress = TableProgress(name, key=table.key)
        if progress.finished:
            return
        override = self._config.select_override(name)
        for low, high in self._chunks(table, progress.resume_after, override):
            rows = 0
            statement = select_statement(table, override, low, high)
            last = _Piece(table, ())
            for lines in self._copied(table, statement):
                rows += len(lines)
                if last.lines:
                    yield last
                last = _Piece(table, lines)
                self._count(name, len(lines))
            progress = progress.advance(high, self._position, self._barrier, rows)
            self._progress.tables[name] = progress
            last.offsets = [(self._progress.partition(name), progress.offset())]
            yield last
        numbers = self._metrics.tables[name]
        numbers["RowsEstimated"] = numbers["RowsScanned"]

    def _copied(self, table: SnapshotTable, statement: str) -> Iterator[Sequence[str]]:
        """Copy; a table that was altered or dropped meanwhile is looked at again by the next try."""
        from psycopg.errors import UndefinedColumn, UndefinedTable

        try:
            yield from copy_lines(self._connection, statement)
        except (UndefinedColumn, UndefinedTable) as error:
            raise ResourceBusy(
                f"Table {table.catalog.full_name} was altered before the snapshot came to it: {error}",
                hint="the snapshot goes on by itself",
            ) from error

    def _chunks(
        self, table: SnapshotTable, resume_after: Border | None, override: str | None
    ) -> Iterator[tuple[Border | None, Border | None]]:
        cuts: list[Border] = []
        if override is None:
            size = table_size(self._connection, table)
            cuts = borders(self._connection, table, size, int(self._config.snapshot_chunk_mb * (1 << 20)))
            if resume_after is not None:
                cuts = self._behind(table, cuts, resume_after)
        low = resume_after
        for high in (*cuts, None):
            yield low, high
            low = high

    def _behind(self, table: SnapshotTable, cuts: list[Border], resume_after: Border) -> list[Border]:
        """Return the borders behind a key; the server compares, in the order of the key's type."""
        row = ", ".join("%s::" + kind.replace("%", "%%") for _, kind in table.key)
        kept = []
        for cut in cuts:
            answer = self._connection.execute(
                f"SELECT ROW({row}) > ROW({row})".encode(), (*cut, *resume_after)
            )
            if (found := answer.fetchone()) and found[0]:
                kept.append(cut)
        return kept

    def _count(self, name: str, rows: int) -> None:
        self._metrics.tables[name]["RowsScanned"] += rows

    def _window(self, piece: _Piece, opens: bool, ends: str) -> Window:
        """Return a window; the first and last rows of tables and snapshot are marked as such."""
        batch = self._batch(piece.table.version, piece)
        count = len(batch)
        first = piece.table is self._tables[0]
        markers: dict[int, str] = {}
        if opens:
            markers[0] = "first" if first else "first_in_data_collection"
        if ends == "in_data_collection" and not (first and opens and count == 1):
            markers[count - 1] = "last_in_data_collection"
        elif ends == "all":
            markers[count - 1] = "last"
        if not markers:
            return Window([batch], piece.offsets, more=True)
        batches = []
        middle = range(1 if 0 in markers else 0, count - 1 if count - 1 in markers and count > 1 else count)
        if 0 in markers:
            batches.append(self._marked(batch, 0, markers[0]))
        if middle:
            batches.append(batch.select(middle))
        if count > 1 and count - 1 in markers:
            batches.append(self._marked(batch, count - 1, markers[count - 1]))
        return Window([*batches], piece.offsets, more=True)

    def _marked(self, batch: ChangeBatch, index: int, marker: str) -> ChangeBatch:
        return replace(batch.select((index,)), source=self._captured.block(batch.table.id, marker))

    def _batch(self, version: TableVersion, piece: _Piece) -> ChangeBatch:
        count = len(piece.lines)
        return version.batch(
            ops="r" * count,
            rows=CopyRows(piece.table.layout, piece.lines),
            transactions=(self._transaction,) * count,
            lsns=(self._lsn,) * count,
            seq=range(count),
            clock_ns=time.time_ns(),
            size=sum(map(len, piece.lines)),
        )
