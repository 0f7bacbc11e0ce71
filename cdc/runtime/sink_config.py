"""Options of sink connectors that the runtime reads itself (Connect's SinkConnectorConfig)."""

from __future__ import annotations

from collections.abc import Iterable

from cdc import config as options
from cdc.config import Importance
from cdc.errors import Problem
from cdc.filters import java_regex
from cdc.runtime.connector_config import ConnectorConfig


def _check_regex(pattern: str | None) -> None:
    java_regex(pattern or "")


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
