"""The Kafka log: its faces, made from the worker's config."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from cdc.filters import java_regex
from cdc.plugin import Journal, Log, LogReader, LogWriter, State, TopicInfo, register
from cdc.transport.kafka.boundaries import boundary_interval, boundary_settings
from cdc.transport.kafka.clients import Clients
from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.journal import open_journal
from cdc.transport.kafka.lanes import MOST, Lanes
from cdc.transport.kafka.offset_places import OffsetPlaces, state_topic
from cdc.transport.kafka.reader import KafkaReader
from cdc.transport.kafka.rules import Rules, parse
from cdc.transport.kafka.state import KafkaState
from cdc.transport.kafka.subscription import Subscription
from cdc.transport.kafka.topic_maker import TopicMaker
from cdc.transport.kafka.topics import outcome
from cdc.transport.kafka.transactions import TransactionalWriter
from cdc.transport.kafka.writer import KafkaWriter

logger = logging.getLogger(__name__)

_WITHOUT_IDENTITY = (
    "UNKNOWN_TOPIC_OR_PART",
    "TOPIC_EXCEPTION",
    "TOPIC_AUTHORIZATION_FAILED",
    "UNSUPPORTED_VERSION",
    "_UNSUPPORTED_FEATURE",
)


@register("log", "kafka")
class KafkaLog(Log):
    """Use a Kafka cluster: any broker that speaks Kafka's protocol, with Connect's own topics.

    No connection is made before a face is asked for, and none may be carried across a fork.
    """

    config_class = KafkaConfig
    config: KafkaConfig

    def __init__(self, config: KafkaConfig) -> None:
        super().__init__(config)
        self._clients = Clients(config)

    def writer(self, connector: str, task: int, config: Mapping[str, str]) -> LogWriter:
        """Return the writer of a task.

        With exactly-once this fences former writers of the task and settles their transactions:
        the offsets to resume from are final only afterwards.
        """
        options = self.config
        places = OffsetPlaces(options, self._clients, config)
        rules = self._rules(config)
        failures = Failures(f"Producer of {connector}-{task}")
        transactional = options.exactly_once == "enabled"
        settings: dict[str, Any] = {"client.id": f"connector-producer-{connector}-{task}"}
        if transactional:
            settings["transactional.id"] = f"{options.group_id}-{connector}-{task}"
            settings |= boundary_settings(config)
        lanes = Lanes(
            lambda more: self._clients.producer(failures, {**settings, **more}, config),
            1 if transactional else MOST,
        )
        topics = TopicMaker(lambda: self._clients.admin(config), lanes.first, failures, rules)
        written, store = places.topics(), places.store()
        if transactional:
            interval = boundary_interval(config)
            return TransactionalWriter(lanes, failures, topics, written, store, interval=interval)
        return KafkaWriter(lanes, failures, topics, written, store)

    def reader(
        self, group: str, topics: Sequence[str], config: Mapping[str, str], *, pattern: str | None = None
    ) -> LogReader:
        """Return a member of the group; `consumer.override.*` of the sink connector apply."""
        failures = Failures(f"Consumer of {group}")
        # Where a transaction was the last thing written, only the end of a partition tells that all is read.
        settings = {
            "group.id": group,
            "client.id": f"connector-consumer-{group}",
            "enable.partition.eof": True,
        }
        # First whom it asks about topics: a consumer waits for brokers without end, and says little.
        self._clients.admin(config)
        consumer = self._clients.consumer(failures, settings, config)
        options = self.config.client("consumer", config)
        strategy = options.get("partition.assignment.strategy", "").lower()
        reset = options.get("auto.offset.reset", config.get("auto.offset.reset", ""))
        matches = java_regex(pattern).fullmatch if pattern is not None else None
        wanted = Subscription(topics, None if matches is None else lambda name: bool(matches(name)))
        return KafkaReader(
            consumer,
            lambda: self._clients.admin(config),
            failures,
            wanted,
            strategy=strategy,
            at_end=reset.strip().lower() in ("latest", "largest", "end"),
        )

    def state(self, name: str) -> State:
        """Return a compacted topic: `offsets`, `configs` and `status` are Connect's own."""
        if name == "offsets":
            return OffsetPlaces(self.config, self._clients, {}).state()
        return KafkaState(self._clients, state_topic(self.config, self._clients, name))

    def offsets(self, config: Mapping[str, str]) -> State:
        """Return where the connector's offsets are: `offsets.storage.topic` over the worker's topic."""
        return OffsetPlaces(self.config, self._clients, config).state()

    def journal(self, topic: str, options: Mapping[str, str]) -> Journal:
        """Return a journal, on this cluster or on the one that `options` name, see `open_journal`."""
        return open_journal(self.config, self._clients, topic, options)

    def topic_id(self, topic: str) -> str | None:
        """Return the topic's UUID; None where there is no such topic, or no UUID. Raises LogError."""
        try:
            found = self._described(topic)
        except driver().KafkaException as error:
            if error.args[0].name() in _WITHOUT_IDENTITY:
                return None
            raise translate(error, f"Topic {topic} cannot be described") from None
        return str(found.topic_id) if found.topic_id is not None else None

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has. Raises LogError."""
        try:
            return len(self._described(topic).partitions)
        except driver().KafkaException as error:
            raise translate(error, f"The partitions of {topic} cannot be counted") from None

    def _described(self, topic: str) -> Any:
        names = driver().TopicCollection([topic])
        return self._clients.admin().describe_topics(names, request_timeout=30)[topic].result()

    def topics(self) -> list[TopicInfo]:
        """Return the topics with records in them."""
        kafka, admin = driver(), self._clients.admin()
        internal = {self.config.offset_topic, self.config.config_topic, self.config.status_topic}
        try:
            found = {
                name: list(topic.partitions)
                for name, topic in admin.list_topics(timeout=30).topics.items()
                if topic.error is None and name not in internal and not name.startswith("__consumer_offsets")
            }
            records = self._records(admin, found)
        except kafka.KafkaException as error:
            raise translate(error, f"The topics of {self._clients.brokers} cannot be listed") from None
        return [TopicInfo(n, len(found[n]), records[n]) for n in sorted(found) if records.get(n)]

    def _records(self, admin: Any, found: Mapping[str, Sequence[int]]) -> dict[str, int]:
        """Return newest minus oldest offset, summed by topic: two requests for the whole cluster."""
        kafka = driver()
        places = [(name, partition) for name, partitions in found.items() for partition in partitions]
        counts = dict.fromkeys(found, 0)
        if not places:
            return counts
        for sign, spec in ((1, kafka.admin.OffsetSpec.latest()), (-1, kafka.admin.OffsetSpec.earliest())):
            asked = {kafka.TopicPartition(*place): spec for place in places}
            for partition, future in admin.list_offsets(asked).items():
                counts[partition.topic] += sign * outcome(future, partition.topic).offset
        return counts

    def _rules(self, config: Mapping[str, str]) -> Rules | None:
        rules = parse(config)
        if rules is not None and not self.config.topic_creation:
            logger.warning("topic.creation.* of the connector is ignored: topic.creation.enable=false")
            return None
        return rules
