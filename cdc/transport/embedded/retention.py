"""Retention: the oldest rows go when they are too old, or when the file is too large.

As in Kafka, whether a group has read them does not matter (a sink that is switched off must not
fill the disk of a source); what a known group loses is logged as a warning.
"""

from __future__ import annotations

import heapq
import logging
import sqlite3
import time
from collections.abc import Iterator
from itertools import islice
from typing import Final

from cdc.errors import LogError
from cdc.transport.embedded.store import TOPIC_SPAN, Store

STEP_BYTES: Final = 64 << 20
"""What is deleted in one transaction at most: other writers wait for it."""

STEP_ROWS: Final = 4096
STEP_PAGES: Final = 1024
SHRINK_SHARE: Final = 4
"""The file shrinks when more than a quarter of it is unused: new rows reuse the rest."""

log = logging.getLogger(__name__)

Victim = tuple[int, int, int, int]
"""When it was appended (ms), id, bytes, records."""


class Retention:
    """Look after the bounds of the log after commits, every now and then.

    max_age_ms, max_bytes: -1 for no bound. Time counts from the append. max_bytes is of the file
    without its unused pages and without the write-ahead log.
    """

    def __init__(self, store: Store, max_age_ms: int, max_bytes: int, interval_ms: int) -> None:
        self._store, self._max_age_ms, self._max_bytes = store, max_age_ms, max_bytes
        self._interval_s = interval_ms / 1000
        self._next_check = 0.0
        self._written = 0

    def after_commit(self, size: int) -> None:
        """Take note of a commit of so many bytes; now and then, delete what is past the bounds."""
        self._written += size
        now = time.monotonic()
        if now < self._next_check and not self._filled():
            return
        self._store.relieve()
        self._written = 0
        try:
            more = self.enforce()
        except LogError as error:  # what was committed is safe; the next commit tries again
            log.warning("retention of %s failed: %s", self._store.path, error)
            more = False
        self._next_check = now if more else now + self._interval_s

    def enforce(self) -> bool:
        """Delete a step's worth of what is past the bounds; tell whether there may be more."""
        victims = list(self._victims())
        if victims:
            with self._store.transaction() as connection:
                for topic, last in _last_of_topic(victims).items():
                    _truncate(connection, topic, last)
        return bool(victims) | self._shrink()

    def _filled(self) -> bool:
        return self._written >= (max(1 << 20, self._max_bytes // 16) if self._max_bytes >= 0 else STEP_BYTES)

    def _victims(self) -> Iterator[Victim]:
        oldest_allowed = 0
        if self._max_age_ms >= 0:
            oldest_allowed = time.time_ns() // 1_000_000 - self._max_age_ms
        excess = self._used_bytes() - self._max_bytes if self._max_bytes >= 0 else 0
        taken = 0
        for victim in islice(self._oldest_first(), STEP_ROWS):
            if (victim[0] >= oldest_allowed and taken >= excess) or taken >= STEP_BYTES:
                return
            taken += victim[2]
            yield victim

    def _oldest_first(self) -> Iterator[Victim]:
        topics = self._store.query("SELECT id FROM topics WHERE next > first")
        return heapq.merge(*(self._of_topic(topic) for (topic,) in topics))

    def _of_topic(self, topic: int) -> Iterator[Victim]:
        # One row first: most topics have nothing to delete.
        at, end, limit = topic * TOPIC_SPAN, (topic + 1) * TOPIC_SPAN, 1
        sql = "SELECT appended, id, size, records FROM batches WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        while rows := self._store.query(sql, (at, end, limit)):
            yield from rows
            at, limit = rows[-1][1] + 1, 256

    def _used_bytes(self) -> int:
        free, pages = self._pages()
        return (pages - free) * int(self._store.query("PRAGMA page_size")[0][0])

    def _pages(self) -> tuple[int, int]:
        free = self._store.query("PRAGMA freelist_count")[0][0]
        return int(free), int(self._store.query("PRAGMA page_count")[0][0])

    def _shrink(self) -> bool:
        free, pages = self._pages()
        if free * SHRINK_SHARE <= pages or free < STEP_PAGES // 4:
            return False
        self._store.give_back(STEP_PAGES)
        return True


def _last_of_topic(victims: list[Victim]) -> dict[int, Victim]:
    return {victim[1] // TOPIC_SPAN: victim for victim in victims}


def _truncate(connection: sqlite3.Connection, topic: int, last: Victim) -> None:
    """Delete a topic's rows up to `last`, and say which groups had not read them."""
    _, row_id, _, records = last
    base = topic * TOPIC_SPAN
    first = row_id - base + records
    connection.execute("DELETE FROM batches WHERE id BETWEEN ? AND ?", (base, row_id))
    connection.execute("UPDATE topics SET first = max(first, ?) WHERE id = ?", (first, topic))
    behind = connection.execute(
        "SELECT member_group, name, ? - position FROM positions JOIN topics ON topic = name"
        " WHERE id = ? AND position < ?",
        (first, topic, first),
    )
    for group, name, lost in behind.fetchall():
        log.warning(
            "retention deleted %d records of topic %s that group %s had not read; "
            "raise log.retention.ms or log.retention.bytes, or delete the group",
            *(lost, name, group),
        )
