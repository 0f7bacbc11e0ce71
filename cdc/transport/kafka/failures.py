"""What the driver reports, as errors for the operator: the one border where its errors change."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cdc.errors import AccessDenied, CdcError, DriverMissing, Fenced, LogError, LogRejected

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

logger = logging.getLogger(__name__)

_REJECTED = {
    "MSG_SIZE_TOO_LARGE": "raise max.message.bytes of the topic and producer.override.max.request.size",
    "RECORD_LIST_TOO_LARGE": "lower producer.override.batch.size, or raise the topic's max.message.bytes",
    "TOPIC_AUTHORIZATION_FAILED": "allow the worker's user to describe, write and create it",
    "CLUSTER_AUTHORIZATION_FAILED": "allow the worker's user idempotent writes",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED": "allow the worker's user to write with this transactional id",
    "GROUP_AUTHORIZATION_FAILED": "allow the worker's user to read as this consumer group",
    "TOPIC_EXCEPTION": "a topic's name may hold letters, digits, dot, underscore and dash, 249 at most",
    "UNKNOWN_TOPIC_OR_PART": "create it, or set topic.creation.default.replication.factor and .partitions",
    "_UNKNOWN_TOPIC": "create it, or set topic.creation.default.replication.factor and .partitions",
    "_UNKNOWN_PARTITION": "the record asks for a partition that the topic does not have",
    "INVALID_REPLICATION_FACTOR": "set topic.creation.default.replication.factor to what the brokers allow",
    "INVALID_PARTITIONS": "set topic.creation.default.partitions",
    "INVALID_CONFIG": "correct the topic.creation.* options",
    "POLICY_VIOLATION": "the broker's policy forbids it",
    "INVALID_RECORD": "the topic accepts no such record; a compacted topic needs keys",
}
_DENIED = ("_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM")
# bad, unsupported, revoked, expired, unknown, of an unknown authority, missing (RFC 8446, section 6.2)
_CERTIFICATE_ALERT = re.compile(r"SSL alert number (4[2-6]|48|116)\b")
_FENCED = ("_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH", "FENCED_INSTANCE_ID")


def driver() -> Any:
    """Return the driver's module; raises DriverMissing."""
    try:
        import confluent_kafka
        import confluent_kafka.admin
    except ImportError:
        raise DriverMissing("confluent-kafka", "kafka") from None
    return confluent_kafka


def translate(failed: KafkaError | BaseException, subject: str) -> CdcError:
    """Return the error to raise for a driver's error; `subject` says what it happened to."""
    error: Any = failed.args[0] if isinstance(failed, BaseException) else failed
    if not hasattr(error, "code"):
        return LogError(f"{subject}: {error}")
    name, text = error.name(), f"{subject}: {error.str()}"
    if name in _FENCED or "fenced" in error.str().lower():
        return Fenced(text)
    if name in _REJECTED:
        return LogRejected(text, hint=_REJECTED[name])
    if name in _DENIED:
        return AccessDenied(text, hint="check sasl.mechanism and sasl.jaas.config, and the prefixed ones")
    return LogError(text)


class Failures:
    """Keep the first failure of a client until somebody raises it.

    The driver calls `on_error` and `on_delivery` from `poll` and `flush`. Without this, a wrong
    password or certificate would be retried in silence for ever, and a lost record would be missed.
    """

    def __init__(self, client: str) -> None:
        self._client = client
        self._first: CdcError | None = None
        self._logged = 0.0
        self.last = ""

    def on_error(self, error: KafkaError) -> None:
        """Take an error of the client as a whole."""
        self.last = error.str()
        if error.name() in _DENIED or error.fatal() or _untrusted(error) or _refused(error):
            self._keep(_of_client(error, self._client))
        elif time.monotonic() - self._logged > 10:
            self._logged = time.monotonic()
            logger.warning("%s: %s", self._client, self.last)

    def told(self) -> None:
        """Be silent for a while: somebody else tells the operator."""
        self._logged = time.monotonic()

    def on_delivery(self, error: KafkaError | None, message: Any) -> None:
        """Take the fate of a record."""
        try:
            if error is not None:
                self._keep(translate(error, f"Topic {message.topic()}"))
        except SystemError as broken:
            # After a fatal error the driver calls this with its own exception still set.
            self._keep(self._of_broken(broken))

    def serve(self, call: Callable[[float], int], timeout: float) -> int:
        """Call the producer's `poll` or `flush`; raises the first failure."""
        try:
            left = call(timeout)
        except (SystemError, driver().KafkaException) as error:
            self.raise_first()
            raise self._of_broken(error) from None
        self.raise_first()
        return left

    def raise_first(self) -> None:
        """Raise what went wrong first; from then on every call raises it."""
        if self._first is not None:
            raise self._first

    def _of_broken(self, error: BaseException) -> CdcError:
        cause = error if isinstance(error, driver().KafkaException) else error.__cause__
        return translate(cause, self._client) if cause is not None else LogError(f"{self._client} failed")

    def _keep(self, error: CdcError) -> None:
        # Once the producer is fatally broken every record in its queue fails with a lesser error.
        if self._first is None or (isinstance(error, Fenced) and not isinstance(self._first, Fenced)):
            self._first = error


def _untrusted(error: KafkaError) -> bool:
    return error.name() == "_SSL" and "verif" in error.str()


def _refused(error: KafkaError) -> bool:
    """Whether the broker wants a certificate of us, or another one."""
    return _CERTIFICATE_ALERT.search(error.str()) is not None


def _of_client(error: KafkaError, client: str) -> CdcError:
    if _untrusted(error):
        return AccessDenied(f"{client}: {error.str()}", hint="check ssl.truststore.location")
    if _refused(error):
        hint = "the broker asks for another certificate: check ssl.keystore.location, or ssl.keystore.key"
        return AccessDenied(f"{client}: {error.str()}", hint=hint)
    return translate(error, client)
