"""The transactions that a snapshot reads in: all of them show the database at the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cdc.capture.side_by_side import Lent
from cdc.sources.postgres.captured import SnapshotTable
from cdc.sources.postgres.chunks import qualified
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.connection import connect
from cdc.sources.postgres.slot_creation import CreatedSlot
from cdc.sources.postgres.visibility import parse_visibility

if TYPE_CHECKING:
    from psycopg import Connection

_SHOWN = """
SELECT pg_current_snapshot()::text, (extract(epoch FROM now()) * 1000000)::bigint,
       (pg_snapshot_xmax(pg_current_snapshot())::text::bigint & 4294967295)
"""


class SnapshotView:
    """One transaction, or `snapshot.max.threads` of them, but not more than there are tables.

    exported: the one to share, of a slot just made, or None for one of its own. position, barrier: of what
    is shown, see `Segment`. started_us, xid: of the transaction.
    """

    def __init__(
        self,
        connection: Connection,
        config: PostgresConfig,
        tables: Sequence[SnapshotTable],
        *,
        exported: CreatedSlot | None,
    ) -> None:
        self._config, self._connections = config, [connection]
        self._begin(connection, exported.snapshot if exported else None)
        row = connection.execute(_SHOWN).fetchone()
        assert row is not None
        shown, self.started_us, self.xid = row
        self.position = str(parse_visibility(shown))
        self._lock(tables)
        self.barrier = exported.lsn if exported else self._written()
        self.threads = max(1, min(config.snapshot_max_threads, len(tables)))
        if self.threads > 1:
            self._share()
        self.lent = Lent(self._connections)

    def _begin(self, connection: Connection, snapshot: str | None) -> None:
        run = connection.execute
        run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Rows have to come in order, from the first page on, and a chunk is sorted without a file.
        run("SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0")
        run(f"SET LOCAL work_mem = '{_sort_mb(self._config)}MB'".encode())
        if snapshot is not None:
            run(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())

    def _lock(self, tables: Sequence[SnapshotTable]) -> None:
        if self._config.snapshot_locking_mode == "shared":
            run = self._connections[0].execute
            run(f"SET LOCAL lock_timeout = {self._config.snapshot_lock_timeout_ms}".encode())
            for table in tables:
                run(f"LOCK TABLE {qualified(table)} IN ACCESS SHARE MODE".encode())

    def _written(self) -> int:
        """Return how far the log is: what commits behind it cannot be visible to a snapshot taken before."""
        row = self._connections[0].execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
        assert row is not None
        return int(row[0])

    def _share(self) -> None:
        row = self._connections[0].execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        try:
            while len(self._connections) < self.threads:
                self._connections.append(connect(self._config))
                self._begin(self._connections[-1], row[0])
        except BaseException:
            self.close()
            raise

    def cancel(self) -> None:
        """End what the server does for any of them."""
        for connection in self._connections:
            connection.pgconn.get_cancel().cancel()

    def end(self) -> None:
        """End the transaction: all has been read."""
        self._connections[0].execute("COMMIT")

    def close(self) -> None:
        """Close the connections that are there for the snapshot only."""
        for connection in self._connections[1:]:
            connection.close()


def _sort_mb(config: PostgresConfig) -> int:
    """Return what a chunk takes in memory: rows are larger there than in their pages."""
    return max(64, int(2 * config.snapshot_chunk_mb))
