"""A source task: windows from the database to the log, until told to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cdc import offsets as offset_records
from cdc.batch import Batch, Encoded, Offset, Offsets, Window
from cdc.errors import Interrupted, LogFull
from cdc.metrics import Metrics
from cdc.plugin import Journal, LogWriter, Source, SourceContext, State
from cdc.runtime.backoff import Backoff
from cdc.runtime.chain import Chain
from cdc.runtime.encoder import Encoder
from cdc.runtime.retrying import Retrying
from cdc.runtime.sifting import sift
from cdc.runtime.source_errors import SourceErrors
from cdc.runtime.source_metrics import SourceMeter
from cdc.runtime.window_size import WindowSize

IDLE_TIMEOUT = 0.5
"""How long a read may wait when nothing is pending: also how soon a stop is noticed."""
PENDING_TIMEOUT = 0.05
"""The same while rows wait for their commit."""

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """How a task ended."""

    STOPPED = "stopped"
    FINISHED = "finished"


class StoredOffsets:
    """The durable offsets of one connector, as a source asks for them."""

    def __init__(self, connector: str, state: State) -> None:
        self._pairs = offset_records.of_connector(connector, state.items())

    def find(self, partition: Mapping[str, Any]) -> Offset | None:
        """Return the offset of a source partition."""
        return next((offset for known, offset in self._pairs if known == partition), None)

    def all(self) -> Offsets:
        """Return every (partition, offset) pair."""
        return self._pairs


@dataclass(slots=True)
class SourceTask:
    """The loop of six calls: read, transform, encode, append, commit, confirm.

    Delivery: an offset is committed only with, or after, every record before it; a window that
    cannot be encoded is left out as a whole where the log is exactly-once, else from the bad record on,
    and its offset never moves; with `errors.tolerance=all` the bad record alone is left out, with the
    tombstone of a delete. Errors leave `run` after what was read before is durable.
    """

    connector: str
    number: int
    source: Source
    chain: Chain
    encoder: Encoder
    writer: LogWriter
    offsets: StoredOffsets
    errors: SourceErrors
    metrics: Metrics
    journal: Callable[[str, Mapping[str, str]], Journal]
    max_bytes: int = 1 << 17
    on_topic: Callable[[str], None] = lambda topic: None
    retrying: Retrying | None = None
    _pending: dict[bytes, tuple[Mapping[str, Any], Offset | None]] = field(default_factory=dict)
    _dirty: bool = False
    _room: Backoff = field(default_factory=lambda: Backoff(first=0.1, limit=1.0))
    _stopping: Callable[[], bool] = lambda: False
    _meter: SourceMeter = field(init=False)

    def __post_init__(self) -> None:
        self._meter = SourceMeter(self.metrics)

    def run(self, stopping: Callable[[], bool], started: Callable[[], None] = lambda: None) -> Outcome:
        """Deliver until `stopping`, or until the source has no more; always closes what it uses."""
        self._stopping = stopping
        if self.retrying is not None:
            self.retrying.stopping, self.retrying.tick = stopping, self.source.tick
        try:
            self.source.open(self._context())
            started()
            outcome = self._loop(stopping)
            self._commit()
            return outcome
        except Interrupted as stopped:
            _log.info("%s", stopped)
            return Outcome.STOPPED
        finally:
            self._close()

    def _context(self) -> SourceContext:
        return SourceContext(
            self.connector,
            self.number,
            self.offsets.find,
            self.offsets.all,
            self.metrics,
            self.journal,
            self.writer.exactly_once,
            self._store,
            self._stopping,
        )

    def _store(self, offsets: Offsets) -> None:
        self._deliver(Window(offsets=offsets))
        self._commit()

    def _loop(self, stopping: Callable[[], bool]) -> Outcome:
        writer, size = self.writer, WindowSize(self.max_bytes)
        while not stopping():
            window = self._read(size.bytes, PENDING_TIMEOUT if self._dirty else IDLE_TIMEOUT)
            if window is None:
                return Outcome.FINISHED
            self._deliver(window)
            size.learn(window)
            if (self._dirty or self._pending) and (window.urgent or writer.due(idle=not window.more)):
                self._commit()
        return Outcome.STOPPED

    def _read(self, max_bytes: int, timeout: float) -> Window | None:
        try:
            return self.source.read(max_bytes, timeout)
        except Exception:
            self._keep()
            raise

    def _keep(self) -> None:
        """Make durable what was read before an error; a source that is broken is not told."""
        try:
            self._make_durable()
        except Exception:  # noqa: BLE001 - the source's error must not be covered up
            _log.warning("what was read before could not be committed and is read again", exc_info=True)

    def _deliver(self, window: Window) -> None:
        """Put a window into the log; from here on its offset may be committed."""
        if window.batches or window.letters:
            self._meter.read(window)
            self._append_all(window)
            self._meter.appended(window)
        for partition, offset in window.offsets:
            self._pending[offset_records.encode_key(self.connector, partition)] = (partition, offset)

    def _append_all(self, window: Window) -> None:
        """Encode and append; without transactions each batch at once, with them all or nothing."""
        tick, encoded = self.source.tick, self._encoded(window)
        for part in [*encoded] if self.writer.exactly_once else encoded:
            self._append(part, tick)

    def _encoded(self, window: Window) -> Iterator[Encoded]:
        """Yield what goes to the log: transformed, and what is set aside as it is."""
        for batch in window.batches:
            for out in sift(batch, self.chain.applied, self._transform_failed):
                yield from sift(out, self.encoder.encode, self._converter_failed)
        for letter in window.letters:
            yield from sift(letter, self.encoder.encode, self._converter_failed)

    def _transform_failed(self, record: Batch, error: Exception) -> None:
        self._bad_record(record, "TRANSFORMATION", self.chain.culprit, error)

    def _converter_failed(self, record: Batch, error: Exception) -> None:
        self._bad_record(record, *self.encoder.culprit(record), error)

    def _bad_record(self, record: Batch, stage: str, cls: type, error: Exception) -> None:
        """Leave a record out where that is tolerated, else end the task: what came before it is durable."""
        self.errors.note(record, stage, cls, error)
        if not self.errors.tolerant:
            self._commit()
            raise error

    def _append(self, encoded: Encoded, tick: Callable[[], None]) -> None:
        self.writer.append(encoded, tick)
        self._dirty = True
        self.on_topic(encoded.topic)

    def _commit(self) -> None:
        if not self._dirty and not self._pending:
            return
        self.source.confirm(self._make_durable())
        self.metrics.add("commits")
        self._meter.acknowledged(time.time())

    def _make_durable(self) -> Offsets:
        """Commit what was delivered, and return its offsets."""
        pending = list(self._pending.values())
        records = {key: offset_records.encode_offset(offset) for key, (_, offset) in self._pending.items()}
        if records or self._dirty:
            self._commit_when_there_is_room(records)
        self._pending.clear()
        self._dirty = False
        return pending

    def _commit_when_there_is_room(self, records: Mapping[bytes, bytes | None]) -> None:
        """Commit; while the log is full keep the source alive and try again, it still holds the records."""
        while True:
            try:
                self.writer.commit(records, self.source.tick)
            except LogFull as error:
                if self._stopping():
                    raise
                self._wait_for_room(error)
            else:
                self.metrics.set("LogFull", False)
                self._room.reset()
                return

    def _wait_for_room(self, error: LogFull) -> None:
        if not self._room.attempts:
            _log.error("%s; the source is not acknowledged until there is room", error)
        self.metrics.set("LogFull", True)
        time.sleep(self._room.next())
        self.source.tick()

    def _close(self) -> None:
        for close in (self.source.close, self.writer.close, self.chain.close):
            try:
                close()
            except Exception:  # noqa: BLE001 - the task's own error must not be covered up
                _log.warning("closing failed", exc_info=True)
