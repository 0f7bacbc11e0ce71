"""Look at and make topics; the compacted ones of the worker's state above all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, TypeVar

from cdc.errors import LogError, LogRejected
from cdc.transport.kafka.failures import driver, translate
from cdc.transport.kafka.rules import Rule

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

logger = logging.getLogger(__name__)

T = TypeVar("T")
Tick = Callable[[], None]
_PATIENCE = 60.0
"""Seconds for the cluster to answer before the task gives up (and is retried)."""


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
    create_all(admin, {topic: rule}, tick)


def create_all(admin: AdminClient, rules: Mapping[str, Rule], tick: Tick = idle) -> None:
    """Create topics in one request; raises LogRejected for the first that cannot be created."""
    new: list[Any] = [
        driver().admin.NewTopic(
            topic,
            num_partitions=rule.partitions,
            replication_factor=rule.replication,
            config=dict(rule.config),
        )
        for topic, rule in rules.items()
    ]
    for topic, future in admin.create_topics(new).items() if new else ():
        try:
            outcome(future, f"Topic {topic}", tick)
        except driver().KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise translate(error, f"Topic {topic} cannot be created") from None


def brokers_make_topics(admin: AdminClient, tick: Tick = idle) -> bool:
    """Tell whether the brokers make topics that they are asked for. Raises LogError if they do not tell."""
    kafka = driver()
    try:
        node, *_ = outcome(admin.describe_cluster(), "The cluster", tick).nodes
        resource = kafka.admin.ConfigResource(kafka.admin.ResourceType.BROKER, str(node.id))
        found = outcome(admin.describe_configs([resource])[resource], f"Broker {node.id}", tick)
    except kafka.KafkaException as error:
        raise translate(error, "The brokers cannot be described") from None
    option = found.get("auto.create.topics.enable")
    return option is not None and option.value == "true"


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
