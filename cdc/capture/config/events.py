"""Options of the events and topics."""

from __future__ import annotations

import re

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option
from cdc.topics import TopicNames

HIGH, LOW = Importance.HIGH, Importance.LOW


def _legal_prefix(value: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", value):
        raise ValueError(
            f"{value!r} has invalid format (only the underscore, hyphen, dot and alphanumeric "
            "characters are allowed)"
        )


def _operations(text: str) -> frozenset[str]:
    words = {word.strip().lower() for word in text.split(",") if word.strip()}
    if not words <= {"c", "u", "d", "t", "none"}:
        raise ValueError("Operations must be of c, u, d, t, or none")
    return frozenset(words - {"none"})


class EventOptions(Config):
    """Topics, markers, heartbeats, operations."""

    topic_prefix = options.string(
        "topic.prefix",
        doc="Logical name of the server: prefix of topics and schema names, key of the heartbeat.",
        importance=HIGH,
        validate=lambda value: _legal_prefix(value),
    )
    tombstones_on_delete = options.boolean(
        "tombstones.on.delete",
        True,
        doc="Follow each delete with a null value, for compaction.",
        group="Events",
    )
    provide_transaction_metadata = options.boolean(
        "provide.transaction.metadata",
        False,
        doc="Mark the borders of transactions and number the events inside.",
        group="Events",
    )
    extended_headers_enabled = options.boolean(
        "extended.headers.enabled",
        True,
        doc="Add headers that name the connector, task and run.",
        group="Events",
    )
    topic_delimiter = options.string(
        "topic.delimiter", ".", doc="What stands between the parts of a topic's name.", group="Events"
    )
    topic_heartbeat_prefix = options.string(
        "topic.heartbeat.prefix", "__debezium-heartbeat", doc="Prefix of the heartbeat topic.", group="Events"
    )
    topic_heartbeat_name = options.string(
        "topic.heartbeat.name",
        "",
        doc="Name of the heartbeat topic, instead of prefix and server.",
        group="Events",
    )
    topic_transaction = options.string(
        "topic.transaction",
        "transaction",
        doc="Last part of the name of the transaction topic.",
        group="Events",
    )
    schema_name_adjustment = options.choice(
        "schema.name.adjustment.mode",
        ("none", "avro", "avro_unicode"),
        "none",
        doc="How schema names are made legal for a format.",
        group="Events",
    )
    field_name_adjustment = options.choice(
        "field.name.adjustment.mode",
        ("none", "avro", "avro_unicode"),
        "none",
        doc="How field names are made legal for a format.",
        group="Events",
    )
    heartbeat_interval_ms = options.integer(
        "heartbeat.interval.ms",
        0,
        at_least=0,
        doc="How often to send a heartbeat, in ms; 0 sends none.",
        group="Heartbeat",
    )
    skipped_operations = Option(
        "skipped.operations",
        Kind.LIST,
        _operations,
        frozenset({"t"}),
        doc="Operations not to capture while streaming: c, u, d, t, or none.",
        group="Filters",
    )

    def topic_names(self) -> TopicNames:
        """Return the names of the connector's topics."""
        return TopicNames(
            self.topic_prefix,
            self.topic_delimiter,
            self.topic_heartbeat_prefix,
            self.topic_heartbeat_name,
            self.topic_transaction,
        )
