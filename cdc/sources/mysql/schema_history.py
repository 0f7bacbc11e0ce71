"""Keep the history of the tables' definitions, and recover from it what they were at an offset."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cdc.batch import Offset
from cdc.errors import SchemaHistoryLost
from cdc.journals import FileJournal, MemoryJournal
from cdc.metrics import Metrics
from cdc.plugin import Journal, SourceContext
from cdc.sources.mysql.config.history import FILE, KAFKA, MEMORY, HistoryOptions
from cdc.sources.mysql.history_metrics import HistoryMetrics
from schemas import history
from schemas.definition import ChangeKind, SchemaChange, TableChange, TableDefinition
from schemas.history import HistoryRecord
from schemas.table import TableId

logger = logging.getLogger(__name__)

Tables = dict[TableId, TableDefinition]

Parse = Callable[[str, str, Mapping[TableId, TableDefinition]], Sequence[TableChange]]
"""Statement, its database and the tables so far → what it changes; ValueError: it is not understood."""

LOST: Final = (
    "The db history topic or its content is fully or partially missing. Please check database schema "
    "history topic configuration and re-execute the snapshot."
)
_WAY_OUT: Final = (
    "restore the history; or set snapshot.mode=recovery once, which takes the schemas as they are now and "
    "goes on at the stored offset (right if no table was altered since); or delete the connector's offsets, "
    "which takes a new snapshot"
)
_APPEND_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tables and databases are captured."""

    table: Callable[[TableId], bool]
    database: Callable[[str], bool]


@dataclass(slots=True)
class _Recovery:
    tables: Tables = field(default_factory=dict)
    read: int = 0
    applied: int = 0
    begun: bool = False
    """Whether a snapshot of the schemas began among the records: all tables are in it."""


def open_journal(options: HistoryOptions, prefix: str, context: SourceContext) -> Journal:
    """Return the journal that the options name; `prefix` is `topic.prefix`."""
    if options.history_storage == FILE:
        assert options.history_file is not None
        return FileJournal(options.history_file)
    if options.history_storage == MEMORY:
        return MemoryJournal()
    topic = options.history_topic or f"schemahistory.{prefix}"
    return context.journal(topic, options.journal_options())


class SchemaHistory:
    """The history of one connector; `partition` is its source partition, which others in the topic lack.

    not_after: whether everything up to the first offset is known at the second.
    """

    def __init__(
        self,
        journal: Journal,
        options: HistoryOptions,
        partition: Mapping[str, Any],
        scope: Scope,
        parse: Parse,
        not_after: Callable[[Offset, Offset], bool],
        metrics: Metrics | None = None,
    ) -> None:
        self._journal, self._options, self._partition = journal, options, dict(partition)
        self._scope, self._parse, self._not_after = scope, parse, not_after
        self._metrics = HistoryMetrics(metrics or Metrics())

    def recover(self, offset: Offset) -> Tables:
        """Return the tables as they were at the offset; raises SchemaHistoryLost with the way out."""
        span = self._journal.span()
        if not span:
            raise self._lost("it is missing" if span is None else "it is empty")
        started, found = time.monotonic(), _Recovery()
        self._metrics.recovers()
        for record in self._records():
            found.read += 1
            if self._not_after(record.position, offset):
                self._apply(record, found)
        self._check(span, found)
        self._metrics.recovered(found.read, found.applied)
        logger.info(
            "Schema history: %d records, %d of them up to the offset, %d tables, %.1f s",
            *(found.read, found.applied, len(found.tables), time.monotonic() - started),
        )
        return found.tables

    def wanted(self, change: SchemaChange) -> bool:
        """Whether a change is kept, and told to the schema-change topic."""
        options, database = self._options, change.database
        if options.is_noise(change.ddl):
            return False
        if options.store_only_captured_databases and database and not self._scope.database(database):
            return False
        if not options.store_only_captured_tables:
            return True
        if not database and change.ddl.lstrip()[:4].upper() == "SET ":
            return True
        return any(self._scope.table(table) for one in change.changes for table in _names(one))

    def store(self, offset: Offset, changes: Iterable[SchemaChange]) -> None:
        """Keep what is wanted of these changes, durably; `offset` is the position behind them.

        Call it once their own records are in the log, and before the offset moves past them: after a crash
        they are read again, and kept twice, which does no harm.
        """
        pending: list[bytes] = []
        size = 0
        for change in filter(self.wanted, changes):
            pending.append(self._encode(offset, change))
            self._metrics.applied()
            size += len(pending[-1])
            if size >= _APPEND_BYTES:
                self._journal.append(pending)
                pending, size = [], 0
        if pending:
            self._journal.append(pending)

    def close(self) -> None:
        """Release the journal."""
        self._journal.close()
        self._metrics.stopped()

    def _encode(self, offset: Offset, change: SchemaChange) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        record = HistoryRecord(
            self._partition, offset, change.ddl, change.changes, change.database, None, now_ms
        )
        # Debezium prints over many lines into topics, and a line for each record into files.
        pretty = self._options.history_storage == KAFKA
        return history.encode(record, pretty=pretty, comments=self._options.include_schema_comments)

    # -- recovery --------------------------------------------------------------------------------

    def _records(self) -> Iterator[HistoryRecord]:
        """Yield this connector's own records."""
        for number, value in enumerate(self._journal.read()):
            try:
                record = history.decode(value)
            except ValueError as error:
                self._unusable(f"Record {number} of the schema history cannot be read: {error}", error)
                continue
            if record.source == self._partition:
                yield record

    def _apply(self, record: HistoryRecord, found: _Recovery) -> None:
        found.applied += 1
        found.begun = found.begun or _begins_snapshot(record)
        for change in self._changes(record, found.tables):
            apply(change, found.tables)

    def _changes(self, record: HistoryRecord, tables: Tables) -> Sequence[TableChange]:
        """Return what a record changes: what its writer saw in it, or else what we see in the statement."""
        known, ddl = record.changes, record.ddl
        if known and not self._options.prefer_ddl:
            return known
        if ddl is None or self._options.is_noise(ddl):
            return known or ()
        try:
            return self._parse(ddl, record.database or "", tables)
        except ValueError as error:
            if known is None:
                message = f"A statement of the schema history is not understood: {ddl[:500]!r}: {error}"
                self._unusable(message, error)
            else:
                logger.debug("Not parsed, what was known of it counts: %s: %s", ddl, error)
            return known or ()

    def _unusable(self, message: str, error: ValueError) -> None:
        if not self._options.skip_unparseable_ddl:
            raise SchemaHistoryLost(
                message,
                hint=f"set schema.history.internal.skip.unparseable.ddl=true to pass over it; or {_WAY_OUT}",
            ) from error
        logger.warning("%s: it is passed over", message)

    def _check(self, span: range, found: _Recovery) -> None:
        if not found.read:
            raise self._lost(f"it has {len(span)} records, none of {self._partition}")
        if not found.applied:
            raise self._lost(f"none of its {found.read} records is of the time up to the offset")
        if span.start > 0 and not found.begun:
            raise self._lost(
                f"its first {span.start} records are gone, and no snapshot of the schemas follows"
            )

    @staticmethod
    def _lost(what: str) -> SchemaHistoryLost:
        return SchemaHistoryLost(f"{LOST} Here {what}.", hint=_WAY_OUT)


def apply(change: TableChange, tables: Tables) -> None:
    """Change the tables as a statement did."""
    if change.previous_id is not None:
        tables.pop(change.previous_id, None)
    if change.kind is ChangeKind.DROP or change.table is None:
        tables.pop(change.id, None)
    else:
        tables[change.id] = change.table


def _names(change: TableChange) -> tuple[TableId, ...]:
    return (change.id,) if change.previous_id is None else (change.id, change.previous_id)


def _begins_snapshot(record: HistoryRecord) -> bool:
    """Whether a snapshot begins here: with the server's character set, before anything of a database."""
    return bool(record.position.get("snapshot")) and not record.database
