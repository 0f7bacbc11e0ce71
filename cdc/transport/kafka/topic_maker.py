"""Make the topics that a source connector writes to, and wait until they can be written to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cdc.errors import LogError, LogRejected
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.rules import Rule, Rules
from cdc.transport.kafka.topics import Tick, brokers_make_topics, create_all, outcome

if TYPE_CHECKING:
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient

logger = logging.getLogger(__name__)

_PATIENCE = 60.0
"""Seconds without any topic becoming ready before the task gives up (and is retried)."""
_APPEARS = 10.0
"""The same for topics that the broker should make by itself."""
_REQUEST = 1.0
"""Seconds for one request; in between the failures of the client are looked at."""

_Waiting = dict[str, tuple[str, bool]]
"""By topic, why it cannot be written to yet, and whether it only takes time."""


class TopicMaker:
    """See to it that the topics of one task exist, each once; those of one call are made at the same time."""

    def __init__(
        self, admin: Callable[[], AdminClient], producer: Producer, failures: Failures, rules: Rules | None
    ) -> None:
        self._admin, self._producer, self._failures, self._rules = admin, producer, failures, rules
        self._known: set[str] = set()
        self._made: set[str] = set()

    def knows(self, topic: str) -> bool:
        """Whether the topic can be written to, as far as is known."""
        return topic in self._known

    def ensure(self, topics: Iterable[str], tick: Tick) -> None:
        """Return when all can be written to; raises LogRejected if one cannot be made."""
        pending: Collection[str] = dict.fromkeys(topic for topic in topics if topic not in self._known)
        moved, pause = 0.0, 0.005
        while pending:
            waiting = self._waiting(pending, tick)
            self._known.update(topic for topic in pending if topic not in waiting)
            self._failures.raise_first()
            if not moved or len(waiting) < len(pending):
                moved = time.monotonic()
            else:
                self._give_up(waiting, time.monotonic() - moved)
            pending = waiting
            if pending:
                self._producer.poll(pause)
                pause = min(pause * 2, 0.3)
                tick()

    def _waiting(self, topics: Collection[str], tick: Tick) -> _Waiting:
        """Look at topics once, have made what is missing, and return those that cannot be written to yet."""
        waiting: _Waiting = {}
        missing: list[str] = []
        partitions: list[tuple[str, int]] = []
        for topic, found in self._described(topics, tick):
            if isinstance(found, Exception):
                name, reason = self._failure(topic, found)
                waiting[topic] = reason, name != _UNKNOWN
                if name == _UNKNOWN:
                    missing.append(topic)
            elif any(partition.leader is None for partition in found.partitions):
                waiting[topic] = "a partition has no leader", True
            else:
                partitions += [(topic, partition.id) for partition in found.partitions]
        self._make(missing, tick)
        return waiting | self._unserved(partitions, tick)

    def _described(self, topics: Collection[str], tick: Tick) -> Iterator[tuple[str, Any]]:
        """Yield each topic with its description or the driver's exception; never makes a topic."""
        kafka = driver()
        asked = kafka.TopicCollection(list(topics))
        for topic, future in self._admin().describe_topics(asked, request_timeout=_REQUEST).items():
            try:
                yield topic, outcome(future, f"Topic {topic}", tick)
            except kafka.KafkaException as error:
                yield topic, error

    def _failure(self, topic: str, failed: Exception) -> tuple[str, str]:
        """Return the name of what is wrong with a topic, and its reason; raises what time does not mend."""
        error = failed.args[0]
        if error.name() in ("TOPIC_AUTHORIZATION_FAILED", "TOPIC_EXCEPTION"):
            raise translate(error, f"Topic {topic}")
        last = self._failures.last
        return error.name(), f"{error.str()}{': ' if last else ''}{last}"

    def _make(self, missing: Collection[str], tick: Tick) -> None:
        unmade = [topic for topic in missing if topic not in self._made]
        if self._rules is not None:
            create_all(self._admin(), {topic: self._rules.rule(topic) for topic in unmade}, tick)
        elif not (unmade and self._made_as_by_broker(unmade, tick)):
            for topic in missing:
                self._ask_for(topic)
                tick()
        self._made.update(unmade)

    def _made_as_by_broker(self, topics: Collection[str], tick: Tick) -> bool:
        """Create what a broker would make by itself, if it does; False when it has to be asked for each.

        For a broker every topic that it is asked for is a write to the cluster's metadata, some thirty a
        second; in one request a thousand are one write.
        """
        try:
            if brokers_make_topics(self._admin(), tick):
                create_all(self._admin(), dict.fromkeys(topics, _AS_BROKERS_DO), tick)
                return True
        except (LogError, LogRejected) as error:
            logger.info("Topics are left to the brokers to make: %s", error)
        return False

    def _ask_for(self, topic: str) -> None:
        """Ask a broker for a topic: that makes it create the topic, if it is one that does."""
        try:
            self._admin().list_topics(topic, timeout=_REQUEST)
        except driver().KafkaException:
            pass  # the next look tells

    def _unserved(self, partitions: Collection[tuple[str, int]], tick: Tick) -> _Waiting:
        """Return the topics with a partition that its leader does not serve yet.

        A broker is named as leader before it has opened the partition, and refuses records until then.
        When it opens between two requests of a producer that it does not know, it takes the second one,
        and the driver counts the refused first one as delivered ("implicitly acked"): silently lost.
        It refuses to tell the partition's end just as long.
        """
        kafka = driver()
        latest = kafka.admin.OffsetSpec.latest()
        asked = {kafka.TopicPartition(*place): latest for place in partitions}
        waiting: _Waiting = {}
        for place, future in self._admin().list_offsets(asked).items() if asked else ():
            try:
                outcome(future, f"Topic {place.topic}", tick)
            except kafka.KafkaException as error:
                waiting[place.topic] = self._failure(place.topic, error)[1], True
        return waiting

    def _give_up(self, waiting: _Waiting, waited: float) -> None:
        for topic, (reason, transient) in waiting.items():
            if transient and waited > _PATIENCE:
                raise LogError(f"Topic {topic} is not available: {reason}")
            if not transient and waited > _APPEARS:
                raise self._not_made(topic, reason)

    def _not_made(self, topic: str, reason: str) -> LogRejected:
        if self._rules is not None:
            return LogRejected(f"Topic {topic} was made but is not to be seen: {reason}")
        return LogRejected(
            f"Topic {topic} does not exist and the broker does not make it by itself: {reason}",
            hint="set topic.creation.default.replication.factor and topic.creation.default.partitions, or "
            "create the topic, or set auto.create.topics.enable=true on the brokers",
        )


_UNKNOWN = "UNKNOWN_TOPIC_OR_PART"
_AS_BROKERS_DO = Rule(-1, -1)
