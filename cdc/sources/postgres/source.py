"""The PostgreSQL source: snapshot, then stream, behind the contract of `cdc.plugin.Source`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

from cdc.batch import Offset, Offsets, Window
from cdc.capture.headers import context_headers
from cdc.capture.heartbeats import Heartbeats
from cdc.capture.stream_metrics import StreamMetrics
from cdc.capture.transactions import TransactionTracker
from cdc.plugin import Source, SourceContext, register
from cdc.relational.capture_rules import nothing_to_read
from cdc.sources.postgres.captured import PLACE, CapturedTables, SnapshotTable
from cdc.sources.postgres.catalog import Catalog
from cdc.sources.postgres.columns import ColumnFactory, modes, type_catalog
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.connection import connect, money_scale, translated
from cdc.sources.postgres.messages import Messages
from cdc.sources.postgres.pgoutput import Decoder
from cdc.sources.postgres.positions import Position, in_snapshot, resume_point
from cdc.sources.postgres.publication import ensure_publication, publication_warnings
from cdc.sources.postgres.relation import Relation
from cdc.sources.postgres.replication import ReplicationStream
from cdc.sources.postgres.server import Server, check_server, read_server
from cdc.sources.postgres.slot import await_free_slot, drop_slot
from cdc.sources.postgres.slot_creation import CreatedSlot, create_slot, exported_snapshot
from cdc.sources.postgres.snapshot_reader import SnapshotReader
from cdc.sources.postgres.start import Start, find_start
from cdc.sources.postgres.streaming import Streaming
from cdc.sources.postgres.versions import CONNECTOR, TableVersion
from cdc.sources.postgres.visible_commits import await_visible
from snapshot.progress import SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)


@register("source", "postgres", "io.debezium.connector.postgresql.PostgresConnector")
class PostgresSource(Source):
    """Capture a PostgreSQL database (14 to 18) through a logical slot and pgoutput."""

    config_class = PostgresConfig
    config: PostgresConfig

    def __init__(self, config: PostgresConfig) -> None:
        super().__init__(config)
        self._connection: Connection | None = None
        self._stream: ReplicationStream | None = None
        self._snapshot: Iterator[Window] | None = None
        self._streaming: Streaming | None = None
        self._settled = True
        self._forgotten: Offsets = ()

    @classmethod
    def check(cls, config: Any) -> Iterable[str]:
        """Try the config against the server; yield what is wrong, with the way to mend it."""
        with connect(config) as connection, translated(config):
            yield from check_server(read_server(connection), config)

    # -- opening -----------------------------------------------------------------------------

    def open(self, context: SourceContext) -> None:
        """Connect, verify slot and position, make what is missing; see `Source.open`."""
        self._context = context
        self._connection = connection = connect(self.config)
        with translated(self.config):
            self._server = server = read_server(connection)
            server.require_ready(self.config, streams=self.config.planned_mode().stream)
            self._prepare(connection, context)
            self._resume(context, server)

    def _prepare(self, connection: Connection, context: SourceContext) -> None:
        config = self.config
        self._topics = config.topic_names()
        handling = modes(config, money_scale(connection))
        self._types = type_catalog(connection)
        headers = context_headers(config, CONNECTOR, context.task)
        self._captured = CapturedTables(
            config, Catalog(connection), ColumnFactory(config, self._types, handling), self._topics, headers
        )
        self._heartbeats = Heartbeats(config, self._topics)
        self._messages = Messages.of(config, self._topics, handling)
        self._metrics = StreamMetrics(context.metrics)
        self._partition = {"server": config.topic_prefix}
        self._progress = SnapshotProgress(self._partition)

    def _resume(self, context: SourceContext, server: Server) -> None:
        config, mode = self.config, self.config.planned_mode()
        offset = context.offset(self._partition)
        self._progress.load(context.offsets())
        captured = self._captured.tables()
        for warning in self._captured.warnings(captured):
            log.warning("%s", warning)
        if mode.stream:
            ensure_publication(self._sql, config, captured)
            for warning in publication_warnings(self._sql, config, captured):
                log.warning("%s", warning)
            self._stream = ReplicationStream(config)
        slot = await_free_slot(self._sql, config, context.stopping) if mode.stream else None
        create = self._create_slot
        start = find_start(self._sql, config, server, slot, offset, self._progress, create=create)
        self._forgotten = start.forgotten
        self._position = Position.of(start.offset, server.system_id, start.lsn)
        if start.reads:
            self._start_snapshot(start)
        self._decoder = self._new_decoder(start.offset)

    def _create_slot(self, reads: bool) -> CreatedSlot:
        """Make the slot, once it is known that nothing of what is behind it has been told."""
        context = self._context
        # What an earlier run read is of no use: what changed before this slot is not in it.
        news: list[Any] = self._progress.forget()
        if reads:
            # The slot may be found by a run that then starts anew.
            news += [(self._partition, None)] if context.offset(self._partition) else []
            news += self._untold() if context.exactly_once else []
        context.store(news)
        assert self._stream is not None
        return create_slot(self._sql, self._stream, self.config, self._server.version, context.stopping)

    def _untold(self) -> Iterator[tuple[Any, Any]]:
        for table in self._snapshot_tables():
            name = table.catalog.full_name
            yield self._progress.put(TableProgress(name, key=table.key, order=table.order, complete=True))

    def _new_decoder(self, offset: Offset | None) -> Decoder:
        tracker = None
        if self.config.provide_transaction_metadata:
            tracker = TransactionTracker(self._topics.transaction)
        return Decoder(
            version_of=self._version,
            message_record=self._messages.record,
            position=self._position,
            skipped=self.config.skipped_operations,
            resume=resume_point(offset) if offset else None,
            tracker=tracker,
        )

    def _version(self, relation: Relation) -> TableVersion | None:
        self._types.forget()
        with translated(self.config):
            return self._captured.stream_version(relation)

    # -- snapshot ----------------------------------------------------------------------------

    def _start_snapshot(self, start: Start) -> None:
        tables = self._snapshot_tables()
        begins = "goes on" if self._progress.begun else "starts"
        log.info(
            "Snapshot of %d tables %s at %s",
            len(tables),
            begins,
            start.exported.snapshot if start.exported else "the present",
        )
        if not tables:
            log.warning("%s", nothing_to_read(f"in database {self.config.dbname}", self.config.raw))
        with self._exported(start, tables) as exported:
            reader = SnapshotReader(
                self._sql,
                self.config,
                self._captured,
                tables,
                self._progress,
                exported=exported,
                lsn=start.lsn,
                metrics=self._context.metrics,
                exactly_once=self._context.exactly_once,
            )
            if exported is not None and self._stream is not None:
                await_visible(self._stream, reader.position, self._context.stopping)
        self._metrics.snapshot_started()
        self._snapshot = reader.windows()

    def _exported(
        self, start: Start, tables: Sequence[SnapshotTable]
    ) -> AbstractContextManager[CreatedSlot | None]:
        """Return the snapshot to read at; None for one of our own, which is known less exactly.

        A table that is read by place, and is cut, goes on with what the first run of it was shown. Where
        neither snapshot nor stream told anything yet, ours might lack what the slot leaves out.
        """
        by_place = (table.catalog.full_name for table in tables if table.order == PLACE)
        begins = any(not self._progress.of(name).segments for name in by_place)
        untold = not self._progress.begun and (start.offset is None or in_snapshot(start.offset))
        if start.exported is not None or self._stream is None or not (begins or untold):
            return nullcontext(start.exported)
        return exported_snapshot(self._sql, self._stream, self.config, self._context.stopping)

    def _snapshot_tables(self) -> list[SnapshotTable]:
        self._types.forget()
        tables = self._captured.tables()
        return self._captured.snapshot_tables([table for table in tables if self._in_snapshot(table)])

    def _in_snapshot(self, table: Any) -> bool:
        """Whether a captured table is read: each row once, from leaves or from the root."""
        included = self.config.snapshot_include
        if included and not any(pattern.fullmatch(table.full_name) for pattern in included):
            return False
        via_root = self.config.publish_via_partition_root
        return not table.is_partition if via_root else table.kind != "p"

    def _read_snapshot(self) -> Window:
        assert self._snapshot is not None
        with translated(self.config):
            window = next(self._snapshot, None)
        if window is None:
            return self._end_snapshot()
        if not window.batches and not window.offsets:
            return window
        state = self._position.offset() | {"snapshot": "INITIAL", "snapshot_completed": False}
        window.offsets = [(self._partition, state), *window.offsets]
        return window

    def _end_snapshot(self) -> Window:
        self._snapshot = None
        self._metrics.snapshot_finished()
        offsets: list[tuple[Any, Any]] = [(self._partition, self._position.offset())]
        if self._progress.barrier <= self._position.commit_lsn or self._stream is None:
            offsets += self._progress.forget()
        log.info("Snapshot finished")
        return Window(offsets=offsets)

    # -- reading -----------------------------------------------------------------------------

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window of the snapshot, then of the stream."""
        settled, self._settled = self._settled, False
        window = self._read(max_bytes, timeout)
        if window is not None and self._forgotten:
            window.offsets = [*self._forgotten, *window.offsets]
            self._forgotten = ()
        self._settled = settled and window is not None and not window.batches
        return window

    def _read(self, max_bytes: int, timeout: float) -> Window | None:
        if self._snapshot is not None:
            return self._read_snapshot()
        if self._stream is None:
            return None
        if self._streaming is None:
            self._streaming = Streaming(
                self.config,
                self._sql,
                self._stream,
                self._decoder,
                self._progress,
                self._heartbeats,
                self._metrics,
                self._partition,
            )
        return self._streaming.read(max_bytes, timeout)

    def confirm(self, offsets: Offsets) -> None:
        """Acknowledge the last commit in the offsets to the server, soon."""
        self._settled = True
        for partition, offset in offsets:
            if partition == self._partition and offset is not None and self._streaming is not None:
                self._streaming.confirm(int(offset["lsn_commit"]))

    def tick(self) -> None:
        """Tell the server that we live, while the log is busy."""
        if self._streaming is not None and self._stream is not None:
            self._stream.keep_alive()

    def close(self) -> None:
        """Release the connections; drop the slot where `slot.drop.on.stop` asks for it.

        It stays after an error: what was read is then not settled.
        """
        with ExitStack() as last_first:
            if self._snapshot is not None or self._streaming is not None:
                self._metrics.closed()
            if self._connection is not None:
                last_first.callback(self._connection.close)
                if self._streaming is not None and self._settled and self.config.slot_drop_on_stop:
                    last_first.callback(self._drop_slot, self._connection)
            if self._stream is not None:
                last_first.callback(self._stream.close)
            if self._streaming is not None:
                last_first.callback(self._streaming.finish)
            self._connection = self._stream = self._streaming = self._snapshot = None

    def _drop_slot(self, connection: Connection) -> None:
        with translated(self.config):
            await_free_slot(connection, self.config)
            drop_slot(connection, self.config)

    @property
    def _sql(self) -> Connection:
        assert self._connection is not None
        return self._connection
