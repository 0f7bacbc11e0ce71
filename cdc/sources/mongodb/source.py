"""The MongoDB source: snapshot, then change stream, behind the contract of `cdc.plugin.Source`."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

from cdc.batch import Offsets, Window
from cdc.capture.headers import context_headers
from cdc.capture.heartbeats import Heartbeats
from cdc.capture.stream_metrics import StreamMetrics
from cdc.capture.transactions import TransactionTracker
from cdc.dead_letters import DeadLetters
from cdc.errors import PositionLost
from cdc.plugin import Source, SourceContext, register
from cdc.sources.mongodb.change_events import ChangeEvents
from cdc.sources.mongodb.change_stream import ChangeStream, StreamRequest
from cdc.sources.mongodb.client import connect
from cdc.sources.mongodb.collection import CONNECTOR, Collections
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.images import image_warnings
from cdc.sources.mongodb.oversize import splits_events
from cdc.sources.mongodb.phases import Phases
from cdc.sources.mongodb.pipeline import stream_request
from cdc.sources.mongodb.positions import Position, partition, stored
from cdc.sources.mongodb.snapshot_reader import SnapshotReader
from cdc.sources.mongodb.start import Start, find_start
from cdc.sources.mongodb.streaming import Streaming
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient

log = logging.getLogger(__name__)


@register("source", "mongodb", "io.debezium.connector.mongodb.MongoDbConnector")
class MongoSource(Source):
    """Capture a MongoDB replica set or sharded cluster (4.2 and later) through change streams."""

    config_class = MongoConfig
    config: MongoConfig

    def __init__(self, config: MongoConfig) -> None:
        super().__init__(config)
        self._phases: Phases | None = None

    @classmethod
    def check(cls, config: Any) -> Iterable[str]:
        """Try the config against the deployment: whether a change stream can be opened, and what it lacks."""
        client = connect(config)
        try:
            stream = ChangeStream(client, config, _request(client, config))
            stream.open(Position())
            stream.close()
            yield from image_warnings(client, config, Collections(config, config.topic_names(), ()))
        finally:
            client.close()

    def open(self, context: SourceContext) -> None:
        """Connect, and open the change stream where the offset says; see `Source.open`."""
        config = self.config
        self._context = context
        client = connect(config)
        self._metrics = StreamMetrics(context.metrics)
        self._phases = phases = Phases(client, self._metrics)
        self._stream = phases.stream = ChangeStream(client, config, _request(client, config), context.metrics)
        topics = config.topic_names()
        headers = context_headers(config, CONNECTOR, context.task)
        self._letters = DeadLetters(
            config.dead_letter_topic,
            context.connector,
            context.task,
            type(self),
            config.dead_letter_headers,
        )
        self._collections = Collections(config, topics, headers)
        for warning in image_warnings(client, config, self._collections):
            log.warning("%s", warning)
        self._partition = partition(config.topic_prefix)
        self._progress = SnapshotProgress(self._partition)
        self._progress.load(context.offsets())
        offset = stored(context.offsets(), config.topic_prefix)
        start = find_start(self._stream, config, offset, self._progress)
        self._heartbeats = Heartbeats(config, topics)
        self._begin(start, phases, topics.transaction)

    def _begin(self, start: Start, phases: Phases, transaction_topic: str) -> None:
        self._start = start
        self._tracker = None
        if self.config.provide_transaction_metadata:
            self._tracker = TransactionTracker(transaction_topic)
            self._tracker.load(start.offset or {})
        self._events = ChangeEvents(
            self._collections,
            start.position,
            self._context.metrics,
            self._letters,
            skipped=self.config.skipped_operations,
            tracker=self._tracker,
        )
        first: list[tuple[Any, Any]] = []
        if start.offset is None or start.reads:
            first = [*start.forgotten, (self._partition, start.position.offset(snapshot=start.reads))]
        snapshot = self._snapshot(phases.client, start) if start.reads else None
        streams = self.config.planned_mode().stream
        phases.begin(first, snapshot, self._end_snapshot, self._new_streaming if streams else None)

    def _snapshot(self, client: MongoClient[RawBSONDocument], start: Start) -> Generator[Window]:
        reader = SnapshotReader(
            client,
            self.config,
            self._collections,
            start.position,
            self._progress,
            self._context.metrics,
            self._letters,
        )
        chosen = reader.chosen()
        begins = "goes on" if self._progress.tables else "starts"
        log.info(
            "Snapshot of %d collections %s at %s", len(chosen), begins, start.position.time or "the present"
        )
        return reader.windows(chosen)

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window of the snapshot, then of the stream."""
        assert self._phases is not None
        try:
            return self._phases.read(max_bytes, timeout)
        except PositionLost as lost:
            lost.retry = self.config.planned_mode().renew  # a start anew then takes a new snapshot
            raise

    def _end_snapshot(self) -> Window:
        log.info("Snapshot finished")
        offsets = [(self._partition, self._start.position.offset()), *self._progress.forget()]
        return Window(offsets=offsets, urgent=True, letters=self._letters.take())

    def _new_streaming(self) -> Streaming:
        log.info("Streaming from %s", self._start.position.time or "now")
        return Streaming(
            self._stream,
            self._events,
            self._metrics,
            self._partition,
            letters=self._letters,
            heartbeats=self._heartbeats,
        )

    def confirm(self, offsets: Offsets) -> None:
        """Nothing is kept for us on the server."""

    def close(self) -> None:
        """Release cursor and connections."""
        phases, self._phases = self._phases, None
        if phases is not None:
            phases.close()


def _request(client: MongoClient[RawBSONDocument], config: MongoConfig) -> StreamRequest:
    return stream_request(config, can_split=splits_events(client, config))
