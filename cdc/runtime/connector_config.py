"""Options of connectors that the runtime reads itself (Kafka Connect's ConnectorConfig and kin)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option
from cdc.errors import Problem
from cdc.filters import java_regex

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _check_name(name: str) -> None:
    if not name.strip():
        raise ValueError("String may not be empty")
    if _CONTROL.search(name):
        raise ValueError("String may not contain control sequences")


def _unique(aliases: Iterable[str]) -> None:
    seen: set[str] = set()
    for alias in aliases:
        if alias in seen:
            raise ValueError("Duplicate alias provided.")
        seen.add(alias)


def _check_regex(pattern: str | None) -> None:
    java_regex(pattern or "")


class ConnectorConfig(Config):
    """What sources and sinks share: names, converters, transforms, error handling."""

    tolerated: ClassVar[tuple[str, ...]] = (
        "key.converter.",
        "value.converter.",
        "header.converter.",
        "transforms.",
        "predicates.",
        "producer.override.",
        "consumer.override.",
        "admin.override.",
        "task.class",
    )

    name = options.string(
        "name",
        validate=_check_name,
        doc="Name of the connector, unique in the worker; offsets are kept under it.",
        importance=Importance.HIGH,
        group="Common",
    )
    connector_class = options.string(
        "connector.class",
        doc="What runs: a short name (`postgres`, `jdbc`), a Java class name, or an alias of one.",
        importance=Importance.HIGH,
        group="Common",
    )
    tasks_max = options.integer(
        "tasks.max",
        1,
        at_least=1,
        doc="Maximum number of tasks of this connector.",
        importance=Importance.HIGH,
        group="Common",
    )
    tasks_max_enforce = options.boolean(
        "tasks.max.enforce",
        True,
        doc="Fail when a connector plans more tasks than `tasks.max`.",
        importance=Importance.LOW,
        group="Common",
    )
    key_converter = options.optional_string(
        "key.converter",
        doc="Format of the keys; the worker's when absent. Its options follow as `key.converter.*`.",
        importance=Importance.LOW,
        group="Common",
    )
    value_converter = options.optional_string(
        "value.converter",
        doc="Format of the values; the worker's when absent. Its options follow as `value.converter.*`.",
        importance=Importance.LOW,
        group="Common",
    )
    header_converter = options.optional_string(
        "header.converter",
        doc="Format of the header values; the worker's when absent (SimpleHeaderConverter).",
        importance=Importance.LOW,
        group="Common",
    )
    transforms = options.names(
        "transforms",
        validate=_unique,
        doc="Aliases of the transforms that records go through, in order; `transforms.NAME.type` and "
        "`transforms.NAME.*` describe each.",
        importance=Importance.LOW,
        group="Transforms",
    )
    predicates = options.names(
        "predicates",
        validate=_unique,
        doc="Aliases of the predicates that transforms may refer to.",
        importance=Importance.LOW,
        group="Predicates",
    )
    config_action_reload = options.choice(
        "config.action.reload",
        ("none", "restart"),
        "restart",
        doc="Whether the connector restarts when a value behind `${…}` is known to have changed.",
        importance=Importance.LOW,
        group="Common",
    )
    retry_timeout_ms = options.integer(
        "errors.retry.timeout",
        0,
        at_least=-1,
        kind=Kind.LONG,
        doc="For how long a failed operation is tried again, in ms; -1 without end.",
        group="Error Handling",
    )
    retry_delay_max_ms = options.integer(
        "errors.retry.delay.max.ms",
        60_000,
        at_least=1,
        kind=Kind.LONG,
        doc="Longest pause between two attempts.",
        group="Error Handling",
    )
    tolerance = options.choice(
        "errors.tolerance",
        ("none", "all"),
        "none",
        doc="`none`: a bad record fails the task. `all`: it is set aside (dead letter queue, log) and "
        "the rest goes on.",
        group="Error Handling",
    )
    log_errors = options.boolean(
        "errors.log.enable",
        False,
        doc="Log each tolerated error.",
        group="Error Handling",
    )
    log_messages = options.boolean(
        "errors.log.include.messages",
        False,
        doc="Include the record's position in what `errors.log.enable` logs.",
        group="Error Handling",
    )
    max_retries = options.integer(
        "errors.max.retries",
        -1,
        at_least=-1,
        doc="How often in a row a task is restarted after a retriable error (connection lost, slot "
        "busy …); -1 without limit.",
        group="Error Handling",
    )
    restart_wait_ms = options.integer(
        "retriable.restart.connector.wait.ms",
        10_000,
        at_least=0,
        kind=Kind.LONG,
        doc="Longest pause before such a restart; the first ones come sooner.",
        group="Error Handling",
    )


class SourceConnectorConfig(ConnectorConfig):
    """What all sources have."""

    tolerated = (*ConnectorConfig.tolerated, "topic.creation.")

    topic_creation_groups = options.names(
        "topic.creation.groups",
        validate=_unique,
        doc="Groups of topics with creation settings of their own, `topic.creation.GROUP.*`.",
        importance=Importance.LOW,
        group="Topic Creation",
    )
    exactly_once_support = options.choice(
        "exactly.once.support",
        ("requested", "required"),
        "requested",
        doc="`required`: refuse to run where exactly-once delivery is not possible.",
        group="Exactly Once Support",
    )
    transaction_boundary = options.choice(
        "transaction.boundary",
        ("poll", "interval", "connector"),
        "poll",
        doc="Where transactions of the log end. Accepted as in Connect; every window is a transaction.",
        group="Exactly Once Support",
    )
    transaction_interval_ms: Option[str | None] = options.optional_string(
        "transaction.boundary.interval.ms",
        doc="Accepted as in Connect; see `transaction.boundary`.",
        importance=Importance.LOW,
        group="Exactly Once Support",
    )
    offsets_topic = options.optional_string(
        "offsets.storage.topic",
        doc="Offset topic of this connector alone.",
        importance=Importance.LOW,
        group="Offsets Topic",
    )
    window_bytes = options.integer(
        "window.max.bytes",
        1 << 20,
        at_least=1024,
        doc="How much is read, encoded and appended in one go: bytes on the wire.",
        importance=Importance.LOW,
        group="Runtime",
    )


class SinkConnectorConfig(ConnectorConfig):
    """What all sinks have."""

    topics = options.names(
        "topics",
        doc="Topics to read. Without `topics` and `topics.regex`, `cdc start` takes the data topics of "
        "the sources that are started beside it.",
        importance=Importance.HIGH,
        group="Common",
    )
    topics_regex = options.optional_string(
        "topics.regex",
        validate=_check_regex,
        doc="Java regular expression; topics whose whole name matches are read.",
        importance=Importance.HIGH,
        group="Common",
    )
    dlq_topic = options.string(
        "errors.deadletterqueue.topic.name",
        "",
        doc="Topic for records that could not be processed, as they were read; empty: none.",
        group="Error Handling",
    )
    dlq_replication = options.integer(
        "errors.deadletterqueue.topic.replication.factor",
        3,
        doc="Replication factor of the dead letter queue when it has to be created.",
        group="Error Handling",
    )
    dlq_headers = options.boolean(
        "errors.deadletterqueue.context.headers.enable",
        False,
        doc="Add `__connect.errors.*` headers that say where, in which stage and why a record failed.",
        group="Error Handling",
    )
    flush_bytes = options.integer(
        "flush.max.bytes",
        4 << 20,
        at_least=1,
        doc="While there is a backlog: make the target durable after this many bytes of records …",
        importance=Importance.LOW,
        group="Runtime",
    )
    flush_interval_ms = options.integer(
        "flush.max.interval.ms",
        500,
        at_least=0,
        doc="… or after this time. With no backlog that happens at once.",
        importance=Importance.LOW,
        group="Runtime",
    )

    def check(self) -> Iterable[Problem]:
        """Yield what is wrong between options."""
        if self.topics and self.topics_regex:
            message = "topics and topics.regex are mutually exclusive: give one of them"
            yield Problem("topics", message)
        if self.dlq_topic and self.dlq_topic in self.topics:
            yield Problem(
                "errors.deadletterqueue.topic.name",
                f"The dead letter queue topic {self.dlq_topic!r} is one of the topics that are read",
            )


def subset(raw: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the options behind a prefix, without it."""
    return {name[len(prefix) :]: value for name, value in raw.items() if name.startswith(prefix)}
