"""Names of topics: Debezium's topic naming strategies."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INVALID = re.compile(r"[^A-Za-z0-9._-]")
MAX_LENGTH = 249
"""Kafka's limit (org.apache.kafka.common.internals.Topic)."""


def sanitize(name: str) -> str:
    """Return a legal topic name: other characters become `_`, the length is cut to Kafka's limit."""
    if name in (".", ".."):
        return "_" * len(name)
    return _INVALID.sub("_", name)[:MAX_LENGTH]


@dataclass(frozen=True, slots=True)
class TopicNames:
    """The topics of one connector (DefaultTopicNamingStrategy, SchemaTopicNamingStrategy).

    prefix: `topic.prefix`. delimiter: `topic.delimiter`. heartbeat_prefix / heartbeat_name /
    transaction: the options of those names.
    """

    prefix: str
    delimiter: str = "."
    heartbeat_prefix: str = "__debezium-heartbeat"
    heartbeat_name: str = ""
    transaction_name: str = "transaction"

    def data(self, *parts: str) -> str:
        """Return the topic of a table, from its schema (or database) and name."""
        return sanitize(self.delimiter.join((self.prefix, *parts)))

    @property
    def heartbeat(self) -> str:
        """The heartbeat topic."""
        return sanitize(self.heartbeat_name or self.delimiter.join((self.heartbeat_prefix, self.prefix)))

    @property
    def transaction(self) -> str:
        """The topic of transaction markers."""
        return sanitize(self.delimiter.join((self.prefix, self.transaction_name)))

    @property
    def schema_changes(self) -> str:
        """The topic of schema changes."""
        return sanitize(self.prefix)
