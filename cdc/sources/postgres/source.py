"""The PostgreSQL source: snapshot, then stream, behind the contract of `cdc.plugin.Source`."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cdc.batch import Offset, Offsets, Window
from cdc.errors import PositionLost
from cdc.plugin import Source, SourceContext, register
from cdc.sources.postgres.captured import CapturedTables
from cdc.sources.postgres.catalog import Catalog
from cdc.sources.postgres.columns import ColumnFactory, modes, type_catalog
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.connection import connect, money_scale, translated
from cdc.sources.postgres.containment import Containment
from cdc.sources.postgres.headers import context_headers
from cdc.sources.postgres.pgoutput import Decoder
from cdc.sources.postgres.positions import Position, resume_point, start_lsn
from cdc.sources.postgres.publication import ensure_publication
from cdc.sources.postgres.relation import Relation
from cdc.sources.postgres.replication import ReplicationStream
from cdc.sources.postgres.server import Server, check_server, read_server
from cdc.sources.postgres.side_topics import Heartbeats, Messages
from cdc.sources.postgres.slot import await_free_slot, check_slot, create_slot, drop_slot
from cdc.sources.postgres.snapshot_reader import SnapshotReader
from cdc.sources.postgres.stream_metrics import StreamMetrics
from cdc.sources.postgres.transactions import TransactionTracker
from cdc.sources.postgres.versions import TableVersion
from cdc.topics import TopicNames
from snapshot.modes import MODES, SnapshotMode, configured
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)

_CONFIRM_SECONDS = 0.05
"""How often at most the server hears what is durable."""


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
        self._opened = False
        self._stopped_in_order = False

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
            server.require_ready(self.config)
            self._prepare(connection, context)
            self._resume(context, server)

    def _prepare(self, connection: Connection, context: SourceContext) -> None:
        config = self.config
        self._topics = TopicNames(
            config.topic_prefix,
            config.topic_delimiter,
            config.topic_heartbeat_prefix,
            config.topic_heartbeat_name,
            config.topic_transaction,
        )
        handling = modes(config, money_scale(connection))
        self._types = type_catalog(connection)
        headers = context_headers(config, context.task) if config.extended_headers_enabled else ()
        self._captured = CapturedTables(
            config, Catalog(connection), ColumnFactory(config, self._types, handling), self._topics, headers
        )
        self._heartbeats = Heartbeats(config, self._topics)
        self._messages = Messages.of(config, self._topics, handling)
        self._metrics = StreamMetrics(context.metrics)
        self._partition = {"server": config.topic_prefix}
        self._progress = SnapshotProgress(self._partition)

    def _mode(self) -> SnapshotMode:
        config = self.config
        if config.snapshot_mode == "configuration_based":
            return configured(
                data=config.snapshot_data,
                stream=config.snapshot_stream,
                on_data_error=config.snapshot_on_data_error,
            )
        return MODES[config.snapshot_mode]

    def _resume(self, context: SourceContext, server: Server) -> None:
        mode = self._mode()
        offset = context.offset(self._partition)
        self._progress.load(context.offsets())
        captured = self._captured.tables()
        for unmatched in self._captured.unmatched_columns(captured):
            log.warning("%s matches no column of a captured table", unmatched)
        ensure_publication(self._sql, self.config, captured)
        slot = await_free_slot(self._sql, self.config)
        try:
            self._check_position(offset, server, slot)
        except PositionLost as lost:
            if not mode.renew:
                raise
            log.warning("%s; taking a new snapshot (snapshot.mode=%s)", lost.message, mode.name)
            drop_slot(self._sql, self.config)
            offset, slot = None, None
            self._forgotten = self._progress.forget()
        finished = offset is not None and not _in_snapshot(offset)
        if mode.takes_data(finished=finished) and finished:
            self._forgotten = self._progress.forget()
        self._stream = ReplicationStream(self.config)
        created = None
        if slot is None and mode.stream:
            created = create_slot(self._stream, self.config, server.version)
        lsn = created.lsn if created else start_lsn(offset) if offset else slot.confirmed_lsn if slot else 0
        if mode.takes_data(finished=finished):
            self._start_snapshot(lsn or server.lsn, created.snapshot if created else None)
        self._streams = mode.stream
        self._position = Position(server.system_id, commit_lsn=lsn, last_commit=_last_commit(offset))
        self._decoder = self._new_decoder(offset)
        self._saved_idle = time.monotonic()

    _forgotten: Offsets = ()

    def _check_position(self, offset: Offset | None, server: Server, slot: Any) -> None:
        if offset is None:
            return
        server.check_identity(offset)
        if slot is None and self._mode().stream:
            raise PositionLost(
                f"The replication slot {self.config.slot_name!r} is gone, and with it all changes since the "
                f"stored offset",
                hint="delete the connector's offsets to read the tables anew, or set "
                "snapshot.mode=when_needed to let that happen by itself",
            )
        if slot is not None:
            check_slot(slot, self.config, start_lsn(offset))

    def _new_decoder(self, offset: Offset | None) -> Decoder:
        tracker = None
        if self.config.provide_transaction_metadata:
            tracker = TransactionTracker(self._topics.transaction)
        return Decoder(
            version_of=self._version,
            message_records=self._messages.records,
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

    def _start_snapshot(self, lsn: int, exported: str | None) -> None:
        wanted = [table for table in self._captured.tables() if self._in_snapshot(table)]
        tables = [self._captured.snapshot_table(table) for table in wanted]
        log.info("Snapshot of %d tables starts at %s", len(tables), exported or "the present")
        reader = SnapshotReader(
            self._sql,
            self.config,
            self._captured,
            tables,
            self._progress,
            snapshot=exported,
            lsn=lsn,
            metrics=self._context.metrics,
        )
        self._metrics.snapshot_started()
        self._snapshot = reader.windows()

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
        state = {
            "snapshot": "INITIAL",
            "snapshot_completed": False,
            "lsn": self._position.commit_lsn,
            "lsn_commit": self._position.commit_lsn,
            "system_id": self._position.system_id,
        }
        window.offsets = [*self._take_forgotten(), (self._partition, state), *window.offsets]
        return window

    def _take_forgotten(self) -> Offsets:
        forgotten, self._forgotten = self._forgotten, ()
        return forgotten

    def _end_snapshot(self) -> Window:
        self._snapshot = None
        self._metrics.snapshot_finished()
        offsets: list[tuple[Any, Any]] = [(self._partition, self._position.offset())]
        if self._progress.barrier <= self._position.commit_lsn or not self._streams:
            offsets += self._progress.forget()
        log.info("Snapshot finished")
        return Window(offsets=offsets)

    # -- reading -----------------------------------------------------------------------------

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window of the snapshot, then of the stream."""
        if self._snapshot is not None:
            return self._read_snapshot()
        if not self._streams:
            return None
        if not self._opened:
            self._start_stream()
        stream, decoder = self._replication, self._decoder
        messages = stream.read(max_bytes, self._patience(timeout))
        window = Window(more=stream.backlog)
        if messages:
            clock = time.time_ns()
            window.batches = decoder.decode(messages, clock)
            self._metrics.read(decoder, window.batches, clock)
            window.offsets = [*self._take_forgotten(), (self._partition, self._position.offset())]
        else:
            window.offsets = self._idle_offsets()
        if self._heartbeats.due():
            self._beat(window)
        if decoder.contained is not None and self._position.commit_lsn >= self._progress.barrier:
            window.offsets = [*window.offsets, *self._progress.forget()]
            decoder.contained = None
        return window

    def _start_stream(self) -> None:
        if self._progress.tables and self._progress.barrier > self._position.commit_lsn:
            self._decoder.contained = Containment(self._sql, self._progress).filter
        parameters = [
            ("proto_version", "1"),
            ("publication_names", f'"{self.config.publication_name.replace(chr(34), chr(34) * 2)}"'),
            ("messages", "true"),
            *self.config.slot_stream_params,
        ]
        self._replication.start(self.config.slot_name, self._position.commit_lsn, parameters)
        self._opened = True
        self._last_confirm = 0.0
        self._confirmable = 0
        self._metrics.connected(True)
        log.info("Streaming from slot %s at %d", self.config.slot_name, self._position.commit_lsn)

    def _patience(self, timeout: float) -> float:
        return min(timeout, _CONFIRM_SECONDS) if self._confirmable else timeout

    def _idle_offsets(self) -> Offsets:
        """Let the offset follow the server when nothing of ours happens, so that it can forget WAL."""
        self._flush_confirm()
        now = time.monotonic()
        position, wal_end = self._position, self._replication.wal_end
        interval = self.config.status_update_interval_ms / 1000
        if position.in_transaction or wal_end <= position.commit_lsn or now - self._saved_idle < interval:
            return ()
        self._saved_idle = now
        position.commit_lsn = position.lsn = wal_end
        return [(self._partition, position.offset())]

    def _beat(self, window: Window) -> None:
        window.batches.append(self._heartbeats.beat())
        if self.config.heartbeat_action_query:
            with translated(self.config):
                self._sql.execute(self.config.heartbeat_action_query.encode())
        position, wal_end = self._position, self._replication.wal_end
        if not window.offsets:
            if not position.in_transaction and wal_end > position.commit_lsn:
                position.commit_lsn = position.lsn = wal_end
            window.offsets = [(self._partition, position.offset())]

    def confirm(self, offsets: Offsets) -> None:
        """Acknowledge the last commit in the offsets to the server, soon."""
        for partition, offset in offsets:
            if partition == self._partition and offset is not None and self._opened:
                self._confirmable = int(offset["lsn_commit"])
                self._flush_confirm()

    def _flush_confirm(self) -> None:
        now = time.monotonic()
        if self._confirmable and now - self._last_confirm >= _CONFIRM_SECONDS:
            self._replication.confirm(self._confirmable)
            self._last_confirm, self._confirmable = now, 0

    def tick(self) -> None:
        """Tell the server that we live, while the log is busy."""
        if self._opened:
            self._replication.keep_alive()

    def close(self) -> None:
        """Release the connections; drop the slot where `slot.drop.on.stop` asks for it."""
        if self._stream is not None:
            if self._opened and self._confirmable:
                self._stream.confirm(self._confirmable)
            self._stream.close()
            self._stream = None
        if self._connection is not None:
            if self._opened and self.config.slot_drop_on_stop:
                drop_slot(self._connection, self.config)
            self._connection.close()
            self._connection = None
        self._opened = False

    @property
    def _sql(self) -> Connection:
        assert self._connection is not None
        return self._connection

    @property
    def _replication(self) -> ReplicationStream:
        assert self._stream is not None
        return self._stream


def _in_snapshot(offset: Offset) -> bool:
    return bool(offset.get("snapshot")) and not offset.get("snapshot_completed")


def _last_commit(offset: Offset | None) -> int:
    return int(offset.get("lsn_commit") or 0) if offset and not _in_snapshot(offset) else 0
