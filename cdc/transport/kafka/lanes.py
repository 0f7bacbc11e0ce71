"""The producers of one source task: one, or several where there are many topics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confluent_kafka import Producer

MOST = 8
_TOPICS = 128
"""So many topics fill a lane; beyond `MOST` of them all get more."""
_MORE: Mapping[str, Any] = {"queue.buffering.max.kbytes": 2048}
"""The settings of all lanes but the first: their queues add to its queue."""


class Lanes:
    """Send each topic's records through one producer, and not too many topics through the same.

    librdkafka finds the topic of every record in a list, and whenever it sends something it looks at
    all partitions it has: with a thousand topics that costs more than all the rest of a record.
    """

    def __init__(self, make: Callable[[Mapping[str, Any]], Producer], most: int = MOST) -> None:
        """`make` returns a producer with some settings of its own; a transaction needs `most` to be 1."""
        self._make, self._most = make, most
        self._producers = [make({})]
        self._by_topic: dict[str, Producer] = {}

    @property
    def first(self) -> Producer:
        """The producer that is always there."""
        return self._producers[0]

    def of(self, topic: str) -> Producer:
        """Return the producer of a topic, always the same one."""
        found = self._by_topic.get(topic)
        if found is None:
            found = self._by_topic[topic] = self._next()
        return found

    def _next(self) -> Producer:
        number = len(self._by_topic)
        lane = number // _TOPICS if number < self._most * _TOPICS else number % self._most
        if lane == len(self._producers):
            self._producers.append(self._make(_MORE))
        return self._producers[lane]

    def poll(self, timeout: float) -> int:
        """Serve what all have to report; waits for the first one at most."""
        served = self.first.poll(timeout)
        return served + sum([producer.poll(0) for producer in self._producers[1:]])

    def flush(self, timeout: float) -> int:
        """Wait until the brokers have everything; return how many records are still under way."""
        until = time.monotonic() + timeout
        return sum([producer.flush(max(0.0, until - time.monotonic())) for producer in self._producers])

    def purge(self) -> None:
        """Drop what is queued."""
        for producer in self._producers:
            producer.purge()
