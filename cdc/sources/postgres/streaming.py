"""The streaming phase: windows from the slot, positions that follow the server, acknowledgements."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cdc.batch import Offsets, Window
from cdc.capture.heartbeats import Heartbeats
from cdc.capture.stream_metrics import StreamMetrics
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.connection import translated
from cdc.sources.postgres.containment import Containment
from cdc.sources.postgres.pgoutput import Decoder
from cdc.sources.postgres.publication import quote
from cdc.sources.postgres.replication import ReplicationStream
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)

_CONFIRM_SECONDS = 0.05
"""How often at most the server hears what is durable."""


class Streaming:
    """Read the slot from the decoder's position on.

    sql: for the heartbeat's query and to place keys. partition: what the offsets are stored under.
    progress: what a snapshot has read; forgotten as soon as the stream is past it.
    """

    def __init__(
        self,
        config: PostgresConfig,
        sql: Connection,
        replication: ReplicationStream,
        decoder: Decoder,
        progress: SnapshotProgress,
        heartbeats: Heartbeats,
        metrics: StreamMetrics,
        partition: Mapping[str, Any],
    ) -> None:
        self._config, self._sql, self._replication = config, sql, replication
        self._decoder, self._position, self._progress = decoder, decoder.position, progress
        self._heartbeats, self._metrics, self._partition = heartbeats, metrics, partition
        self._containment: Containment | None = None
        self._saved_idle = time.monotonic()
        self._last_confirm = 0.0
        self._confirmable = 0
        self._start()

    def _start(self) -> None:
        config, position = self._config, self._position
        if self._progress.barrier > position.commit_lsn:
            self._containment = Containment(self._sql, self._progress)
            self._decoder.contained = self._containment.filter
        parameters = {
            "proto_version": "1",
            "publication_names": quote(config.publication_name),
            "messages": "true",
            **dict(config.slot_stream_params),
        }
        self._replication.start(config.slot_name, position.commit_lsn, parameters)
        self._metrics.connected()
        log.info("Streaming from slot %s at %d", config.slot_name, position.commit_lsn)

    def read(self, max_bytes: int, timeout: float) -> Window:
        """Return the next window; answers the server and beats on the way."""
        stream = self._replication
        messages = stream.read(max_bytes, min(timeout, _CONFIRM_SECONDS) if self._confirmable else timeout)
        window = Window(more=stream.backlog)
        if messages:
            clock = time.time_ns()
            with translated(self._config):
                window.batches = self._decoder.decode(messages, clock)
            self._metrics.read(
                commits=self._decoder.commits,
                transaction=str(self._position.xid),
                position={"lsn": str(self._position.lsn)},
                NumberOfEventsFiltered=self._decoder.filtered,
            )
            window.offsets = self._offsets()
        else:
            self._flush()
            window.offsets = self._idle_offsets()
        if self._heartbeats.due():
            self._beat(window)
        if self._containment is not None:
            self._contain(window, self._containment)
        return window

    def _offsets(self) -> Offsets:
        """Return where we are; nothing while that is behind what is stored."""
        return () if self._decoder.behind else [(self._partition, self._position.offset())]

    def _contain(self, window: Window, containment: Containment) -> None:
        """Forget what the snapshot contains, as soon as the stream is past it."""
        window.offsets = [*window.offsets, *containment.take_forgotten()]
        if self._position.commit_lsn >= self._progress.barrier:
            window.offsets = [*window.offsets, *self._progress.forget()]
            self._decoder.contained = self._containment = None

    def _idle_offsets(self) -> Offsets:
        """Let the offset follow the server when nothing of ours happens, so that it can forget WAL."""
        now = time.monotonic()
        if now - self._saved_idle < self._config.status_update_interval_ms / 1000 or not self._advance():
            return ()
        self._saved_idle = now
        return self._offsets()

    def _advance(self) -> bool:
        """Take the server's position for ours; False when it is not ahead, or a transaction is half read."""
        position, wal_end = self._position, self._replication.wal_end
        if position.in_transaction or self._decoder.resume is not None or wal_end <= position.commit_lsn:
            return False
        position.reach(wal_end)
        return True

    def _beat(self, window: Window) -> None:
        window.batches.append(self._heartbeats.beat())
        query = self._config.heartbeat_action_query
        if query:
            with translated(self._config, doing="heartbeat.action.query"):
                self._sql.execute(query.encode())
        if not window.offsets:
            self._advance()
            window.offsets = self._offsets()

    def confirm(self, lsn: int) -> None:
        """Tell the server soon that everything up to `lsn` is durable."""
        self._confirmable = lsn
        self._flush()

    def _flush(self) -> None:
        if self._confirmable and time.monotonic() - self._last_confirm >= _CONFIRM_SECONDS:
            self.finish()

    def finish(self) -> None:
        """Tell the server at once what was confirmed last."""
        if self._confirmable:
            self._replication.confirm(self._confirmable)
            self._last_confirm, self._confirmable = time.monotonic(), 0
