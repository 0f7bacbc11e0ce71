"""Make topics: those of a source connector, and the compacted ones of the worker's state."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, TypeVar

from cdc.errors import LogError, LogRejected
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.rules import Rule, Rules

if TYPE_CHECKING:
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient

logger = logging.getLogger(__name__)

T = TypeVar("T")
Tick = Callable[[], None]
_PATIENCE = 60.0
"""Seconds for the cluster to answer before the task gives up (and is retried)."""
_APPEARS = 10.0
"""Seconds for a topic to appear that the broker should make by itself."""


def idle() -> None:
    """Do nothing while waiting."""


def outcome(future: Future[T], what: str, tick: Tick = idle, patience: float = _PATIENCE) -> T:
    """Return an admin call's result, ticking while it is awaited; raises the driver's exception."""
    until = time.monotonic() + patience
    while True:
        try:
            return future.result(timeout=0.5)
        except FutureTimeout:
            tick()
            if time.monotonic() > until:
                raise LogError(f"{what}: the brokers did not answer within {patience:.0f} s") from None


class TopicMaker:
    """See to it that the topics of one task exist, each once."""

    def __init__(
        self, admin: Callable[[], AdminClient], producer: Producer, failures: Failures, rules: Rules | None
    ) -> None:
        self._admin, self._producer, self._failures, self._rules = admin, producer, failures, rules
        self._known: set[str] = set()

    def ensure(self, topic: str, tick: Tick) -> None:
        """Return when the topic can be written to; raises LogRejected if it cannot be made."""
        if topic in self._known:
            return
        if self._rules is not None and not exists(self._admin(), topic, tick):
            create(self._admin(), topic, self._rules.rule(topic), tick)
        self._await(topic, tick)
        self._known.add(topic)

    def _await(self, topic: str, tick: Tick) -> None:
        """Wait until leaders serve the topic. Asking a broker for it is what makes it create the topic."""
        began = time.monotonic()
        pause = 0.005
        while True:
            reason, transient = self._state(topic, tick)
            if not reason:
                return
            self._failures.raise_first()
            waited = time.monotonic() - began
            if transient and waited > _PATIENCE:
                raise LogError(f"Topic {topic} is not available: {reason}")
            if not transient and waited > _APPEARS:
                raise self._not_made(topic, reason)
            self._producer.poll(pause)
            pause = min(pause * 2, 0.3)
            tick()

    def _state(self, topic: str, tick: Tick) -> tuple[str, bool]:
        """Return why the topic cannot be written yet (nothing when it can), and whether it is transient."""
        try:
            found = self._admin().list_topics(topic, timeout=1.0).topics[topic]
        except driver().KafkaException as error:
            last = self._failures.last
            return f"{error.args[0].str()}{': ' if last else ''}{last}", True
        if found.error is not None:
            name = found.error.name()
            if name in ("TOPIC_AUTHORIZATION_FAILED", "TOPIC_EXCEPTION"):
                raise translate(found.error, f"Topic {topic}")
            return found.error.str(), name == "LEADER_NOT_AVAILABLE"
        if any(partition.leader < 0 for partition in found.partitions.values()):
            return "a partition has no leader", True
        return self._unserved(topic, found.partitions, tick), True

    def _unserved(self, topic: str, partitions: Iterable[int], tick: Tick) -> str:
        """Return why a leader does not serve its partition yet; nothing when all do.

        A broker is named as leader before it has opened the partition, and refuses records until then.
        When it opens between two requests of a producer that it does not know, it takes the second one,
        and the driver counts the refused first one as delivered ("implicitly acked"): silently lost.
        It refuses to tell the partition's end just as long.
        """
        kafka = driver()
        latest = kafka.admin.OffsetSpec.latest()
        asked = {kafka.TopicPartition(topic, partition): latest for partition in partitions}
        try:
            for future in self._admin().list_offsets(asked).values():
                outcome(future, f"Topic {topic}", tick)
        except kafka.KafkaException as error:
            if error.args[0].name() == "TOPIC_AUTHORIZATION_FAILED":
                raise translate(error, f"Topic {topic}") from None
            return str(error.args[0].str())
        return ""

    def _not_made(self, topic: str, reason: str) -> LogRejected:
        if self._rules is not None:
            return LogRejected(f"Topic {topic} was made but is not to be seen: {reason}")
        return LogRejected(
            f"Topic {topic} does not exist and the broker does not make it by itself: {reason}",
            hint="set topic.creation.default.replication.factor and topic.creation.default.partitions, or "
            "create the topic, or set auto.create.topics.enable=true on the brokers",
        )


def exists(admin: AdminClient, topic: str, tick: Tick = idle) -> bool:
    """Tell whether there is such a topic; never makes the broker create it."""
    collection = driver().TopicCollection([topic])
    try:
        outcome(admin.describe_topics(collection)[topic], f"Topic {topic}", tick)
    except driver().KafkaException as error:
        if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
            return False
        raise translate(error, f"Topic {topic} cannot be described") from None
    return True


def create(admin: AdminClient, topic: str, rule: Rule, tick: Tick = idle) -> None:
    """Create a topic; somebody else may do so at the same time. Raises LogRejected."""
    new: Any = driver().admin.NewTopic(
        topic,
        num_partitions=rule.partitions,
        replication_factor=rule.replication,
        config=dict(rule.config),
    )
    try:
        outcome(admin.create_topics([new])[topic], f"Topic {topic}", tick)
    except driver().KafkaException as error:
        if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
            raise translate(error, f"Topic {topic} cannot be created") from None


def ensure_compacted(admin: AdminClient, topic: str, option: str, rule: Rule) -> None:
    """Make a state topic, or check that the one there is compacted; `option` names it."""
    if exists(admin, topic):
        _check_compacted(admin, topic, option)
        return
    replication = _possible(admin, topic, rule.replication)
    create(admin, topic, Rule(replication, rule.partitions, {**rule.config, "cleanup.policy": "compact"}))


def _possible(admin: AdminClient, topic: str, replication: int) -> int:
    try:
        brokers = len(outcome(admin.describe_cluster(), f"Topic {topic}").nodes)
    except driver().KafkaException as error:
        raise translate(error, f"Topic {topic}: the brokers cannot be counted") from None
    if replication <= brokers:
        return replication
    logger.warning(
        "Topic %s gets %d replica(s) instead of %d: the cluster has no more brokers",
        topic, brokers, replication,
    )  # fmt: skip
    return brokers


def _check_compacted(admin: AdminClient, topic: str, option: str) -> None:
    resource = driver().admin.ConfigResource(driver().admin.ResourceType.TOPIC, topic)
    try:
        found = outcome(admin.describe_configs([resource])[resource], f"Topic {topic}")
    except driver().KafkaException as error:
        # As Connect: without the right to look, trust the operator.
        logger.info("Topic %s: its cleanup.policy cannot be checked: %s", topic, error.args[0].str())
        return
    policy = found["cleanup.policy"].value
    if policy != "compact":
        raise LogRejected(
            f"Topic '{topic}' supplied via the '{option}' property is required to have "
            f"'cleanup.policy=compact' but found the topic currently has 'cleanup.policy={policy}': its "
            "records would be lost",
            hint=f"change the topic's cleanup.policy, or set {option} to another topic",
        )
