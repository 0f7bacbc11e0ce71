"""Make Kafka clients from a worker's and a connector's options."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from cdc.errors import ConfigError, LogError, Problem
from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.failures import Failures, driver
from cdc.transport.kafka.properties import translate

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Producer
    from confluent_kafka.admin import AdminClient

logger = logging.getLogger(__name__)


class _DriverLog:
    """Take librdkafka's own lines, which it would write to stderr otherwise.

    One broker that is away makes hundreds of them; what matters among them reaches `Failures` too.
    """

    _logger = logging.getLogger(f"{__name__}.librdkafka")

    def log(self, level: int, text: str, *values: object) -> None:
        """Log for whoever debugs."""
        self._logger.debug(text, *values)


_PRODUCER: Mapping[str, Any] = {
    # A broker that is away is waited for, as Connect does: a time-out here would mean duplicates.
    "delivery.timeout.ms": 2147483647,
    "linger.ms": 5,
    "batch.size": 524288,
    "batch.num.messages": 10000,
    "queue.buffering.max.kbytes": 16384,
    "queue.buffering.max.messages": 100000,
    "compression.type": "lz4",
    "message.max.bytes": 1048576,
    # Java's default placement: keys land where a Java producer puts them.
    "partitioner": "murmur2_random",
    "delivery.report.only.error": True,
}
_CONSUMER: Mapping[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "queued.max.messages.kbytes": 16384,
    # With a bounded queue the default back-off of a second would starve a fast reader.
    "fetch.queue.backoff.ms": 20,
    "topic.metadata.refresh.interval.ms": 60000,
    # After `kill -9` the group waits so long for the dead member before the next one gets its partitions.
    # The driver's own thread sends the heartbeats, so that a busy sink is never taken for a dead one.
    "session.timeout.ms": 10000,
    "heartbeat.interval.ms": 2000,
}
_UNKNOWN = re.compile(r'No such configuration property: "([^"]+)"')
_WAIT_OPTION = "default.api.timeout.ms"
_AWAY = f"check bootstrap.servers and the brokers; {_WAIT_OPTION} says how long they are waited for"
C = TypeVar("C")


class Clients:
    """Make the clients of one worker."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._admins: dict[frozenset[tuple[str, str]], AdminClient] = {}
        self._making = defaultdict[frozenset[tuple[str, str]], threading.Lock](threading.Lock)

    @property
    def brokers(self) -> str:
        """Where the cluster is, for messages."""
        return self._config.bootstrap_servers

    def producer(
        self, failures: Failures, settings: Mapping[str, Any], connector: Mapping[str, str] | None = None
    ) -> Producer:
        """Return a producer that reports to `failures`; idempotent unless overrides forbid it."""
        given = self._given("producer", connector)
        chosen = {**_PRODUCER, **settings, **given}
        if "transactional.id" in chosen:
            # A record cannot outlive its transaction.
            life = given.get("transaction.timeout.ms", settings.get("transaction.timeout.ms", "60000"))
            chosen |= {"transaction.timeout.ms": life, "delivery.timeout.ms": life}
        else:
            chosen.setdefault("enable.idempotence", _may_be_idempotent(given))
        chosen |= {"error_cb": failures.on_error, "on_delivery": failures.on_delivery}
        made: Producer = self._make(driver().Producer, chosen)
        return made

    def consumer(
        self, failures: Failures, settings: Mapping[str, Any], connector: Mapping[str, str] | None = None
    ) -> Consumer:
        """Return a consumer that reports to `failures` and never commits by itself."""
        chosen = {**_CONSUMER, **settings, **self._given("consumer", connector)}
        chosen |= {"enable.auto.commit": False, "error_cb": failures.on_error}
        made: Consumer = self._make(driver().Consumer, chosen)
        return made

    def admin(self, connector: Mapping[str, str] | None = None) -> AdminClient:
        """Return an admin client: the worker's, or the connector's own where it has overrides.

        They are kept, and made by one thread: what is asked of one that nobody holds is never answered.
        """
        own = frozenset(item for item in (connector or {}).items() if item[0].startswith("admin.override."))
        with self._making[own]:
            if own not in self._admins:
                self._admins[own] = self._make_admin(connector)
        return self._admins[own]

    def _make_admin(self, connector: Mapping[str, str] | None) -> AdminClient:
        """Return an admin client once a broker has answered it: its calls would only time out."""
        failures = Failures(f"Kafka at {self.brokers}")
        settings = {**self._given("admin", connector), "error_cb": failures.on_error}
        made: AdminClient = self._make(driver().admin.AdminClient, settings)
        patience = self._config.api_timeout_ms / 1000
        until, told = time.monotonic() + patience, False
        while True:
            try:
                made.describe_cluster(request_timeout=1.0).result(2.0)
                return made
            except (driver().KafkaException, TimeoutError) as error:
                if not told:
                    failures.told()
                made.poll(0)
                failures.raise_first()
                reason = f"Kafka at {self.brokers} does not answer: {failures.last or error}"
                if time.monotonic() > until:
                    raise LogError(reason, hint=_AWAY) from None
            if not told:
                logger.warning("%s; it is waited for, %g s at most (%s)", reason, patience, _WAIT_OPTION)
                told = True

    def _given(self, role: str, connector: Mapping[str, str] | None) -> dict[str, Any]:
        translation = translate(self._config.client(role, connector), role)
        if translation.problems:
            raise ConfigError(translation.problems)
        for warned in translation.warnings:
            logger.warning("%s: %s", role, warned.message)
        return {"bootstrap.servers": self._config.bootstrap_servers, **translation.settings}

    def _make(self, build: Callable[..., C], settings: dict[str, Any]) -> C:
        """Build a client without the properties that librdkafka does not know; Java warns about them too."""
        exception = driver().KafkaException
        while True:
            try:
                return build(settings, logger=_DriverLog())
            except exception as error:
                text = error.args[0].str() if hasattr(error.args[0], "str") else str(error)
                unknown = _UNKNOWN.search(text)
                if unknown is None or unknown[1] not in settings:
                    raise ConfigError([Problem("", f"Kafka client: {text}")]) from None
                logger.warning("The Kafka property %s is unknown and is ignored", unknown[1])
                del settings[unknown[1]]


def _may_be_idempotent(given: Mapping[str, str]) -> bool:
    acks = given.get("acks", given.get("request.required.acks", "all"))
    in_flight = given.get("max.in.flight.requests.per.connection", given.get("max.in.flight", "5"))
    return acks in ("all", "-1") and in_flight.isdigit() and int(in_flight) <= 5
