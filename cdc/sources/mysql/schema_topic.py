"""The schema-change topic: each statement that changed a definition, as Debezium writes it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from cdc.batch import Header, RecordBatch
from cdc.java_hash import grown, hash_order
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.flavours import Flavour
from cdc.sources.mysql.versions import source_block
from cdc.topics import TopicNames
from schemas import changes as records
from schemas.definition import SchemaChange
from schemas.table import TableId


class SchemaTopic:
    """Make its records; `headers` are on each."""

    def __init__(
        self, config: BinlogConfig, flavour: Flavour, topics: TopicNames, headers: Sequence[Header]
    ) -> None:
        self._config, self._flavour, self._headers = config, flavour, headers
        self._topic = topics.schema_changes
        adjustment = config.schema_name_adjustment
        self._key = records.key_schema(flavour.connector, adjustment)
        self._value = records.value_schema(flavour.connector, flavour.source_schema, adjustment)

    def records(
        self,
        changes: Sequence[SchemaChange],
        named: Mapping[str, Sequence[TableId] | None],
        transaction: Sequence[Any],
        pos: int,
        marker: str = "false",
    ) -> RecordBatch | None:
        """Return the records of changes; None where there are none to tell.

        named: the tables that the statement is about, by database. transaction, pos: of `source`, as in
        change events; marker: of the snapshot, `false` in the stream.
        """
        if not changes or not self._config.include_schema_changes:
            return None
        values = [
            self._record(change, _label(named.get(change.database)), transaction, pos, marker)
            for change in changes
        ]
        keys = [records.key(change.database) for change in changes]
        headers = [self._headers] * len(values) if self._headers else None
        return RecordBatch(self._topic, self._key, self._value, keys, values, partition=0, headers=headers)

    def _record(
        self, change: SchemaChange, label: str | None, transaction: Sequence[Any], pos: int, marker: str
    ) -> dict[str, Any]:
        block = source_block(self._flavour, self._config.topic_prefix, change.database, label, marker)
        return records.value(
            block.value(transaction, (pos, 0)),
            time.time_ns() // 1_000_000,
            change.database,
            change.ddl,
            change.changes,
            comments=self._config.include_schema_comments,
        )


def _label(tables: Sequence[TableId] | None) -> str | None:
    """Return what `source.table` says: the tables of the statement, in the order of Java's HashSet."""
    if tables is None:
        return None
    by_name = {str(table): table.table for table in tables}
    return ",".join(by_name[name] for name in hash_order(by_name, grown(len(by_name))))
