"""Records of logical messages (pg_logical_emit_message)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cdc.batch import RecordBatch
from cdc.filters import name_filter
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.pgoutput import MESSAGES, LogicalMessage
from cdc.sources.postgres.types import Modes
from cdc.sources.postgres.versions import SOURCE_SCHEMA, source_block, transaction_values
from cdc.topics import TopicNames
from schemas import connect
from schemas.connect import OPTIONAL_INT64, Schema, Type
from schemas.envelope import TRANSACTION_BLOCK

_MESSAGE_KEY = connect.struct(
    "io.debezium.connector.postgresql.MessageKey", [("prefix", Schema(Type.STRING, optional=True))], version=1
)


@dataclass(slots=True)
class Messages:
    """Make the records."""

    topic: str
    value_schema: Schema
    wanted: Callable[[str], bool]
    config: PostgresConfig
    modes: Modes

    @classmethod
    def of(cls, config: PostgresConfig, topics: TopicNames, modes: Modes) -> Messages:
        """Return the maker for a config."""
        content = connect.OPTIONAL_STRING if modes.binary != "bytes" else Schema(Type.BYTES, optional=True)
        block = connect.struct(
            "io.debezium.connector.postgresql.Message",
            [("prefix", connect.OPTIONAL_STRING), ("content", content)],
            version=1,
        )
        value = connect.struct(
            "io.debezium.connector.postgresql.MessageValue",
            [
                ("op", connect.STRING),
                ("ts_ms", OPTIONAL_INT64),
                ("source", SOURCE_SCHEMA),
                ("transaction", TRANSACTION_BLOCK),
                ("message", block),
            ],
            version=1,
        )
        wanted = name_filter(config.message_prefix_include, config.message_prefix_exclude)
        return cls(topics.data(MESSAGES), value, wanted, config, modes)

    def record(self, message: LogicalMessage) -> RecordBatch | None:
        """Return the record of a message; None when its prefix is not captured."""
        if not self.wanted(message.prefix):
            return None
        now_us = time.time_ns() // 1000
        block = source_block(self.config.topic_prefix, self.config.dbname, "", "", "false")
        shared = message.transaction or transaction_values(now_us, message.last_commit, None)
        content = message.content if self.modes.binary == "bytes" else self.modes.binary_text(message.content)
        value = {
            "op": "m",
            "ts_ms": now_us // 1000,
            "source": block.value(shared, (message.lsn,)),
            "transaction": None,
            "message": {"prefix": message.prefix, "content": content},
        }
        key = {"prefix": message.prefix}
        return RecordBatch(self.topic, _MESSAGE_KEY, self.value_schema, [key], [value])
