"""The writer of one task: gathers in memory, writes rows and offsets in one short transaction."""

from __future__ import annotations

import hashlib
import sqlite3
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cdc.batch import Encoded
from cdc.errors import Fenced, LogFull
from cdc.plugin import LogWriter
from cdc.transport.embedded import state
from cdc.transport.embedded.blob import Row
from cdc.transport.embedded.pending import Pending, Wrap
from cdc.transport.embedded.retention import Retention
from cdc.transport.embedded.store import TOPIC_SPAN, Store

COMMIT_BYTES: Final = 2 << 20
COMMIT_S: Final = 0.1
HOLD_BYTES: Final = 64 << 20
"""What is held in memory at most while commits fail for want of room."""

QUIET_S: Final = 1.0
"""How often offsets are stored when there are no rows with them."""


class EmbeddedWriter(LogWriter):
    """Append to any topics; everything up to a commit becomes visible at once, or never.

    The write lock of the file is held for the duration of a commit only. A commit that failed with
    LogFull or LogError has changed nothing and keeps what was appended: call `commit` again, with
    the same or later offsets.
    """

    exactly_once = True

    def __init__(self, store: Store, connector: str, task: int, retention: Retention) -> None:
        self._store, self._retention = store, retention
        self._connector, self._task = connector, task
        self._pending = Pending()
        self._since = self._last = time.monotonic()
        self._topics: dict[str, int] = {}
        self._wraps: dict[Wrap, int] = {}
        self._generation = self._take_over()

    def append(self, encoded: Encoded, tick: Callable[[], None]) -> None:
        """Take the records; raises LogFull when too much waits for a commit that found no room."""
        if not len(encoded):
            return
        if self._pending.size >= HOLD_BYTES:
            raise LogFull(f"{self._store.path}: {self._pending.size} bytes wait to be committed")
        if not self._pending:
            self._since = time.monotonic()
        self._pending.add(encoded)

    def commit(self, offsets: Mapping[bytes, bytes | None], tick: Callable[[], None]) -> None:
        """Make everything appended durable, with the offsets, in one transaction."""
        self._last = time.monotonic()
        rows = self._pending.rows()  # packed before the lock is taken
        if not rows and not offsets:
            return
        learned: tuple[dict[str, int], dict[Wrap, int]] = {}, {}
        with self._store.transaction(tick) as connection:
            self._assert_not_fenced(connection)
            for topic, of_topic in rows.items():
                self._insert(connection, topic, of_topic, learned)
            state.write(connection, state.OFFSETS, offsets.items())
        self._topics.update(learned[0])
        self._wraps.update(learned[1])
        size = self._pending.size
        self._pending.clear()
        if rows:
            self._store.bell.ring()
        self._retention.after_commit(size)

    def due(self, *, idle: bool) -> bool:
        """Commit at once when the source rests, else when some MB or 100 ms have gathered."""
        now = time.monotonic()
        if not self._pending:
            return idle and now - self._last >= QUIET_S
        return idle or self._pending.size >= COMMIT_BYTES or now - self._since >= COMMIT_S

    def close(self) -> None:
        """Give up what is not committed and release the file."""
        self._pending.clear()
        self._store.close()

    def _take_over(self) -> int:
        task = (self._connector, self._task)
        with self._store.transaction() as connection:
            row = connection.execute(
                "INSERT INTO writers VALUES (?, ?, 1)"
                " ON CONFLICT DO UPDATE SET generation = generation + 1 RETURNING generation",
                task,
            ).fetchall()[0]
        return int(row[0])

    def _assert_not_fenced(self, connection: sqlite3.Connection) -> None:
        sql = "SELECT generation FROM writers WHERE connector = ? AND task = ?"
        row = connection.execute(sql, (self._connector, self._task)).fetchone()
        if row is None or row[0] != self._generation:
            raise Fenced(f"another writer of task {self._connector}-{self._task} has taken over")

    def _insert(
        self,
        connection: sqlite3.Connection,
        topic: str,
        rows: Sequence[tuple[Wrap, Row]],
        learned: tuple[dict[str, int], dict[Wrap, int]],
    ) -> None:
        topic_id = self._topics.get(topic) or learned[0].setdefault(topic, _topic_id(connection, topic))
        (position,) = connection.execute("SELECT next FROM topics WHERE id = ?", (topic_id,)).fetchone()
        base, now_ms = topic_id * TOPIC_SPAN, time.time_ns() // 1_000_000
        for wrap, row in rows:
            wrap_id = self._wraps.get(wrap) or learned[1].get(wrap)
            if wrap_id is None:
                wrap_id = learned[1][wrap] = _wrap_id(connection, wrap)
            connection.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    base + position,
                    row.records,
                    len(row.data),
                    now_ms,
                    *_stamps(row, now_ms),
                    wrap_id,
                    row.data,
                ),
            )
            position += row.records
        connection.execute("UPDATE topics SET next = ? WHERE id = ?", (position, topic_id))


def _stamps(row: Row, now_ms: int) -> tuple[int, int]:
    if row.oldest is None or row.newest is None:
        return now_ms, now_ms
    return row.oldest, row.newest


def _topic_id(connection: sqlite3.Connection, topic: str) -> int:
    connection.execute("INSERT OR IGNORE INTO topics(name) VALUES (?)", (topic,))
    (found,) = connection.execute("SELECT id FROM topics WHERE name = ?", (topic,)).fetchone()
    return int(found)


def _wrap_id(connection: sqlite3.Connection, wrap: Wrap) -> int:
    """Return the number of a wrap. A JSON schema has some KB, so the log keeps one copy of each."""
    digest = hashlib.sha256(struct.pack("<2Q", *map(len, wrap[:2])) + b"".join(wrap)).digest()
    connection.execute("INSERT OR IGNORE INTO wraps VALUES (NULL, ?, ?, ?, ?)", (digest, *wrap))
    (found,) = connection.execute("SELECT id FROM wraps WHERE hash = ?", (digest,)).fetchone()
    return int(found)
