"""The SQLite file: its tables, connections, transactions, and the translation of its errors."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cdc.errors import CdcError, LogError, LogFull, LogUnusable
from cdc.transport.embedded.locks import FileLock
from cdc.transport.embedded.wake import Bell

FORMAT: Final = 2
"""`PRAGMA user_version` of the file."""

TOPIC_SPAN: Final = 1 << 40
"""Offsets a topic can have: a batch's id is topic id * TOPIC_SPAN + offset of its first record."""

BUSY_MS: Final = 1000
"""One wait for the write lock; longer waits are made of several, with a tick between them."""

GIVE_UP_S: Final = 60.0
CHECKPOINT_PAGES: Final = 1024  # 16 MB: rare enough for its fsyncs, small enough to take some ms only
WAL_LIMIT: Final = 64 << 20

PREPARE = """
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
"""
# page_size, auto_vacuum: only an empty file takes them. secure_delete: Debian turns it on; zeroing
# what retention frees would double its cost. cache_size: 1 MB is as fast as 4 and takes 11 MB less memory.
SETTINGS = f"""
PRAGMA busy_timeout = {BUSY_MS};
PRAGMA secure_delete = OFF;
PRAGMA cache_size = -1024;
PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
PRAGMA journal_size_limit = {WAL_LIMIT};
"""
TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS topics(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    first INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS batches(
    id INTEGER PRIMARY KEY, records INTEGER NOT NULL, size INTEGER NOT NULL, appended INTEGER NOT NULL,
    oldest INTEGER NOT NULL, newest INTEGER NOT NULL, wrap INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS wraps(
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
    key_head BLOB NOT NULL, key_tail BLOB NOT NULL, value_head BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS states(
    name TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(name, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions(
    member_group TEXT NOT NULL, topic TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY(member_group, topic)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS writers(
    connector TEXT NOT NULL, task INTEGER NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY(connector, task)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity(id TEXT NOT NULL);
INSERT INTO identity SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM identity);
PRAGMA user_version = {FORMAT};
COMMIT;
"""


def no_tick() -> None:
    """Do nothing: the tick of callers that have none."""


class Store:
    """One connection to the file, which is made when missing.

    durable: a commit is on disk when it returns (else it may be lost with the machine's power, never
    with the process). Errors are raised as LogFull or LogError, and then nothing was changed.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        self.path = path
        self.bell = Bell(path.with_name(f"{path.name}-readers"))
        self._closed = False
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(durable)
            except BaseException:
                self._connection.close()
                raise

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run one statement and return all its rows."""
        with self._translated():
            return self._connection.execute(sql, parameters).fetchall()

    @contextmanager
    def rows(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[Iterator[Any]]:
        """Run a query whose rows are wanted one after the other, perhaps not all of them."""
        with self._translated():
            cursor = self._connection.execute(sql, parameters)
            try:
                yield cursor
            finally:
                cursor.close()

    @contextmanager
    def transaction(self, tick: Callable[[], None] = no_tick) -> Iterator[sqlite3.Connection]:
        """Run the block in a write transaction; roll back when it raises.

        Waits for other writers up to a minute, with a tick every second.
        """
        with self._translated():
            self._begin(tick)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def give_back(self, pages: int) -> None:
        """Return so many unused pages at the end of the file to the file system."""
        with self._translated():
            # A script, because `execute` runs this pragma for a single page.
            self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")

    def relieve(self) -> None:
        """Start the write-ahead log anew when readers kept it from that for too long."""
        try:
            if self.path.with_name(f"{self.path.name}-wal").stat().st_size > WAL_LIMIT:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except (OSError, sqlite3.Error):
            return  # what is committed is safe; the next commit tries again

    def close(self) -> None:
        """Close the connection; what is not committed is gone."""
        if not self._closed:
            self._closed = True
            self._connection.close()
            self.bell.close()

    def _begin(self, tick: Callable[[], None]) -> None:
        deadline = time.monotonic() + GIVE_UP_S
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if _primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                tick()
            else:
                return

    def _prepare(self, durable: bool) -> None:
        self._connection.executescript(SETTINGS)
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        if self._format() == FORMAT:
            return
        # Turning WAL on does not wait for others that do the same, so that they need a lock of ours.
        with FileLock(self.path.with_name(f"{self.path.name}-lock")) as lock:
            lock.acquire(0)
            if self._format() == 0:
                self._connection.executescript(PREPARE)
                self._connection.executescript(TABLES)
        if self._format() != FORMAT:
            raise LogUnusable(
                f"{self.path} has format {self._format()}, this version reads {FORMAT}",
                hint="use the version of cdc that wrote it, or another data.dir",
            )

    def _format(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        except OSError as error:
            raise refused(error, self.path) from error


def refused(error: OSError, path: Path) -> LogError:
    """Return the error to raise where the folder cannot be used."""
    what = "is not a directory" if isinstance(error, FileExistsError) else error.strerror or str(error)
    kind = LogUnusable if error.errno in LASTING else LogError
    return kind(f"{error.filename or path}: {what}", hint=RIGHTS)


def translate(error: sqlite3.Error, path: Path) -> CdcError:
    """Return the error to raise for one of SQLite's."""
    name, primary = getattr(error, "sqlite_errorname", ""), _primary(error)
    if name in FULL:
        return LogFull(f"{path}: no room to write ({error}, {name})")
    text = f"{path}: {error} ({name})" if name else f"{path}: {error}"
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LogUnusable(text, hint="the file is damaged: restore it, or move it away and snapshot anew")
    if primary in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        writable = os.access(path.parent, os.W_OK | os.X_OK)
        return (LogError if writable else LogUnusable)(text, hint=RIGHTS)
    return LogError(text)


RIGHTS: Final = "check data.dir and the rights on it"
LASTING: Final = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG)

# A full disk is SQLITE_FULL; a quota, or the size limit of a file, is an I/O error of one of these kinds.
FULL = frozenset(
    f"SQLITE_{kind}"
    for kind in (
        "FULL",
        "IOERR_WRITE",
        "IOERR_FSYNC",
        "IOERR_DIR_FSYNC",
        "IOERR_TRUNCATE",
        "IOERR_SHMSIZE",
        "IOERR_SHMOPEN",
    )
)


def _primary(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
