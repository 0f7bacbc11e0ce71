"""What every run goes through: an offset to keep, what is there, the stream; released together."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from cdc.batch import Offsets, Window
from cdc.capture.stream_metrics import StreamMetrics
from cdc.sources.mongodb.change_stream import ChangeStream
from cdc.sources.mongodb.streaming import Streaming

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient


class Phases:
    """Read one phase after the other, over a client and a change stream that are closed with it.

    first: offsets to keep before anything is read, for from there on nothing may be missed. snapshot: windows
    with what is there. ended: makes the window behind them. stream: makes the last phase.
    """

    def __init__(self, client: MongoClient[RawBSONDocument], metrics: StreamMetrics) -> None:
        self.client, self._metrics = client, metrics
        self.stream: ChangeStream | None = None
        self._first: Offsets = ()
        self._snapshot: Generator[Window] | None = None
        self._ended: Callable[[], Window] = Window
        self._make: Callable[[], Streaming] | None = None
        self.streaming: Streaming | None = None

    def begin(
        self,
        first: Offsets,
        snapshot: Generator[Window] | None,
        ended: Callable[[], Window],
        stream: Callable[[], Streaming] | None,
    ) -> None:
        """Say what there is to do; without a stream reading ends with the snapshot."""
        self._first, self._snapshot, self._ended, self._make = first, snapshot, ended, stream
        if snapshot is not None:
            self._metrics.snapshot_started()

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window; None: there is nothing more, ever."""
        if self._first:
            first, self._first = self._first, ()
            return Window(offsets=first, more=True, urgent=True)
        if self._snapshot is not None:
            return next(self._snapshot, None) or self._end_snapshot()
        if self.streaming is None:
            if self._make is None:
                return None
            self.streaming = self._make()
        return self.streaming.read(max_bytes, timeout)

    def _end_snapshot(self) -> Window:
        self._snapshot = None
        self._metrics.snapshot_finished()
        return self._ended()

    def close(self) -> None:
        """Release cursors and connections."""
        if self._snapshot is not None or self.streaming is not None:
            self._metrics.closed()
        if self._snapshot is not None:
            self._snapshot.close()
        if self.streaming is not None:
            self.streaming.close()
        if self.stream is not None:
            self.stream.close()
        self.client.close()
