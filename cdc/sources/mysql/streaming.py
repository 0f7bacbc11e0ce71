"""The streaming phase: windows from the binary log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cdc.batch import Offsets, Window
from cdc.capture.heartbeats import Heartbeats
from cdc.capture.stream_metrics import StreamMetrics
from cdc.sources.mysql.binlog.events import Event
from cdc.sources.mysql.binlog.groups import EventGroups
from cdc.sources.mysql.binlog.outcomes import Outcome, Place
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.connection import translated
from cdc.sources.mysql.containment import Containment
from cdc.sources.mysql.log_decoder import LogDecoder
from cdc.sources.mysql.stream import BinlogStream, Start

if TYPE_CHECKING:
    from pymysql import Connection

log = logging.getLogger(__name__)

_HOLD_BYTES = 16 << 20
_REREAD_BYTES = 256 * 1024


class Streaming:
    """Read the log from the decoder's position on.

    sql: for the heartbeat's query. partition: what the offsets are stored under.
    """

    def __init__(
        self,
        config: BinlogConfig,
        sql: Connection[Any],
        start: Start,
        decoder: LogDecoder,
        heartbeats: Heartbeats,
        metrics: StreamMetrics,
        partition: Mapping[str, Any],
        containment: Containment | None = None,
    ) -> None:
        self._config, self._sql, self._decoder = config, sql, decoder
        self._heartbeats, self._metrics, self._partition = heartbeats, metrics, partition
        self._containment = containment
        if containment is not None:
            decoder.contained = containment.filter
        self._outcomes: Iterator[Outcome] | None = None
        self._groups = EventGroups(
            self._reread,
            file=start.file,
            hold_bytes=max(config.buffer_size, 1 << 20) if config.buffer_size else _HOLD_BYTES,
            hold_all=bool(config.buffer_size),
            queries=config.include_query,
            prepared=decoder.position.prepared,
        )
        if config.gtid_filter_dml and (config.gtid_includes or config.gtid_excludes):
            self._groups.wanted = config.source_filter.wants
        self._stream = BinlogStream(config, start, queries=config.include_query)
        metrics.connected()
        log.info("Streaming from %s", f"GTIDs {start.gtids}" if start.gtids else f"{start.file}:{start.pos}")

    def read(self, max_bytes: int, timeout: float) -> Window:
        """Return the next window."""
        outcomes = self._outcomes
        if outcomes is None:
            outcomes = self._groups.feed(self._stream.events(max_bytes, timeout))
        done = self._decoder.take(outcomes, max_bytes)
        clock = time.time_ns()
        self._outcomes = None if done else outcomes
        window = Window(self._decoder.batches(clock), more=not done or self._stream.backlog)
        if window.batches:
            position = self._decoder.position
            self._metrics.read(
                commits=self._decoder.commits,
                transaction=self._decoder.transaction_id,
                position={"file": position.file, "pos": str(position.pos)},
                BinlogFilename=position.file,
                BinlogPosition=position.pos,
                GtidSet=str(position.gtids or ""),
                NumberOfEventsFiltered=self._decoder.filtered,
                NumberOfSkippedEvents=self._decoder.unreadable,
                **self._groups.counts,
            )
        window.offsets = self._offsets()
        if self._heartbeats.due():
            self._beat(window)
        if self._containment is not None:
            self._contain(window, self._containment)
        return window

    def close(self) -> None:
        """Close the connection of the log."""
        self._stream.close()

    def _offsets(self) -> Offsets:
        """Return where we are, if that is elsewhere than before; nothing while behind what is stored."""
        if not self._decoder.moved or self._decoder.behind:
            return ()
        self._decoder.moved = False
        return [(self._partition, self._decoder.position.offset())]

    def _contain(self, window: Window, containment: Containment) -> None:
        """Forget what the snapshot contains, as soon as the stream is past it."""
        window.offsets = [*window.offsets, *containment.take_forgotten()]
        if containment.passed(self._decoder.position):
            window.offsets = [*window.offsets, *containment.forget()]
            self._decoder.contained = self._containment = None

    def _beat(self, window: Window) -> None:
        window.batches.append(self._heartbeats.beat())
        query = self._config.heartbeat_action_query
        if query:
            with translated(self._config, doing="heartbeat.action.query"):
                self._sql.query(query)
        if not window.offsets and not self._decoder.behind:
            window.offsets = [(self._partition, self._decoder.position.offset())]

    def _reread(self, place: Place) -> Iterator[Event]:
        """Yield the log from a place on, over a connection of its own."""
        config = self._config
        again = BinlogStream(
            config,
            Start(place.file, place.pos),
            server_id=config.server_id + config.server_id_offset,
            queries=config.include_query,
        )
        with closing(again):
            while True:
                yield from again.events(_REREAD_BYTES, 1.0)
