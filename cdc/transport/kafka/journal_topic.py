"""Make and check topics that must never lose a record: one partition, deleted from by nobody."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cdc.errors import LogRejected
from cdc.transport.kafka.failures import driver, translate
from cdc.transport.kafka.rules import Rule
from cdc.transport.kafka.topics import create, idle, outcome

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

logger = logging.getLogger(__name__)

_UNLIMITED = "-1"
_FIVE_YEARS_MS = 5 * 365 * 24 * 3600 * 1000
"""What Debezium takes for long enough."""

_RULE = Rule(
    -1,
    1,
    {"cleanup.policy": "delete", "retention.ms": _UNLIMITED, "retention.bytes": _UNLIMITED},
)


def describe(admin: AdminClient, topic: str, patience: float) -> Any:
    """Return the topic's description, None when there is no such topic; never makes one."""
    kafka = driver()
    try:
        asked = admin.describe_topics(kafka.TopicCollection([topic]))
        return outcome(asked[topic], f"Topic {topic}", idle, patience)
    except kafka.KafkaException as error:
        if error.args[0].name() == "UNKNOWN_TOPIC_OR_PART":
            return None
        raise translate(error, f"Topic {topic} cannot be described") from None


def make(admin: AdminClient, topic: str) -> None:
    """Create the topic, with as many replicas as the brokers give by default."""
    create(admin, topic, _RULE)
    logger.info("Topic %s was made: one partition, kept for ever", topic)


def check(admin: AdminClient, topic: str, partitions: int, patience: float) -> None:
    """Raise LogRejected for a topic that mixes up the order of records, or loses some of them."""
    if partitions != 1:
        raise LogRejected(
            f"Topic '{topic}' should have one partition but has {partitions}: its records have no order",
            hint="make a topic with one partition and copy the records into it, or name another topic and "
            "take a new snapshot of the schemas",
        )
    settings = _settings(admin, topic, patience)
    for option, wanted, found in _wrong(settings):
        raise LogRejected(
            f"Topic '{topic}' option '{option}' should be '{wanted}' but is '{found}': records that are "
            "needed at every start get lost",
            hint=f"kafka-configs.sh --alter --topic {topic} --add-config {option}={wanted}",
        )


def _wrong(settings: dict[str, str | None]) -> list[tuple[str, str, str | None]]:
    policy, limit = settings.get("cleanup.policy", "delete"), settings.get("retention.bytes") or _UNLIMITED
    age = int(settings.get("retention.ms") or _UNLIMITED)
    found = []
    if policy != "delete":
        found.append(("cleanup.policy", "delete", policy))
    if limit != _UNLIMITED:
        found.append(("retention.bytes", _UNLIMITED, limit))
    if 0 <= age < _FIVE_YEARS_MS:
        found.append(("retention.ms", _UNLIMITED, str(age)))
    return found


def _settings(admin: AdminClient, topic: str, patience: float) -> dict[str, str | None]:
    kafka = driver()
    resource = kafka.admin.ConfigResource(kafka.admin.ResourceType.TOPIC, topic)
    try:
        found = outcome(admin.describe_configs([resource])[resource], f"Topic {topic}", idle, patience)
    except kafka.KafkaException as error:
        # As Connect and Debezium: without the right to look, trust the operator.
        logger.info("Topic %s: its settings cannot be checked: %s", topic, error.args[0].str())
        return {}
    return {name: entry.value for name, entry in found.items()}
