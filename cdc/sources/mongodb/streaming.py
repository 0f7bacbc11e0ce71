"""The streaming phase: windows from the change stream, and offsets that follow it."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from cdc import batch
from cdc.batch import Offset, Offsets, Window
from cdc.capture.heartbeats import Heartbeats
from cdc.capture.stream_metrics import StreamMetrics
from cdc.dead_letters import DeadLetters
from cdc.sources.mongodb.change_stream import Batch, ChangeStream
from cdc.sources.mongodb.positions import Position
from cdc.sources.mongodb.read_ahead import ReadAhead
from cdc.sources.mongodb.tokens import to_base64

log = logging.getLogger(__name__)

_IDLE_SECONDS = 10.0
"""How often the offset of an idle stream moves, so that its token cannot fall off the oplog."""


class Events(Protocol):
    """What is made of the events of a change stream, and how far it is.

    position: behind the last of them. commits: transactions that ended so far.
    """

    position: Position
    commits: int

    def decode(self, data: bytes, places: Iterable[tuple[int, int]], clock_ns: int) -> list[batch.Batch]:
        """Return what becomes of some events of a batch."""
        ...

    def idle(self, token: bytes, clock_ns: int) -> list[batch.Batch]:
        """Take note that the stream is at `token` and there is nothing before it; return what is due."""
        ...

    def offset(self) -> Offset:
        """Return the offset to store for the position."""
        ...


class Streaming:
    """Read an open change stream, as windows of `max_events` at most (0: as many as fit)."""

    def __init__(
        self,
        stream: ChangeStream,
        events: Events,
        metrics: StreamMetrics,
        partition: Mapping[str, Any],
        *,
        letters: DeadLetters,
        heartbeats: Heartbeats | None = None,
        max_events: int = 0,
    ) -> None:
        self._answers, self._events, self._letters = ReadAhead(stream), events, letters
        self._batch = Batch(b"", [], b"", None)
        self._heartbeats, self._metrics, self._partition = heartbeats, metrics, partition
        self._max_events = max_events or sys.maxsize
        self._next = 0
        self._stored = b""
        self._stored_at = time.monotonic()
        metrics.connected()

    def read(self, max_bytes: int, timeout: float) -> Window:
        """Return the next window: a part of an answer of the server."""
        if self._next >= len(self._batch.places):
            self._batch, self._next = self._answers.next(timeout), 0
        clock = time.time_ns()
        window = self._changes(max_bytes, clock) if self._batch.places else self._idle(clock)
        if self._heartbeats is not None and self._heartbeats.due():
            window.batches.append(self._heartbeats.beat())
            window.offsets = window.offsets or self._offsets()
        return window

    def close(self) -> None:
        """Let go of the stream, which can be closed then."""
        self._answers.close()

    def _changes(self, max_bytes: int, clock: int) -> Window:
        places, first = self._batch.places, self._next
        limit, end = places[first][0] + max_bytes, min(len(places), first + self._max_events)
        while self._next < end and (self._next == first or places[self._next][1] <= limit):
            self._next += 1
        batches = self._events.decode(self._batch.data, places[first : self._next], clock)
        position = self._events.position
        self._metrics.read(
            commits=self._events.commits,
            transaction=position.transaction_id or "",
            position={"resume_token": to_base64(position.token)},
        )
        more = self._next < len(places)
        return Window(batches, self._offsets(), more=more, letters=self._letters.take())

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
        return [(self._partition, self._events.offset())]
