"""Which topics a reader subscribes to: those that exist; the others as soon as they do."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from cdc.transport.kafka.failures import Failures, driver

if TYPE_CHECKING:
    from confluent_kafka import Consumer

_MISSING_EVERY = 0.5
_PATTERN_EVERY = 3.0


class Subscription:
    """Look for topics to subscribe to.

    The driver would do this itself, but a new topic only every few minutes, and its patterns are not
    Java's. `names` are wanted as they come to exist; `matches` (when given) is asked about every
    topic of the cluster instead.
    """

    # A topic that is being deleted, or is not known to every broker yet, is no reason to fail.
    transient = frozenset(("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"))

    def __init__(self, names: Collection[str], matches: Callable[[str], bool] | None = None) -> None:
        self._names, self._matches = set(names), matches
        self.topics: set[str] = set()
        self._looked = float("-inf")

    def due(self, consumer: Consumer, failures: Failures) -> list[str]:
        """Return the topics to subscribe to when they changed, nothing otherwise."""
        every = _PATTERN_EVERY if self._matches else _MISSING_EVERY
        complete = self._matches is None and self.topics == self._names
        if complete or time.monotonic() - self._looked < every:
            return []
        try:
            found = self._look(consumer)
        except driver().KafkaException as error:
            failures.raise_first()
            failures.last = error.args[0].str()
            return []
        finally:
            self._looked = time.monotonic()
        # A topic that was deleted stays: it may come back, and the driver copes.
        if found <= self.topics:
            return []
        self.topics |= found
        return sorted(self.topics)

    def _look(self, consumer: Consumer) -> set[str]:
        if self._matches is not None:
            topics = consumer.list_topics(timeout=5.0).topics
            return {name for name in topics if self._matches(name)}
        found = set()
        for name in self._names - self.topics:
            topic = consumer.list_topics(name, timeout=5.0).topics[name]
            # Anything but "unknown" (a missing right, say) is for the subscription to report.
            if topic.error is None or topic.error.name() not in self.transient:
                found.add(name)
        return found
