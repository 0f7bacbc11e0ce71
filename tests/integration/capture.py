"""A source connector in this process: from a database into a log in memory, or any other log."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from cdc import offsets
from cdc.metrics import Metrics
from cdc.plugin import Log, PluginKind
from cdc.runtime import source_task
from cdc.runtime.source_task import SourceTask
from cdc.runtime.task import Assignment, build_task
from cdc.transport.memory import MemoryLog

PATIENCE = 30.0
"""Seconds that anything may take."""
source_task.IDLE_TIMEOUT = 0.05
"""A stop is noticed at once: there are a thousand of them."""

NAME = "capture"


@dataclass(frozen=True)
class Event:
    """A record: parsed key and value (None: a tombstone), header names and values."""

    topic: str
    key: Any
    value: Any
    headers: dict[str, str | None]

    @property
    def op(self) -> str:
        return "tombstone" if self.value is None else str(self.value.get("op"))

    @property
    def row(self) -> dict[str, Any]:
        return self.value["after"] or self.value["before"]


class ConnectorCapture:
    """One connector that is started and stopped as often as a test likes; the log stays."""

    prefix = "p"
    schema = ""
    """What tables are in when nothing is said."""

    def __init__(self, options: dict[str, str], log: Log | None = None):
        self.log = log or MemoryLog()
        self.options = {
            "name": NAME,
            "topic.prefix": self.prefix,
            "extended.headers.enabled": "false",
            **options,
        }
        self.metrics = Metrics()
        self.error: BaseException | None = None
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._thread: threading.Thread | None = None
        self._reader = self.log.reader("check", [], {}, pattern=".*")
        self._events: list[Event] = []

    # -- running -----------------------------------------------------------------------------

    @contextmanager
    def running(self, **options: str) -> Iterator[Self]:
        """Run until the end of the block; raises what the task raised."""
        self.start(options)
        try:
            self.until(lambda: self._started.is_set(), "opened")
            yield self
        finally:
            self.stop()
        if self.error is not None:
            raise self.error

    def start(self, options: dict[str, str] | None = None) -> None:
        self._stopping.clear()
        self._started.clear()
        self.error = None
        self._thread = threading.Thread(target=self._run, args=(self.task(options),))
        self._thread.start()

    def task(self, options: dict[str, str] | None = None) -> SourceTask:
        """Return the task as a worker would build it."""
        changed = {name.replace("_", "."): value for name, value in (options or {}).items()}
        self.options.update(changed)
        self.metrics = Metrics()
        assignment = Assignment(NAME, 0, PluginKind.SOURCE, self.options, {})
        task: Any = build_task(
            assignment, self.log, self.metrics, on_topic=lambda topic: None, draining=lambda: False
        )
        return task

    def _run(self, task: SourceTask) -> None:
        try:
            task.run(self._stopping.is_set, self._started.set)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self.error = error

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive(), "the task does not stop"

    def finish(self, **options: str) -> None:
        """Run until the task ends by itself; raises what it raised."""
        self.start(options)
        assert self._thread is not None
        self._thread.join(PATIENCE)
        self.stop()
        if self.error is not None:
            raise self.error

    def failure(self, **options: str) -> BaseException:
        """Run until the task fails; return the error."""
        try:
            self.finish(**options)
        except BaseException as error:  # noqa: BLE001 - returned
            return error
        raise AssertionError("the task did not fail")

    def until(self, condition: Callable[[], Any], what: str = "so far") -> None:
        """Wait for a condition; raises what the task raised meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if self.error is not None:
                raise self.error
            assert time.monotonic() < deadline, f"not {what} within {PATIENCE} s"
            time.sleep(0.01)

    # -- what came ---------------------------------------------------------------------------

    def all(self) -> list[Event]:
        """Return every record of the log, in order by topic."""
        while fetched := self._reader.poll(1 << 24, 0):
            for one in fetched:
                encoded = one.encoded
                for index, (key, value) in enumerate(encoded.whole()):
                    headers = [*encoded.row_headers.get(index, ()), *encoded.headers]
                    texts = {name: None if data is None else data.decode() for name, data in headers}
                    self._events.append(Event(encoded.topic, _parsed(key), _parsed(value), texts))
        return self._events

    def events(self, table: str | None = None, ops: str = "rcudt") -> list[Event]:
        """Return the data events of a table (`schema.table`, or a table of `schema`), or of all tables."""
        topic = f"{self.prefix}.{table if table and '.' in table else f'{self.schema}.{table}'}"
        wanted = (event for event in self.all() if table is None or event.topic == topic)
        return [e for e in wanted if e.value is not None and e.op in ops and "source" in e.value]

    def rows(self, table: str, ops: str = "rcud") -> list[tuple[Any, ...]]:
        """Return (op, values…) of a table's events: the new row, or the old one of a delete."""
        return [(event.op, *event.row.values()) for event in self.events(table, ops)]

    def topic(self, name: str) -> list[Event]:
        """Return the records of a topic."""
        return [event for event in self.all() if event.topic == name]

    # -- offsets -----------------------------------------------------------------------------

    def offset(self, partition: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the stored offset."""
        found = self.log.state("offsets").get(offsets.encode_key(NAME, partition or {"server": self.prefix}))
        return None if found is None else dict(offsets.decode_offset(found))

    def set_offset(self, offset: dict[str, Any] | None) -> None:
        """Store an offset, as an operator or another product would."""
        self.log.state("offsets").put(
            offsets.encode_key(NAME, {"server": self.prefix}), offsets.encode_offset(offset)
        )

    def progress(self) -> dict[str, Any]:
        """Return the stored progress of the snapshot, by table."""
        pairs = offsets.of_connector(NAME, self.log.state("offsets").items())
        return {p["snapshot_table"]: offset for p, offset in pairs if "snapshot_table" in p}


@contextmanager
def logged(level: int = logging.WARNING) -> Iterator[list[str]]:
    """Collect log messages of the source and its runtime."""
    messages: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, handler = logging.getLogger("cdc"), Collect(level)
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(min(level, before or level))
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _parsed(data: bytes | None) -> Any:
    if data is None:
        return None
    parsed = json.loads(data)
    return (
        parsed["payload"] if isinstance(parsed, dict) and parsed.keys() == {"schema", "payload"} else parsed
    )
