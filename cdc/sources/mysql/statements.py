"""What becomes of the statements in the log: definitions change, the history keeps it, a topic tells."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from cdc.batch import Batch
from cdc.sources.mysql.binlog.events import Query
from cdc.sources.mysql.binlog.outcomes import Statement
from cdc.sources.mysql.captured import CapturedTables
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.definitions import Definitions
from cdc.sources.mysql.log_tables import LogTables
from cdc.sources.mysql.positions import Position
from cdc.sources.mysql.schema_history import SchemaHistory
from cdc.sources.mysql.schema_topic import SchemaTopic
from schemas.definition import SchemaChange, TableChange
from schemas.table import TableId

log = logging.getLogger(__name__)

_NAME = r"(?:`((?:[^`]|``)+)`|([\w$]+))"
_TARGET = re.compile(
    rf"(?:INSERT|REPLACE|UPDATE|DELETE|LOAD)\b.*?\b(?:INTO(?:\s+TABLE)?|UPDATE|FROM)\s+(?:{_NAME}\s*\.\s*)?{_NAME}",
    re.IGNORECASE | re.DOTALL,
)


class LoggedStatements:
    """Take the statements of the log."""

    def __init__(
        self,
        config: BinlogConfig,
        position: Position,
        captured: CapturedTables,
        definitions: Definitions,
        history: SchemaHistory,
        topic: SchemaTopic,
    ) -> None:
        self._position, self._captured = position, captured
        self._definitions, self._history, self._topic = definitions, history, topic
        handling = config.inconsistent_schema_handling
        self.tables = LogTables(captured, definitions, handling, self._learned)

    def take(self, statement: Statement, transaction: Sequence[Any]) -> tuple[list[Batch], list[TableId]]:
        """Apply a statement that the position is behind of; return what tells of it, and emptied tables."""
        applied = self._definitions.apply(statement.query)
        self.tables.forget(applied.tables)
        kept = [change for change in applied.changes if self._history.wanted(change)]
        if not kept:
            return [], applied.truncated
        self._history.store(self._position.offset(), kept)
        records = self._topic.records(kept, applied.named, transaction, statement.query.pos)
        return ([] if records is None else [records]), applied.truncated

    def concerns(self, query: Query) -> bool:
        """Whether a statement changes rows of captured tables, as far as it can be seen."""
        found = _TARGET.match(query.sql.lstrip())
        if found is None:
            return self._captured.wants_database(query.database)
        database = found[1] or found[2] or query.database
        table = found[3] or found[4]
        return self._captured.wants(TableId(database.replace("``", "`"), "", table.replace("``", "`")))

    def _learned(self, change: TableChange) -> None:
        """Keep a definition that the history lacked."""
        told = SchemaChange(change.id.catalog, f"CREATE TABLE {change.id}", (change,))
        self._history.store(self._position.offset(), [told])
