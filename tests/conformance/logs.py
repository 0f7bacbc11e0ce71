"""How the conformance tests get at a log of each plugin: an entry a plugin in `HARNESSES`, or several."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cdc.batch import Encoded, Fetched
from cdc.plugin import Log, LogReader, PluginKind, find


@dataclass
class LogHarness:
    """A log that is there, and what may be expected of it.

    worker: the config it is opened with, in this process and others. connector: the config of
    writers. atomic: rows and offsets become visible at once, at the commit. processes: it can be
    opened from several. largest: bytes of a record it has to take. patience: seconds after which
    something that must come is not coming. settle: seconds after which something that must not
    come has not come.
    """

    name: str
    worker: Mapping[str, str] = field(default_factory=dict)
    connector: Mapping[str, str] = field(default_factory=dict)
    atomic: bool = True
    processes: bool = True
    largest: int = 10 << 20
    patience: float = 20.0
    settle: float = 0.05

    def open(self) -> Log:
        """Open the log anew, as a process that was started again does."""
        plugin = find(PluginKind.LOG, self.name)
        log: Log = plugin.cls(plugin.config_class(self.worker))
        return log

    def topic(self, name: str = "topic") -> str:
        """Return a name that no other test uses: a log may be shared by all of them."""
        return f"{name}-{uuid.uuid4().hex[:8]}"


class MemoryHarness(LogHarness):
    """The memory log dies with its object, so that there is one."""

    def open(self) -> Log:
        if not hasattr(self, "log"):
            self.log = super().open()
        return self.log


def _kafka(request: pytest.FixtureRequest, **worker: str) -> LogHarness:
    broker = request.getfixturevalue("kafka")
    options = {"bootstrap.servers": broker.bootstrap, **worker}
    # Java's and the broker's default for a record is a megabyte.
    exactly_once = bool(worker)
    return LogHarness("kafka", options, atomic=exactly_once, largest=1_000_000, patience=30, settle=1.0)


HARNESSES: dict[str, Callable[[pytest.FixtureRequest, Path], LogHarness]] = {
    "embedded": lambda request, path: LogHarness("embedded", {"data.dir": str(path / "data")}),
    "kafka": lambda request, path: _kafka(request),
    "kafka exactly-once": lambda request, path: _kafka(request, **{"exactly.once.source.support": "enabled"}),
    "memory": lambda request, path: MemoryHarness("memory", processes=False),
}


@dataclass(frozen=True)
class Seen:
    """A record as a reader got it."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp: int | None


def seen(fetched: list[Fetched]) -> list[Seen]:
    """Return the single records."""
    found = []
    for run in fetched:
        one = run.encoded
        assert one.partition == 0
        assert len(run.offsets) == len(one.keys) == len(one.values)
        for index, (key, value) in enumerate(one.whole()):
            headers = (*one.row_headers.get(index, ()), *one.headers)
            stamp = one.timestamps[index] if one.timestamps is not None else None
            found.append(Seen(one.topic, run.offsets[index], key, value, headers, stamp))
    return found


def read(reader: LogReader, count: int, patience: float, max_bytes: int = 1 << 20) -> list[Seen]:
    """Poll until `count` records have come; fails when they do not, or when there are more."""
    import time

    found: list[Seen] = []
    deadline = time.monotonic() + patience
    while len(found) < count and time.monotonic() < deadline:
        found += seen(reader.poll(max_bytes, 0.2))
    offsets = [record.offset for record in found]
    assert len(found) == count, f"{len(found)} records came, not {count}: {offsets}"
    return found


def rows(topic: str, start: int, stop: int, **extra: Any) -> Encoded:
    """Return records with the key `k<n % 7>` and the value `<n>`."""
    numbers = range(start, stop)
    return Encoded(topic, [b"k%d" % (n % 7) for n in numbers], [b"%d" % n for n in numbers], **extra)


def values(records: list[Seen]) -> list[int]:
    """Return what `rows` numbered."""
    return [int(record.value or b"-1") for record in records]
