"""One member of a consumer group."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from cdc.batch import Fetched
from cdc.plugin import LogReader
from cdc.transport.embedded.fetch import Fetcher
from cdc.transport.embedded.members import Member
from cdc.transport.embedded.store import Store

log = logging.getLogger(__name__)


class EmbeddedReader(LogReader):
    """Read every topic whose name the given test accepts, as soon as it exists.

    `tasks.max` in the config says how many members the group has: each takes the topics whose id
    falls to its slot. A member that finds every slot taken waits for one.
    """

    def __init__(
        self, store: Store, group: str, accepts: Callable[[str], bool], config: Mapping[str, str]
    ) -> None:
        self._store, self._group, self._accepts = store, group, accepts
        self._member = Member(store.path, group, int(config.get("tasks.max", "1")))
        self._fetcher = Fetcher(store)
        self._seen: set[int] = set()
        self._names: dict[int, str] = {}
        self._ids: dict[str, int] = {}
        self._ends: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._sought: dict[str, int] = {}
        self._turn = 0
        reset = config.get("consumer.override.auto.offset.reset") or config.get("auto.offset.reset")
        self._start_at_end = reset == "latest"
        self._discover()
        self._start_at_end = False

    def poll(self, max_bytes: int, timeout: float) -> list[Fetched]:
        """Return runs of records, until they have `max_bytes` or more, without wraps.

        Rows of the file are given whole, so that it may be up to the size of one more.
        """
        deadline = time.monotonic() + timeout
        while True:
            # Before looking: what is committed afterwards ends the wait. And nobody rings for a
            # reader that never had to wait.
            listening = self._store.bell.clear()
            if found := self._fetch(max_bytes):
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            if listening:
                self._store.bell.wait(left)
            else:
                self._store.bell.listen()

    def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Continue from these offsets; those of topics that do not exist yet are kept for later."""
        for (topic, _), offset in positions.items():
            if topic in self._ids:
                self._positions[self._ids[topic]] = offset
            else:
                self._sought[topic] = offset

    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Store the offsets to continue from after a restart."""
        if not positions:
            return
        entries = [(self._group, topic, offset) for (topic, _), offset in positions.items()]
        with self._store.transaction() as connection:
            connection.executemany(
                "INSERT INTO positions VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET position = excluded.position",
                entries,
            )

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Return how many records are left in each topic of this member."""
        self._discover()
        return {(self._names[topic], 0): self._left(topic) for topic in self._positions}

    def close(self) -> None:
        """Leave the group."""
        self._member.close()
        self._store.close()

    def _left(self, topic: int) -> int:
        return self._ends[topic] - self._positions[topic]

    def _fetch(self, max_bytes: int) -> list[Fetched]:
        found: list[Fetched] = []
        self._discover()
        for topic in self._waiting():
            if max_bytes <= 0:
                break
            runs, size = self._fetcher.fetch(topic, self._names[topic], self._positions[topic], max_bytes)
            if runs:
                self._positions[topic] = runs[-1].next_offset
            found += runs
            max_bytes -= size
        return found

    def _waiting(self) -> list[int]:
        """Return the topics with records to read; another begins each time, so that none starves."""
        waiting = [topic for topic in self._positions if self._left(topic) > 0]
        self._turn += 1
        turn = self._turn % len(waiting) if waiting else 0
        return waiting[turn:] + waiting[:turn]

    def _discover(self) -> None:
        """Learn about new topics and new records."""
        if not self._member.active:
            return
        for topic, name, first, end in self._store.query("SELECT id, name, first, next FROM topics"):
            if topic not in self._seen:
                self._meet(topic, name, first, end)
            if topic in self._positions:
                self._ends[topic] = end
                if not first <= self._positions[topic] <= end:
                    self._reset(topic, name, first, end)

    def _meet(self, topic: int, name: str, first: int, end: int) -> None:
        self._seen.add(topic)
        if not self._member.owns(topic) or not self._accepts(name):
            return
        self._names[topic], self._ids[name] = name, topic
        start = end if self._start_at_end else first
        if name in self._sought:
            start = self._sought.pop(name)
        else:
            sql = "SELECT position FROM positions WHERE member_group = ? AND topic = ?"
            start = next((row[0] for row in self._store.query(sql, (self._group, name))), start)
        self._positions[topic] = start

    def _reset(self, topic: int, name: str, first: int, end: int) -> None:
        position = self._positions[topic]
        log.warning(
            "group %s stands at %d of topic %s, which has records %d to %d: %s; it continues at %d",
            *(self._group, position, name, first, end),
            "retention deleted those between" if position < first else "the log was made anew",
            first,
        )
        self._positions[topic] = first
