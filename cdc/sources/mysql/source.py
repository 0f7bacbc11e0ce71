"""The MySQL and MariaDB sources: snapshot, then stream, behind the contract of `cdc.plugin.Source`."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

from cdc.batch import Offsets, Window
from cdc.capture.headers import context_headers
from cdc.capture.heartbeats import Heartbeats
from cdc.capture.stream_metrics import StreamMetrics
from cdc.capture.transactions import TransactionTracker
from cdc.errors import SchemaHistoryLost
from cdc.plugin import Source, SourceContext, register
from cdc.relational.capture_rules import nothing_to_read
from cdc.sources.mysql.captured import CapturedTables, SnapshotTable
from cdc.sources.mysql.catalog import BUILT_IN, Catalog
from cdc.sources.mysql.checks import check_server
from cdc.sources.mysql.config import BinlogConfig, MariaDbConfig, MySqlConfig
from cdc.sources.mysql.connection import connect, translated
from cdc.sources.mysql.containment import Containment
from cdc.sources.mysql.definitions import Definitions, parse_recorded
from cdc.sources.mysql.flavours import MARIADB, MYSQL, Flavour
from cdc.sources.mysql.history_order import order_of
from cdc.sources.mysql.log_decoder import LogDecoder
from cdc.sources.mysql.positions import Position
from cdc.sources.mysql.schema_history import SchemaHistory, Scope, open_journal
from cdc.sources.mysql.schema_snapshot import ServerSchema, schema_at, snapshot_changes
from cdc.sources.mysql.schema_topic import SchemaTopic
from cdc.sources.mysql.server import Server, binlog_status, read_server
from cdc.sources.mysql.snapshot_phase import INITIAL, SnapshotPhase, tables_to_read
from cdc.sources.mysql.snapshot_reader import LeftOut, SnapshotReader
from cdc.sources.mysql.snapshot_view import SnapshotView, open_view
from cdc.sources.mysql.start import Start, find_start, moved, position_at, stream_start
from cdc.sources.mysql.statements import LoggedStatements
from cdc.sources.mysql.streaming import Streaming
from cdc.sources.mysql.unsettled import unsettled_keys
from cdc.sources.mysql.versions import transaction_values
from schemas.ddl import Dialect, Schema
from schemas.definition import TableDefinition
from schemas.table import TableId
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from pymysql import Connection

log = logging.getLogger(__name__)


class BinlogSource(Source):
    """Capture a server through its binary log."""

    config_class: ClassVar[type[BinlogConfig]]
    config: BinlogConfig
    flavour: ClassVar[Flavour]

    def __init__(self, config: BinlogConfig) -> None:
        super().__init__(config)
        self._connection: Connection[Any] | None = None
        self._history: SchemaHistory | None = None
        self._view: SnapshotView | None = None
        self._snapshot: SnapshotPhase | None = None
        self._streaming: Streaming | None = None
        self._first: Window | None = None

    @classmethod
    def check(cls, config: Any) -> Iterable[str]:
        """Try the config against the server; yield what is wrong, with the way to mend it."""
        connection = connect(config)
        try:
            yield from check_server(connection, config, cls.flavour)
        finally:
            connection.close()

    # -- opening -----------------------------------------------------------------------------

    def open(self, context: SourceContext) -> None:
        """Connect, verify the position, recover the definitions; see `Source.open`."""
        self._context = context
        self._connection = connect(self.config)
        with translated(self.config):
            self._server = server = read_server(self._connection)
            server.require_product(mariadb=self.flavour.mariadb)
            server.require_ready(streams=self.config.planned_mode().stream)
            self._prepare(server, context)
            self._resume(server, context)

    def _prepare(self, server: Server, context: SourceContext) -> None:
        config, flavour = self.config, self.flavour
        self._topics = topics = config.topic_names()
        headers = context_headers(config, flavour.connector, context.task)
        self._captured = captured = CapturedTables(config, flavour, topics, headers)
        self._catalog = Catalog(self._sql)
        self._heartbeats = Heartbeats(config, topics)
        self._metrics = StreamMetrics(context.metrics)
        context.metrics.set("IsGtidModeEnabled", server.uses_gtids)
        self._partition = {"server": config.topic_prefix}
        self._progress = SnapshotProgress(self._partition)
        number = server.version[0] * 10_000 + server.version[1] * 100 + server.version[2]
        self._dialect = Dialect(server.is_mariadb, number)
        self._topic = SchemaTopic(config, flavour, topics, headers)
        self._history = SchemaHistory(
            open_journal(config, config.topic_prefix, context),
            config,
            self._partition,
            Scope(captured.wants, captured.wants_database),
            parse_recorded(self._dialect),
            order_of(flavour.gtid_set, config.source_filter),
            context.metrics,
        )

    def _resume(self, server: Server, context: SourceContext) -> None:
        config = self.config
        offset = context.offset(self._partition)
        self._progress.load(context.offsets())
        start = find_start(self._sql, config, self.flavour, server, offset, self._progress)
        resumes = start.data and start.position is not None
        forgotten = [] if resumes or not start.data else self._progress.forget()
        if start.data:
            self._view = open_view(config, server, self._catalog, self._captured.wants, self._in_schema)
        if not start.schema:
            try:
                self._definitions = self._recovered(start)
            except SchemaHistoryLost as lost:
                if not config.planned_mode().relearn:
                    raise
                log.warning("%s; taking the definitions as they are now", lost.message)
                start = Start(start.position, start.data, True)
        if start.schema:
            self._take_schema(start)
        else:
            assert start.position is not None
            self._position = start.position
        self._position = moved(server, self._position)
        if self._view is not None:
            self._start_snapshot(self._view, forgotten, resumes=resumes)
        self._warn(list(self._definitions.schema), known=start.schema)

    def _warn(self, tables: Sequence[TableDefinition], *, known: bool) -> None:
        """Tell what in the config deserves a look; known: that there are no other tables."""
        if tables or known:
            for warning in self._captured.warnings(t for t in tables if self._captured.wants(t.id)):
                log.warning("%s", warning)

    def _recovered(self, start: Start) -> Definitions:
        assert start.position is not None
        assert self._history is not None
        mode = self.config.planned_mode()
        try:
            tables = self._history.recover(start.position.offset())
        except SchemaHistoryLost:
            if mode.name != "never":
                raise
            tables = {}
        return self._new_definitions(tables.values(), self._catalog.database_charsets())

    def _new_definitions(self, tables: Iterable[Any] = (), databases: Any = None) -> Definitions:
        server = self._server
        schema = Schema(
            tables,
            lower_case_table_names=int(server["lower_case_table_names"] or 0),
            server_charset=server["character_set_server"] or "utf8mb4",
            databases={name: charset for name, (charset, _) in (databases or {}).items()},
        )
        explicit = server["explicit_defaults_for_timestamp"] in ("ON", "1", "")
        return Definitions(
            schema, self._dialect, self._catalog, self._captured.wants, explicit_timestamps=explicit
        )

    # -- the schemas as they are -------------------------------------------------------------

    def _take_schema(self, start: Start) -> None:
        """Take the definitions from the server; the stored position stays where there is one."""
        found: Position
        if start.position is not None:
            found = start.position
            _, schema = schema_at(lambda: None, self._catalog, self._in_schema, self._captured.wants)
        elif self._view is not None:
            found = position_at(self._view.point.since, self.flavour, self._server)
            schema = self._view.schema
        else:
            status, schema = schema_at(
                lambda: binlog_status(self._sql, self._server),
                self._catalog,
                self._in_schema,
                self._captured.wants,
            )
            found = position_at(status, self.flavour, self._server)
        self._position = found
        self._tell_schema(schema, last=not start.data)

    def _in_schema(self, table: TableId) -> bool:
        """Whether a table's definition is kept: of all tables, unless only captured ones are wanted."""
        if self.config.store_only_captured_tables:
            return self._captured.wants(table)
        if self.config.store_only_captured_databases:
            return self._captured.wants_database(table.catalog)
        return table.catalog.lower() not in BUILT_IN

    def _tell_schema(self, schema: ServerSchema, *, last: bool) -> None:
        """Keep the definitions in the history, and tell of them in the first window."""
        assert self._history is not None
        self._definitions = self._new_definitions(databases=schema.databases)
        told = list(snapshot_changes(self._server, schema, self._definitions.read, self._definitions.schema))
        told = [(change, tables) for change, tables in told if self._history.wanted(change)]
        position = self._position
        position.snapshot = INITIAL
        self._history.store(position.offset(), [change for change, _ in told])
        position.snapshot = None if last else INITIAL
        window = Window(offsets=[(self._partition, position.offset())])
        now = transaction_values(time.time_ns() // 1000, file=position.file)
        for number, (change, tables) in enumerate(told, start=1):
            marker = "last" if last and number == len(told) else "true"
            record = self._topic.records([change], {change.database: tables}, now, position.pos, marker)
            window.batches += [] if record is None else [record]
        self._first = window

    # -- snapshot ----------------------------------------------------------------------------

    def _start_snapshot(self, view: SnapshotView, forgotten: Offsets, *, resumes: bool) -> None:
        config, definitions = self.config, self._definitions
        # Those of a snapshot that starts are the view's.
        known = definitions.read if resumes else lambda table, _: definitions.schema.get(table)
        tables = tables_to_read(view, config, self._captured, known)
        log.info("Snapshot of %d tables %s", len(tables), "goes on" if resumes else "starts")
        if not tables:
            log.warning("%s", nothing_to_read(f"on {config.hostname}:{config.port}", config.raw))
        reader = SnapshotReader(
            view,
            config,
            self._captured,
            tables,
            self._progress,
            self._context.metrics,
            first=not resumes and not forgotten,
            exactly_once=self._context.exactly_once,
            left_out=self._left_out(view, tables),
        )
        if self._first is not None:
            self._first.offsets = [*forgotten, *self._first.offsets]
        self._metrics.snapshot_started()
        self._position.snapshot = INITIAL
        self._snapshot = SnapshotPhase(
            reader.windows(),
            config,
            self._position,
            self._partition,
            self._progress,
            self._metrics,
            self._containment().passed,
        )

    def _left_out(self, view: SnapshotView, tables: Sequence[SnapshotTable]) -> LeftOut:
        if view.point.exact or not self.config.planned_mode().stream:
            return {}
        since = position_at(view.point.since, self.flavour, self._server)
        start = stream_start(self._sql, self.config, self.flavour, self._server, since)
        definitions = {table.id: table.definition for table in tables}
        until = view.point.until
        return unsettled_keys(self.config, self._server, self._captured, definitions, start, until)

    def _containment(self) -> Containment:
        return Containment(self._sql, self._progress, self.flavour.gtid_set)

    # -- reading -----------------------------------------------------------------------------

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window of the snapshot, then of the stream."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        streams = self.config.planned_mode().stream
        if self._snapshot is not None:
            window = self._snapshot.read()
            if window is None:
                window, self._snapshot = self._snapshot.end(streams=streams), None
            return window
        if self._streaming is None:
            if not streams:
                return None
            self._streaming = self._start_streaming()
        return self._streaming.read(max_bytes, timeout)

    def _start_streaming(self) -> Streaming:
        config, position = self.config, self._position
        with translated(config):
            start = stream_start(self._sql, config, self.flavour, self._server, position)
        assert self._history is not None
        statements = LoggedStatements(
            config, position, self._captured, self._definitions, self._history, self._topic
        )
        tracker = (
            TransactionTracker(self._topics.transaction) if config.provide_transaction_metadata else None
        )
        decoder = LogDecoder(
            position,
            statements.tables,
            statements,
            config.skipped_operations,
            failures=_stricter(
                config.event_processing_failure_handling, config.event_deserialization_failure_handling
            ),
            tracker=tracker,
        )
        return Streaming(
            config,
            self._sql,
            start,
            decoder,
            self._heartbeats,
            self._metrics,
            self._partition,
            self._containment() if self._progress.tables else None,
        )

    def confirm(self, offsets: Offsets) -> None:
        """Do nothing: a server keeps its log for as long as it is set to."""

    def close(self) -> None:
        """Release the connections."""
        with ExitStack() as last_first:
            if self._snapshot is not None or self._streaming is not None:
                self._metrics.closed()
            if self._connection is not None:
                last_first.callback(self._connection._force_close)  # type: ignore[attr-defined]
            if self._history is not None:
                last_first.callback(self._history.close)
            if self._streaming is not None:
                last_first.callback(self._streaming.close)
            if self._view is not None:
                last_first.callback(self._view.close)
            if self._snapshot is not None:
                last_first.callback(self._snapshot.close)
            self._connection = self._history = self._streaming = self._snapshot = self._view = None

    @property
    def _sql(self) -> Connection[Any]:
        assert self._connection is not None
        return self._connection


@register("source", "mysql", "io.debezium.connector.mysql.MySqlConnector")
class MySqlSource(BinlogSource):
    """Capture MySQL 8.0 to 9."""

    config_class = MySqlConfig
    flavour = MYSQL


@register("source", "mariadb", "io.debezium.connector.mariadb.MariaDbConnector")
class MariaDbSource(BinlogSource):
    """Capture MariaDB 10.6 to 11."""

    config_class = MariaDbConfig
    flavour = MARIADB


def _stricter(*modes: str) -> str:
    return next((mode for mode in modes if mode != "fail"), "fail")
