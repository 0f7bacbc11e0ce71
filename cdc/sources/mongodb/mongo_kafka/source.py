"""MongoDB as its own connector for Kafka reads it, behind the contract of `cdc.plugin.Source`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cdc.batch import Offsets, Window
from cdc.capture.stream_metrics import StreamMetrics
from cdc.dead_letters import DeadLetters
from cdc.errors import PositionLost
from cdc.plugin import Source, SourceContext, register
from cdc.sources.mongodb.change_stream import ChangeStream
from cdc.sources.mongodb.client import connect
from cdc.sources.mongodb.mongo_kafka.config import MongoKafkaConfig
from cdc.sources.mongodb.mongo_kafka.copying import Copy
from cdc.sources.mongodb.mongo_kafka.offsets import offset_of, source_partition
from cdc.sources.mongodb.mongo_kafka.records import ChangeRecords
from cdc.sources.mongodb.mongo_kafka.start import Start, find_start, fresh_start
from cdc.sources.mongodb.oversize import splits_events
from cdc.sources.mongodb.positions import Position
from cdc.sources.mongodb.streaming import Streaming
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient

log = logging.getLogger(__name__)


@register("source", "mongodb-kafka", "com.mongodb.kafka.connect.MongoSourceConnector")
class MongoKafkaSource(Source):
    """Publish change stream documents as MongoDB's own connector for Kafka does (2.0)."""

    config_class = MongoKafkaConfig
    config: MongoKafkaConfig
    version = "2.0.1"

    def __init__(self, config: MongoKafkaConfig) -> None:
        super().__init__(config)
        self._client: MongoClient[RawBSONDocument] | None = None
        self._stream: ChangeStream | None = None
        self._streaming: Streaming | None = None
        self._copy: Iterator[Window] | None = None
        self._news: list[tuple[Any, Any]] = []

    @classmethod
    def check(cls, config: Any) -> Iterable[str]:
        """Try the config against the deployment: whether the change stream can be opened."""
        client = connect(config)
        try:
            stream = _stream(client, config)
            stream.open(Position())
            stream.close()
        finally:
            client.close()
        yield from ()

    def open(self, context: SourceContext) -> None:
        """Connect, and open the change stream where the offset says; see `Source.open`."""
        config = self.config
        self._context = context
        self._client = connect(config)
        self._stream = _stream(self._client, config, context)
        self._metrics = StreamMetrics(context.metrics)
        self._partition = source_partition(config)
        self._progress = SnapshotProgress(self._partition)
        self._progress.load(context.offsets())
        start = find_start(self._stream, config, context.offset(self._partition), self._progress)
        self._begin(start)

    def _begin(self, start: Start) -> None:
        config, context = self.config, self._context
        assert self._client is not None
        self._position = start.position
        self._letters = DeadLetters(
            config.letters_to,
            context.connector,
            context.task,
            type(self),
            config.dead_letter_headers,
        )
        self._records = ChangeRecords(config, start.position, context.metrics, self._letters)
        if start.new:
            # Kept before anything is read: from here on nothing may be missed.
            self._news = [*start.forgotten, *self._offset(copying=start.copies)]
        if start.copies:
            copy = Copy(self._client, config, self._records, self._progress, context.metrics, self._letters)
            chosen = copy.chosen()
            begins = "goes on" if self._progress.tables else "starts"
            log.info("The copy of %d collections %s", len(chosen), begins)
            self._metrics.snapshot_started()
            self._copy = copy.windows(chosen)

    def _offset(self, *, copying: bool = False) -> list[tuple[Any, Any]]:
        """Return where the stream stands; servers before 4.0.7 do not tell before the first event."""
        token = self._position.token
        return [(self._partition, offset_of(token, copying=copying))] if token else []

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window of the copy, then of the stream."""
        if self._news:
            news, self._news = self._news, []
            return Window(offsets=news, more=True, urgent=True)
        if self._copy is not None:
            return next(self._copy, None) or self._end_copy()
        if self._streaming is None:
            self._streaming = self._new_streaming()
        try:
            return self._streaming.read(max_bytes, timeout)
        except PositionLost as lost:
            if not self.config.tolerates:
                raise
            return self._renew(lost)

    def _end_copy(self) -> Window:
        self._copy = None
        self._metrics.snapshot_finished()
        log.info("The copy is finished")
        offsets = [*self._offset(), *self._progress.forget()]
        return Window(offsets=offsets, urgent=True, letters=self._letters.take())

    def _renew(self, lost: PositionLost) -> Window:
        """Start again from now: changes are lost, as errors.tolerance=all allows."""
        assert self._stream is not None
        log.warning("%s; starting from now (errors.tolerance=all)", lost.message)
        self._position = self._records.position = fresh_start(self._stream, self.config)
        return Window(offsets=self._offset(), urgent=True)

    def _new_streaming(self) -> Streaming:
        assert self._stream is not None
        log.info("Streaming from %s", self._position.time or "the stored token")
        return Streaming(
            self._stream,
            self._records,
            self._metrics,
            self._partition,
            letters=self._letters,
            max_events=self.config.poll_max_batch_size,
        )

    def confirm(self, offsets: Offsets) -> None:
        """Nothing is kept for us on the server."""

    def close(self) -> None:
        """Release cursor and connections."""
        stream, self._stream = self._stream, None
        client, self._client = self._client, None
        if self._copy is not None or self._streaming is not None:
            self._metrics.closed()
        if self._copy is not None:
            self._copy.close()  # type: ignore[attr-defined]
        self._streaming = self._copy = None
        if stream is not None:
            stream.close()
        if client is not None:
            client.close()


def _stream(
    client: MongoClient[RawBSONDocument], config: MongoKafkaConfig, context: SourceContext | None = None
) -> ChangeStream:
    request = config.stream_request(can_split=splits_events(client, config))
    return ChangeStream(client, config, request, None if context is None else context.metrics)
