"""The streaming phase: windows from the change stream, and offsets that follow it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from cdc.batch import Offsets, Window
from cdc.capture.heartbeats import Heartbeats
from cdc.capture.stream_metrics import StreamMetrics
from cdc.capture.transactions import TransactionTracker
from cdc.sources.mongodb.change_events import ChangeEvents
from cdc.sources.mongodb.change_stream import Batch, ChangeStream
from cdc.sources.mongodb.tokens import to_base64

log = logging.getLogger(__name__)

_IDLE_SECONDS = 10.0
"""How often the offset of an idle stream moves, so that its token cannot fall off the oplog."""


class Streaming:
    """Read an open change stream, as windows."""

    def __init__(
        self,
        stream: ChangeStream,
        events: ChangeEvents,
        heartbeats: Heartbeats,
        metrics: StreamMetrics,
        partition: Mapping[str, Any],
        tracker: TransactionTracker | None,
    ) -> None:
        self._stream, self._events = stream, events
        self._batch = Batch(b"", [], b"", None)
        self._heartbeats, self._metrics, self._partition = heartbeats, metrics, partition
        self._tracker = tracker
        self._next = 0
        self._stored = b""
        self._stored_at = time.monotonic()
        metrics.connected()

    def read(self, max_bytes: int, timeout: float) -> Window:
        """Return the next window: a part of an answer of the server."""
        if self._next >= len(self._batch.places):
            self._batch, self._next = self._stream.next(timeout), 0
        clock = time.time_ns()
        window = self._changes(max_bytes, clock) if self._batch.places else self._idle(clock)
        if self._heartbeats.due():
            window.batches.append(self._heartbeats.beat())
            window.offsets = window.offsets or self._offsets()
        return window

    def _changes(self, max_bytes: int, clock: int) -> Window:
        places, first = self._batch.places, self._next
        limit = places[first][0] + max_bytes
        while self._next < len(places) and (self._next == first or places[self._next][1] <= limit):
            self._next += 1
        batches = self._events.decode(self._batch.data, places[first : self._next], clock)
        position = self._events.position
        self._metrics.read(
            commits=self._events.commits,
            transaction=position.transaction_id or "",
            position={"resume_token": to_base64(position.token)},
        )
        return Window(batches, self._offsets(), more=self._next < len(places))

    def _idle(self, clock: int) -> Window:
        """Move the position to where the server is; the offset follows now and then."""
        if not self._batch.token:
            return Window()
        batches = self._events.idle(self._batch.token, clock)
        late = time.monotonic() - self._stored_at >= _IDLE_SECONDS
        moved = self._batch.token != self._stored
        return Window(batches, self._offsets() if batches or (late and moved) else ())

    def _offsets(self) -> Offsets:
        """Return where we are."""
        self._stored, self._stored_at = self._events.position.token, time.monotonic()
        offset = self._events.position.offset()
        if self._tracker is not None and (transaction := self._events.position.transaction_id):
            offset |= {"transaction_id": transaction, **self._tracker.offset()}
        return [(self._partition, offset)]
