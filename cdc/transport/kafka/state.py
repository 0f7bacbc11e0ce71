"""A compacted topic as a map from key to newest value."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cdc.errors import CdcError, LogError
from cdc.plugin import State
from cdc.transport.kafka.clients import Clients
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.topics import outcome

if TYPE_CHECKING:
    from confluent_kafka import Producer

_PATIENCE = 30.0
_SETTLES = 1.0
_BATCH = 1000
_NOT_YET = ("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "LEADER_NOT_AVAILABLE")


class KafkaState(State):
    """Hold the newest value of every key; each look first reads what was written meanwhile.

    So a value that any worker's `put` has returned for is seen by every later `get`, as with
    Connect's own internal topics.
    """

    def __init__(self, clients: Clients, topic: str, connector: Mapping[str, str] | None = None) -> None:
        """`connector`: the options of one whose `*.override.*` say where the topic is."""
        self._clients, self._topic, self._connector = clients, topic, connector
        self._failures = Failures(f"Topic {topic}")
        self._live: dict[bytes, bytes] = {}
        self._producer: Producer | None = None
        self._consumer = clients.consumer(
            self._failures,
            {
                # No group is ever joined and nothing is committed; librdkafka only wants the name.
                "group.id": f"state-{topic}",
                "enable.partition.eof": True,
                # Never what an aborted transaction of a task has written.
                "isolation.level": "read_committed",
                "queued.max.messages.kbytes": 4096,
            },
            connector,
        )
        self._reached = self._assign()
        self._read_to_end()

    def get(self, key: bytes) -> bytes | None:
        """Return the newest value of `key`."""
        self._read_to_end()
        return self._live.get(key)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every live key with its newest value."""
        self._read_to_end()
        return iter(list(self._live.items()))

    def put(self, key: bytes, value: bytes | None) -> None:
        """Store durably, and wait until this map has it too."""
        self.put_all({key: value})

    def put_all(self, values: Mapping[bytes, bytes | None]) -> None:
        """Store several, durably."""
        written: list[tuple[int, int]] = []
        errors: list[CdcError] = []

        def delivered(error: Any, message: Any) -> None:
            if error is not None:
                errors.append(translate(error, f"Topic {self._topic}"))
            else:
                written.append((message.partition(), message.offset()))

        producer = self._open_producer()
        for key, value in values.items():
            producer.produce(self._topic, value, key, on_delivery=delivered)
        self._flush(producer)
        if errors:
            raise errors[0]
        ends: dict[int, int] = {}
        for partition, offset in written:
            ends[partition] = max(ends.get(partition, 0), offset + 1)
        if not self._read_up_to(ends, _SETTLES):
            # Somebody's open transaction stands before it; stored it is all the same.
            for key, value in values.items():
                self._apply(key, value)

    def close(self) -> None:
        """Release the connections."""
        self._consumer.close()
        self._producer = None

    def _open_producer(self) -> Producer:
        if self._producer is None:
            settings = {
                "linger.ms": 0,
                # One record behind the other: see TopicMaker about what a pipeline can lose.
                "max.in.flight.requests.per.connection": 1,
                # As Connect's own: a repeated put does no harm, and the first one need not wait for
                # a producer id.
                "enable.idempotence": False,
                "queue.buffering.max.kbytes": 4096,
                "delivery.report.only.error": False,
                "delivery.timeout.ms": int(_PATIENCE * 1000),
            }
            self._producer = self._clients.producer(self._failures, settings, self._connector)
        return self._producer

    def _flush(self, producer: Producer) -> None:
        # The delivery time-out bounds it: every record ends as delivered or failed.
        while self._failures.serve(producer.flush, 0.5):
            pass

    def _assign(self) -> dict[int, int]:
        kafka = driver()
        partitions = self._partitions()
        start = kafka.OFFSET_BEGINNING
        self._consumer.assign([kafka.TopicPartition(self._topic, p, start) for p in partitions])
        return dict.fromkeys(partitions, 0)

    def _partitions(self) -> list[int]:
        """Return the topic's partitions once all have a leader: it may have been made just now."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                found = self._consumer.list_topics(self._topic, timeout=_PATIENCE).topics[self._topic]
            except driver().KafkaException as error:
                self._failures.raise_first()
                raise translate(error, f"Topic {self._topic}") from None
            if found.error is None and all(p.leader >= 0 for p in found.partitions.values()):
                return list(found.partitions)
            if found.error is not None and found.error.name() not in _NOT_YET:
                raise translate(found.error, f"Topic {self._topic}")
            if time.monotonic() > until:
                raise LogError(f"Topic {self._topic} has no leader for {_PATIENCE:.0f} s")
            self._consumer.poll(0.02)

    def _read_to_end(self) -> None:
        """Read what has been written; a transaction that stays open is not waited for.

        The marks of one that was committed just now may still be on their way, so the end is that of
        all records at first.
        """
        levels = driver().IsolationLevel
        if self._read_up_to(self._ends(levels.READ_UNCOMMITTED), _SETTLES):
            return
        if not self._read_up_to(self._ends(levels.READ_COMMITTED), _PATIENCE):
            raise LogError(f"Topic {self._topic} was not read to its end within {_PATIENCE:.0f} s")

    def _ends(self, level: Any) -> dict[int, int]:
        kafka = driver()
        latest = kafka.admin.OffsetSpec.latest()
        wanted = {kafka.TopicPartition(self._topic, p): latest for p in self._reached}
        until = time.monotonic() + _PATIENCE
        while True:
            futures = self._clients.admin(self._connector).list_offsets(wanted, isolation_level=level)
            try:
                return {tp.partition: outcome(future, self._topic).offset for tp, future in futures.items()}
            except kafka.KafkaException as error:
                if "eader" not in error.args[0].str() or time.monotonic() > until:
                    raise translate(error, f"Topic {self._topic}") from None
                self._look_again()

    def _look_again(self) -> None:
        """Make the admin client look: it remembers a topic as missing, or led by nobody."""
        with suppress(driver().KafkaException):  # the next question tells
            self._clients.admin(self._connector).list_topics(self._topic, timeout=5)

    def _read_up_to(self, goal: Mapping[int, int], patience: float) -> bool:
        until = time.monotonic() + patience
        while any(self._reached[partition] < end for partition, end in goal.items()):
            for message in self._next():
                self._take(message)
            self._failures.raise_first()
            if time.monotonic() > until:
                return False
        return True

    def _next(self) -> list[Any]:
        first = self._consumer.poll(0.2)
        return [] if first is None else [first, *self._consumer.consume(_BATCH, 0)]

    def _take(self, message: Any) -> None:
        error, partition = message.error(), message.partition()
        if error is None:
            self._reached[partition] = message.offset() + 1
            self._apply(message.key(), message.value())
        elif error.name() == "_PARTITION_EOF":
            # Transaction markers are no messages: only this tells that the end lies behind them.
            self._reached[partition] = max(self._reached[partition], message.offset())
        elif not error.retriable():
            raise translate(error, f"Topic {self._topic}")

    def _apply(self, key: bytes | None, value: bytes | None) -> None:
        if key is None:
            return
        if value is None:
            self._live.pop(key, None)
        else:
            self._live[key] = value
