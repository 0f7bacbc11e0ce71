"""The log in memory: a fake for tests that keeps every promise of the contract but durability."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from cdc.batch import Encoded, Fetched
from cdc.config import Config
from cdc.errors import Fenced
from cdc.filters import java_regex
from cdc.journals import MemoryJournal
from cdc.plugin import Journal, Log, LogReader, LogWriter, State, TopicInfo, register


class MemoryLogConfig(Config):
    """The memory log has no options; the worker's config belongs to others."""

    tolerated = ("",)


Record = tuple[Encoded, int]
"""A record is a batch as it was appended, and an index in it."""


@dataclass(slots=True)
class Store:
    """What the faces of one log share; `changed` guards it and tells of commits."""

    topics: dict[str, list[Record]] = field(default_factory=dict)
    states: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    journals: dict[str, list[bytes]] = field(default_factory=dict)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    generations: dict[tuple[str, int], int] = field(default_factory=dict)
    slots: dict[tuple[str, int, int], object] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)


@register("log", "memory")
class MemoryLog(Log):
    """Keep everything in this object: the faces of one instance share it, others see nothing.

    Behaves as the embedded log does: one partition a topic, rows and offsets visible at once, one
    member for each slot of a group. Faces may be used from several threads.
    """

    config_class = MemoryLogConfig

    def __init__(self, config: Config | None = None) -> None:
        super().__init__(config or MemoryLogConfig({}))
        self._store = Store()

    def writer(self, connector: str, task: int, config: Mapping[str, str]) -> LogWriter:
        """Return the writer of a task; an earlier writer of the same task is fenced from now on."""
        return MemoryWriter(self._store, (connector, task))

    def reader(
        self, group: str, topics: Sequence[str], config: Mapping[str, str], *, pattern: str | None = None
    ) -> LogReader:
        """Return a member of a group; `tasks.max` and `auto.offset.reset` count as everywhere."""
        matches = java_regex(pattern).fullmatch if pattern is not None else frozenset(topics).__contains__
        return MemoryReader(self._store, group, lambda name: bool(matches(name)), config)

    def state(self, name: str) -> State:
        """Return a compacted topic."""
        return MemoryState(self._store, name)

    def journal(self, topic: str, options: Mapping[str, str]) -> Journal:
        """Return a journal; there are no options that it could heed."""
        return MemoryJournal(self._store.journals.setdefault(topic, []))

    def topics(self) -> list[TopicInfo]:
        """Return the topics, by name."""
        with self._store.changed:
            return [TopicInfo(name, 1, len(records)) for name, records in sorted(self._store.topics.items())]


class MemoryWriter(LogWriter):
    """Gather batches; a commit makes them and the offsets visible at once."""

    exactly_once = True

    def __init__(self, store: Store, task: tuple[str, int]) -> None:
        self._store, self._task = store, task
        self._pending: list[Encoded] = []
        with store.changed:
            self._generation = store.generations[task] = store.generations.get(task, 0) + 1

    def append(self, encoded: Encoded, tick: Callable[[], None]) -> None:
        """Take the records."""
        if len(encoded):
            self._pending.append(encoded)

    def commit(self, offsets: Mapping[bytes, bytes | None], tick: Callable[[], None]) -> None:
        """Make everything visible; raises Fenced when another writer of the task has taken over."""
        now_ms = time.time_ns() // 1_000_000
        with self._store.changed:
            if self._store.generations[self._task] != self._generation:
                raise Fenced(f"another writer of task {self._task} has taken over")
            for encoded in self._pending:
                stamped = _stamped(encoded, now_ms)
                records = self._store.topics.setdefault(encoded.topic, [])
                records += ((stamped, index) for index in range(len(stamped)))
            _put_all(self._store, "offsets", offsets)
            self._store.changed.notify_all()
        self._pending = []

    def due(self, *, idle: bool) -> bool:
        """Commit whenever there is something."""
        return bool(self._pending) or idle

    def close(self) -> None:
        """Give up what is not committed."""
        self._pending = []


class MemoryReader(LogReader):
    """Read every topic whose name the given test accepts, as soon as it exists."""

    def __init__(
        self, store: Store, group: str, accepts: Callable[[str], bool], config: Mapping[str, str]
    ) -> None:
        self._store, self._group, self._accepts = store, group, accepts
        self._slots = max(1, int(config.get("tasks.max", "1")))
        self._slot: int | None = None
        self._positions: dict[str, int] = {}
        reset = config.get("consumer.override.auto.offset.reset") or config.get("auto.offset.reset")
        with store.changed:
            for topic in self._mine() if reset == "latest" else ():
                self._positions[topic] = store.positions.get((group, topic), len(store.topics[topic]))

    def poll(self, max_bytes: int, timeout: float) -> list[Fetched]:
        """Return runs of records, at least one record if there is any."""
        deadline = time.monotonic() + timeout
        with self._store.changed:
            while not (found := self._fetch(max_bytes)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return []
                self._store.changed.wait(left)
        return found

    def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Continue from these offsets."""
        self._positions.update({topic: offset for (topic, _), offset in positions.items()})

    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Store the offsets to continue from."""
        with self._store.changed:
            for (topic, _), offset in positions.items():
                self._store.positions[self._group, topic] = offset

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Return how many records are left in each topic of this member."""
        with self._store.changed:
            return {
                (topic, 0): len(self._store.topics[topic]) - self._position(topic) for topic in self._mine()
            }

    def close(self) -> None:
        """Leave the group."""
        with self._store.changed:
            if self._slot is not None:
                del self._store.slots[self._group, self._slots, self._slot]
                self._slot = None
                self._store.changed.notify_all()

    def _mine(self) -> list[str]:
        slots = self._store.slots
        if self._slot is None:
            free = (slot for slot in range(self._slots) if (self._group, self._slots, slot) not in slots)
            self._slot = next(free, None)
            if self._slot is not None:
                slots[self._group, self._slots, self._slot] = self
        return [
            topic
            for index, topic in enumerate(self._store.topics)
            if index % self._slots == self._slot and self._accepts(topic)
        ]

    def _position(self, topic: str) -> int:
        if topic not in self._positions:
            self._positions[topic] = self._store.positions.get((self._group, topic), 0)
        return self._positions[topic]

    def _fetch(self, max_bytes: int) -> list[Fetched]:
        found: list[Fetched] = []
        for topic in self._mine():
            records = self._store.topics[topic]
            for encoded, index in islice(records, self._position(topic), None):
                if found and max_bytes <= 0:
                    return found
                position = self._positions[topic]
                self._positions[topic] += 1
                max_bytes -= len(encoded.keys[index] or b"") + len(encoded.values[index] or b"")
                if not (found and _extend(found[-1], encoded, index, position)):
                    found.append(Fetched(_one(encoded, index), range(position, position + 1)))
        return found


class MemoryState(State):
    """One name's keys and values."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name

    def get(self, key: bytes) -> bytes | None:
        """Return the newest value of `key`."""
        return self._store.states.get(self._name, {}).get(key)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every live key with its newest value, by key."""
        with self._store.changed:
            entries = sorted(self._store.states.get(self._name, {}).items())
        yield from entries

    def put(self, key: bytes, value: bytes | None) -> None:
        """Store; None deletes."""
        with self._store.changed:
            _put_all(self._store, self._name, {key: value})

    def close(self) -> None:
        """Do nothing: the log owns the values."""


def _put_all(store: Store, name: str, entries: Mapping[bytes, bytes | None]) -> None:
    state = store.states.setdefault(name, {})
    for key, value in entries.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


def _stamped(encoded: Encoded, now_ms: int) -> Encoded:
    given = encoded.timestamps or [None] * len(encoded)
    return replace(encoded, timestamps=[now_ms if stamp is None else stamp for stamp in given])


def _one(encoded: Encoded, index: int) -> Encoded:
    assert encoded.timestamps is not None
    return replace(
        encoded,
        keys=[encoded.keys[index]],
        values=[encoded.values[index]],
        row_headers={0: encoded.row_headers[index]} if index in encoded.row_headers else {},
        timestamps=[encoded.timestamps[index]],
        partition=0,
    )


def _extend(run: Fetched, encoded: Encoded, index: int, position: int) -> bool:
    """Add a record to a run of the same topic, wraps and headers; tell whether it could be."""
    into, one = run.encoded, _one(encoded, index)
    shared = (into.topic, into.key_wrap, into.value_wrap, into.headers)
    if shared != (one.topic, one.key_wrap, one.value_wrap, one.headers):
        return False
    if one.row_headers:
        into.row_headers = {**into.row_headers, len(into.values): one.row_headers[0]}
    assert isinstance(into.keys, list)
    assert isinstance(into.values, list)
    into.keys += one.keys
    into.values += one.values
    into.timestamps = [*(into.timestamps or ()), *(one.timestamps or ())]
    run.offsets = range(run.offsets[0], position + 1)
    return True
