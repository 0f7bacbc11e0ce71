"""Options of source connectors that the runtime reads itself (Connect's SourceConnectorConfig)."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Importance
from cdc.runtime.connector_config import ConnectorConfig, unique


def _milliseconds(value: str | None) -> None:
    if value is not None and not (value.isascii() and value.isdigit() and int(value)):
        raise ValueError("Value must be a number of milliseconds, at least 1")


class SourceConnectorConfig(ConnectorConfig):
    """What all sources have."""

    tolerated = (*ConnectorConfig.tolerated, "topic.creation.")

    topic_creation_groups = options.names(
        "topic.creation.groups",
        validate=unique,
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
        doc="With exactly-once: where transactions of Kafka end. `poll`: behind what is read in one "
        "go, half a second of it at most. `interval`: after a time. `connector`: no source here defines it.",
        group="Exactly Once Support",
    )
    transaction_interval_ms = options.optional_string(
        "transaction.boundary.interval.ms",
        validate=_milliseconds,
        doc="How long a transaction lasts with `transaction.boundary=interval`, in ms; by default 60000.",
        importance=Importance.LOW,
        group="Exactly Once Support",
    )
    offsets_topic = options.optional_string(
        "offsets.storage.topic",
        doc="Compacted Kafka topic for the offsets of this connector alone; made when missing. What it has "
        "counts, and the worker's topic gets a copy.",
        importance=Importance.LOW,
        group="Offsets Topic",
    )
    window_bytes = options.integer(
        "window.max.bytes",
        1 << 17,
        at_least=1024,
        doc="How much is read, encoded and appended in one go: bytes on the wire. While a backlog's rows are "
        "spread over many tables, up to 32 times as much.",
        importance=Importance.LOW,
        group="Runtime",
    )
