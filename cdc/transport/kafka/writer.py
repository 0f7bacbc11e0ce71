"""Write a source task's records, at least once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from cdc.batch import Encoded, text_bytes
from cdc.plugin import LogWriter
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.lanes import Lanes
from cdc.transport.kafka.topic_maker import TopicMaker

Tick = Callable[[], None]

BARRIER = 0.5
"""Seconds between commits under load, at least: a flush stalls the pipe for some milliseconds."""
LONGEST_BARRIER = 5.0
_COST = 0.02
"""The share of time that commits may take before they come less often."""
IDLE_BARRIER = 0.1
"""Seconds between commits when the source has nothing more to give at once."""
HELD_BYTES = 1 << 22
"""How much may wait for new topics, which are made together."""
_SLICE = 0.5
_NO_PARTITION = -1


class OffsetStore(Protocol):
    """Where the offsets go once the records are durable."""

    def put_all(self, offsets: Mapping[bytes, bytes | None]) -> None:
        """Store durably."""
        ...


class KafkaWriter(LogWriter):
    """Send records through idempotent producers; offsets follow when the brokers have them.

    A producer reports failures only, and to one place: that makes a record cost a microsecond.
    `commit` is therefore a barrier: it waits until nothing is under way.
    """

    longest_barrier = LONGEST_BARRIER

    def __init__(
        self,
        lanes: Lanes,
        failures: Failures,
        topics: TopicMaker,
        offset_topics: Sequence[str],
        store: OffsetStore | None = None,
    ) -> None:
        """`offset_topics`: where the producers write offsets. store: where they go besides, afterwards."""
        self._lanes, self._failures, self._topics = lanes, failures, topics
        self._offset_topics, self._store = offset_topics, store
        self._committed = self._ticked = time.monotonic()
        self._barrier = BARRIER
        self._appended = False
        self._held: list[Encoded] = []
        self._held_bytes = 0
        topics.ensure(offset_topics, lambda: None)

    def append(self, encoded: Encoded, tick: Tick) -> None:
        """Queue the records; waits while the queue is full. They can be read before `commit`.

        Those of a new topic wait for others of their kind, until the source pauses or a commit comes.
        """
        self._failures.serve(self._lanes.of(encoded.topic).poll, 0)
        if not encoded.values:
            return
        self._appended = True
        if self._topics.knows(encoded.topic):
            self._queue(encoded, tick)
            return
        self._held.append(encoded)
        self._held_bytes += text_bytes(encoded.values)
        if self._held_bytes >= HELD_BYTES:
            self._release(tick)

    def _release(self, tick: Tick) -> None:
        """Queue what waits for its topics."""
        if not self._held:
            return
        self._topics.ensure((encoded.topic for encoded in self._held), tick)
        held, self._held, self._held_bytes = self._held, [], 0
        for encoded in held:
            self._queue(encoded, tick)

    def _queue(self, encoded: Encoded, tick: Tick) -> None:
        if encoded.row_headers or encoded.timestamps:
            self._append_singly(encoded, tick)
        else:
            self._append_alike(encoded, tick)

    def _append_alike(self, encoded: Encoded, tick: Tick) -> None:
        """Queue records that have the same headers, and the time of now."""
        topic, produce = encoded.topic, self._lanes.of(encoded.topic).produce
        rest = _rest(encoded, list(encoded.headers))
        for key, value in encoded.whole():
            try:
                # Positions, not names: parsing keyword arguments would cost as much as the call.
                produce(topic, value, key, *rest)
            except BufferError:
                self._retry(tick, produce, topic, value, key, *rest)
            except driver().KafkaException as error:
                raise translate(error, _subject(topic, key)) from None

    def _append_singly(self, encoded: Encoded, tick: Tick) -> None:
        topic, produce = encoded.topic, self._lanes.of(encoded.topic).produce
        shared: Any = list(encoded.headers)
        single: dict[int, Any] = {index: [*own, *shared] for index, own in encoded.row_headers.items()}
        times = encoded.timestamps or [0] * len(encoded)
        for index, (key, value) in enumerate(encoded.whole()):
            rest = _rest(encoded, single.get(index, shared), times[index] or 0)
            record = (topic, value, key, *rest)
            try:
                produce(*record)
            except BufferError:
                self._retry(tick, produce, *record)
            except driver().KafkaException as error:
                raise translate(error, _subject(topic, key)) from None

    def _retry(self, tick: Tick, produce: Callable[..., None], *record: object) -> None:
        while True:
            self._failures.serve(self._lanes.poll, 0.01)
            self._tick(tick)
            try:
                produce(*record)
            except BufferError:
                continue
            except driver().KafkaException as error:
                raise translate(error, f"Topic {record[0]}") from None
            return

    def commit(self, offsets: Mapping[bytes, bytes | None], tick: Tick) -> None:
        """Wait until the brokers have every record, then store the offsets."""
        began = time.monotonic()
        self._release(tick)
        self._flush(tick)
        self._produce_offsets(offsets, tick)
        self._flush(tick)
        self._store_offsets(offsets)
        self._done(began)

    def _produce_offsets(self, offsets: Mapping[bytes, bytes | None], tick: Tick) -> None:
        for topic in self._offset_topics:
            produce = self._lanes.of(topic).produce
            for key, value in offsets.items():
                try:
                    produce(topic, value, key)
                except BufferError:
                    self._retry(tick, produce, topic, value, key)
                except driver().KafkaException as error:
                    raise translate(error, f"Offset topic {topic}") from None

    def _store_offsets(self, offsets: Mapping[bytes, bytes | None]) -> None:
        if offsets and self._store is not None:
            self._store.put_all(offsets)

    def _flush(self, tick: Tick) -> None:
        while self._failures.serve(self._lanes.flush, _SLICE):
            self._tick(tick)

    def _tick(self, tick: Tick) -> None:
        now = time.monotonic()
        if now - self._ticked >= _SLICE:
            self._ticked = now
            tick()

    def _done(self, began: float) -> None:
        self._committed = time.monotonic()
        self._barrier = min(max(BARRIER, (self._committed - began) / _COST), self.longest_barrier)
        self._appended = False

    def due(self, *, idle: bool) -> bool:
        """Tell whether to commit: twice a second, sooner when the source pauses after records.

        Less often where that takes long, for the source waits meanwhile.
        """
        if idle and self._held:
            return True
        interval = IDLE_BARRIER if idle and self._appended else self._barrier
        return time.monotonic() - self._committed >= interval

    def close(self) -> None:
        """Drop what is queued."""
        try:
            self._lanes.purge()
            self._lanes.flush(1.0)
        except (SystemError, driver().KafkaException):
            pass  # it is broken for good, and was so before


def _rest(encoded: Encoded, headers: list[Any], time_ms: int = 0) -> tuple[Any, ...]:
    """Return the arguments of `produce` behind topic, value and key."""
    partition = _NO_PARTITION if encoded.partition is None else encoded.partition
    return (partition, None, None, time_ms, headers) if headers or time_ms else (partition,)


def _subject(topic: str, key: bytes | None) -> str:
    return f"Topic {topic}, record with key {key!r}"
