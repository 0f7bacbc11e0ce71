"""A topic that is only ever added to, on the worker's cluster or on one of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cdc.config import Config, Kind, Options, Secret, integer, optional_string
from cdc.errors import CdcError, LogError
from cdc.plugin import Journal
from cdc.transport.kafka.clients import Clients
from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.journal_topic import check, describe, make

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Producer
    from confluent_kafka.admin import AdminClient

logger = logging.getLogger(__name__)

_BATCH = 500


class JournalOptions(Config):
    """What a connector may say of its journal, under the last parts of the names of Debezium's options."""

    bootstrap_servers = optional_string("bootstrap.servers", doc="The cluster, where it is another one.")
    query_timeout_ms = integer("query.timeout.ms", 3000, at_least=1, doc="For a question to the brokers.")
    create_timeout_ms = integer("create.timeout.ms", 30000, at_least=1, doc="For making the topic.")
    poll_interval_ms = integer("recovery.poll.interval.ms", 100, at_least=0, doc="One wait for records.")
    attempts = integer("recovery.attempts", 100, doc="Waits in a row without records before it is an error.")
    client_settings: Options[Secret] = Options(
        "(producer|consumer).<client property>",
        r"(producer|consumer)\.(.+)",
        Kind.PASSWORD,
        Secret,
        doc="Properties of its clients.",
    )

    def overrides(self) -> dict[str, str]:
        """Return the properties as overrides of `Clients`; the admin client takes the producer's."""
        found = {}
        for name, value in self.client_settings.items():
            role, _, rest = name.partition(" ")
            for client in ("producer", "admin") if role == "producer" else (role,):
                found[f"{client}.override.{rest}"] = value.reveal()
        return found


def open_journal(worker: KafkaConfig, clients: Clients, topic: str, given: Mapping[str, str]) -> KafkaJournal:
    """Return a journal on the worker's cluster, with the worker's logins, or on the one that is given.

    Another cluster gets nothing of the worker's: a password is not for whoever is named there.
    """
    options = JournalOptions(given, subject=f"Journal {topic}")
    brokers = options.bootstrap_servers
    if brokers is not None and _hosts(brokers) != _hosts(worker.bootstrap_servers):
        clients = Clients(KafkaConfig({"bootstrap.servers": brokers}))
    return KafkaJournal(clients, topic, options)


def _hosts(servers: str) -> set[str]:
    return {server.strip().lower() for server in servers.split(",") if server.strip()}


class KafkaJournal(Journal):
    """One partition whose records are values without keys. See `journal_topic` for what it must be like."""

    def __init__(self, clients: Clients, topic: str, options: JournalOptions) -> None:
        self._clients, self._topic, self._options = clients, topic, options
        self._overrides = options.overrides()
        self._failures = Failures(f"Topic {topic}")
        self._known_admin: AdminClient | None = None
        self._known_producer: Producer | None = None
        self._checked = False

    def span(self) -> range | None:
        """Return the offsets between the oldest record and the end; None when there is no such topic."""
        if not self._exists():
            return None
        consumer = self._consumer()
        try:
            return self._watermarks(consumer)
        finally:
            consumer.close()

    def append(self, values: Sequence[bytes]) -> None:
        """Add records and wait for the brokers to have them; makes the topic first when it is missing."""
        if not self._exists():
            make(self._admin(), self._topic)
            self._checked = True
        errors: list[CdcError] = []

        def delivered(error: Any, _: Any) -> None:
            if error is not None:
                errors.append(translate(error, f"Topic {self._topic}"))

        producer = self._producer()
        for value in values:
            self._send(producer, value, delivered)
        while self._failures.serve(producer.flush, 0.5):
            pass
        if errors:
            raise errors[0]

    def read(self) -> Iterator[bytes]:
        """Yield the values between the oldest record and what is the end now."""
        if not self._exists():
            return
        consumer = self._consumer()
        try:
            yield from self._values(consumer, self._watermarks(consumer))
        finally:
            consumer.close()

    def close(self) -> None:
        """Let go of the clients."""
        self._known_producer = self._known_admin = None

    def _exists(self) -> bool:
        """Tell whether there is such a topic; one is checked once, because only operators change it."""
        if not self._checked:
            patience = self._options.query_timeout_ms / 1000
            found = describe(self._admin(), self._topic, patience)
            if found is None:
                return False
            check(self._admin(), self._topic, len(found.partitions), patience)
            self._checked = True
        return True

    def _watermarks(self, consumer: Consumer) -> range:
        """Return oldest and next offset, once the partition has a leader: it may have been made just now."""
        kafka, patience = driver(), self._options.create_timeout_ms / 1000
        until = time.monotonic() + patience
        while True:
            try:
                low, high = consumer.get_watermark_offsets(kafka.TopicPartition(self._topic, 0), timeout=2.0)
                return range(low, high)
            except kafka.KafkaException as error:
                self._failures.raise_first()
                if time.monotonic() > until:
                    raise translate(error, f"Topic {self._topic}") from None
                consumer.poll(0.05)

    def _values(self, consumer: Consumer, span: range) -> Iterator[bytes]:
        options = self._options
        patience = max(1.0, options.attempts * options.poll_interval_ms / 1000)
        reached, until = span.start, time.monotonic() + patience
        consumer.assign([driver().TopicPartition(self._topic, 0, span.start)])
        while reached < span.stop:
            for message in consumer.consume(_BATCH, min(0.2, patience)):
                value, reached = self._value(message), max(reached, self._next(message))
                until = time.monotonic() + patience
                if value is not None and reached <= span.stop:
                    yield value
            self._failures.raise_first()
            if time.monotonic() > until:
                raise LogError(
                    f"Topic {self._topic} could not be read to its end: nothing came for {patience:.0f} s",
                    hint="raise recovery.poll.interval.ms or recovery.attempts",
                )

    def _value(self, message: Any) -> bytes | None:
        error = message.error()
        if error is None:
            value: bytes | None = message.value()
            return value
        if error.name() != "_PARTITION_EOF" and not error.retriable():
            raise translate(error, f"Topic {self._topic}")
        return None

    @staticmethod
    def _next(message: Any) -> int:
        """Return the offset reached: at the end of a partition it may lie behind marks of transactions."""
        error, offset = message.error(), message.offset()
        if error is None:
            return int(offset) + 1
        return int(offset) if error.name() == "_PARTITION_EOF" else 0

    def _send(self, producer: Producer, value: bytes, delivered: Any) -> None:
        while True:
            try:
                producer.produce(self._topic, value, partition=0, on_delivery=delivered)
            except BufferError:  # the queue is full
                self._failures.serve(producer.poll, 0.1)
            except driver().KafkaException as error:
                raise translate(error, f"Topic {self._topic}") from None
            else:
                return

    def _consumer(self) -> Consumer:
        settings = {"group.id": f"journal-{self._topic}", "enable.partition.eof": True}
        return self._clients.consumer(self._failures, settings, self._overrides)

    def _producer(self) -> Producer:
        if self._known_producer is None:
            settings = {
                "linger.ms": 0,
                # One record behind the other: see TopicMaker about what a pipeline can lose.
                "max.in.flight.requests.per.connection": 1,
                "queue.buffering.max.kbytes": 4096,
                "delivery.report.only.error": False,
                "delivery.timeout.ms": self._options.create_timeout_ms,
            }
            self._known_producer = self._clients.producer(self._failures, settings, self._overrides)
        return self._known_producer

    def _admin(self) -> AdminClient:
        if self._known_admin is None:
            self._known_admin = self._clients.admin(self._overrides)
        return self._known_admin
