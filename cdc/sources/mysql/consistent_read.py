"""A transaction that shows all tables at one point of the binary log, with locks of milliseconds or none.

InnoDB shows a transaction what was committed when it began; the log has its own end. That the two mean
the same is what a lock is for: `FLUSH TABLES WITH READ LOCK` stops all commits, `LOCK TABLES … READ`
those into the captured tables. MariaDB needs neither: it opens the view and notes the position in one
step (https://mariadb.com/kb/en/enhancements-for-start-transaction-with-consistent-snapshot/). Where the
server grants no lock, or only one that lets commits through, the point is not exact: `Point.since` says
from where on a change may be in the view.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cdc.errors import ServerNotReady
from cdc.sources.mysql.catalog import qualified
from cdc.sources.mysql.server import BinlogStatus, Server, binlog_status, mariadb_status
from schemas.table import TableId

if TYPE_CHECKING:
    from pymysql import Connection

log = logging.getLogger(__name__)

_REFUSED = frozenset((1044, 1045, 1142, 1205, 1227, 3024))
"""Access denied in its several forms, lock wait timeout."""
_SYNTAX_ERROR = 1064
_GLOBAL_LOCK = "FLUSH TABLES WITH READ LOCK"
_BACKUP_LOCK = "LOCK TABLES FOR BACKUP"
"""Percona's: it stops DDL and what has no transactions, nothing else."""
_SETTLE_SECONDS = 1.0
"""How long a commit may take from the log to the tables, where no GTIDs tell."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where in the log a view of the tables stands.

    until: what is behind it is not in the view. since: what is before it, is; the same where a lock made
    it exact. Rows that changed between the two are in the view or not: there the stream is to be trusted.
    """

    until: BinlogStatus
    since: BinlogStatus

    @property
    def exact(self) -> bool:
        """Whether the view is the log's state at `until`."""
        return self.since == self.until


Connect = Callable[[], "Connection[Any]"]


class _Lock(NamedTuple):
    """A way to lock. stops_commits: nothing is committed into the captured tables while it lasts."""

    statement: str
    stops_commits: bool = True


@dataclass(slots=True)
class ConsistentRead:
    """Open the view over `reader`; locks are held by a connection of their own (`connect`).

    locking_mode: `snapshot.locking.mode`. lock_timeout: seconds, at least one counts. others: connections
    that are to have the same view; shared: whether they do, which takes a lock. global_lock: whether all
    tables of the server are locked.
    """

    reader: Connection[Any]
    connect: Connect
    server: Server
    locking_mode: str
    lock_timeout: float
    others: Sequence[Connection[Any]] = ()
    shared: bool = False
    global_lock: bool = False
    _locker: Connection[Any] | None = None

    def begin(self, tables: Sequence[TableId]) -> Point:
        """Start the transaction and return its point; what is locked longer is freed by `release`.

        An earlier one is given up. Raises ServerNotReady for a lock that the server does not know.
        """
        for reader in (self.reader, *self.others):
            self._prepare(reader)
        noted = self.server.is_mariadb and self.locking_mode != "extended"
        if noted and not self.others:
            return self._noted_view()
        for lock in self._locks(tables):
            with self._refusable(lock.statement):
                self._take(lock.statement)
                point = self._view(exact=lock.stops_commits)
                if self.locking_mode != "extended":
                    self.release()
                return point
        return self._noted_view() if self.server.is_mariadb else self._view(exact=False)

    def release(self) -> None:
        """Give up what is locked."""
        locker, self._locker, self.global_lock = self._locker, None, False
        if locker is not None:
            locker.close()

    def _prepare(self, reader: Connection[Any]) -> None:
        _run(reader, "ROLLBACK")
        _run(reader, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if self.server.is_mariadb:
            _release_savepoints(reader)

    def _locks(self, tables: Sequence[TableId]) -> Iterator[_Lock]:
        """Yield the ways to lock, best first."""
        mode = self.locking_mode
        if mode in ("minimal", "extended"):
            yield _Lock(_GLOBAL_LOCK)
        elif mode.startswith("minimal_percona"):
            yield _Lock(_BACKUP_LOCK, stops_commits=False)
        if mode != "none" and not mode.endswith("no_table_locks") and tables:
            yield _Lock(f"LOCK TABLES {', '.join(f'{qualified(table)} READ' for table in tables)}")

    @contextmanager
    def _refusable(self, statement: str) -> Iterator[None]:
        from pymysql.err import MySQLError

        try:
            yield
        except MySQLError as error:
            self.release()
            if error.args[0] == _SYNTAX_ERROR and statement == _BACKUP_LOCK:
                raise ServerNotReady(
                    f"snapshot.locking.mode={self.locking_mode}: {self.server.product} does not know "
                    f"{_BACKUP_LOCK}, which is Percona Server's",
                    hint="set snapshot.locking.mode=minimal",
                ) from error
            if error.args[0] not in _REFUSED:
                raise
            log.warning("%s was refused (%s); trying another way", _shortened(statement), error.args[1])

    def _take(self, lock: str) -> None:
        self._locker = locker = self.connect()
        _run(locker, f"SET SESSION lock_wait_timeout = {max(1, round(self.lock_timeout))}")
        _run(locker, lock)
        self.global_lock = lock == _GLOBAL_LOCK

    def _view(self, *, exact: bool) -> Point:
        """Start the transaction; exact: nothing is committed meanwhile.

        Else a commit is in the log first and shown a little later: what is behind `since` may be shown.
        """
        since, self.shared = None if exact else self._settled(), exact
        for reader in (self.reader, *self.others) if exact else (self.reader,):
            _run(reader, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
        status = binlog_status(self.reader, self.server)
        return Point(status, since or status)

    def _noted_view(self) -> Point:
        self.shared = False
        _run(self.reader, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
        with self.reader.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'binlog_snapshot_%'")
            found = {str(name).lower(): str(value) for name, value in cursor.fetchall()}
        file, pos = found.get("binlog_snapshot_file", ""), int(found.get("binlog_snapshot_position") or 0)
        status = mariadb_status(self.reader, file, pos) if file else binlog_status(self.reader, self.server)
        return Point(status, status)

    def _settled(self) -> BinlogStatus:
        """Return a place of the log before which everything is shown.

        A transaction among `gtid_executed` is shown. Without GTIDs time is all there is.
        """
        log.warning("The snapshot starts without a lock: changes of this moment come from the stream")
        status = binlog_status(self.reader, self.server)
        if self.server.uses_gtids:
            return BinlogStatus(status.file, status.pos, _executed(self.reader))
        time.sleep(_SETTLE_SECONDS)
        return status


def _release_savepoints(reader: Connection[Any]) -> None:
    """Let a rollback to a savepoint give back the locks against ALTER TABLE that came behind it.

    MariaDB does so only where the session writes no log; the right to say so is BINLOG ADMIN.
    """
    from pymysql.err import MySQLError

    try:
        _run(reader, "SET SESSION sql_log_bin = 0")
    except MySQLError as error:
        if error.args[0] not in _REFUSED:
            raise
        log.info("Tables cannot be altered until the snapshot ends: %s", error.args[1])


def _executed(connection: Connection[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@global.gtid_executed")
        (gtids,) = cursor.fetchone() or ("",)
        return "".join(str(gtids).split())


def _run(connection: Connection[Any], statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _shortened(statement: str) -> str:
    return statement if len(statement) <= 120 else statement[:117] + "..."
