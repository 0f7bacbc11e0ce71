"""MongoDB as its own connector for Kafka reads it, behind the contract of `cdc.plugin.Source`."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
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
from cdc.sources.mongodb.mongo_kafka.start import find_start, fresh_start
from cdc.sources.mongodb.oversize import splits_events
from cdc.sources.mongodb.phases import Phases
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
        self._phases: Phases | None = None

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
        client = connect(config)
        self._metrics = StreamMetrics(context.metrics)
        self._phases = phases = Phases(client, self._metrics)
        self._stream = phases.stream = _stream(client, config, context)
        self._partition = source_partition(config)
        self._progress = SnapshotProgress(self._partition)
        self._progress.load(context.offsets())
        start = find_start(self._stream, config, context.offset(self._partition), self._progress)
        self._position = start.position
        self._letters = DeadLetters(
            config.letters_to,
            context.connector,
            context.task,
            type(self),
            config.dead_letter_headers,
        )
        self._records = ChangeRecords(config, start.position, context.metrics, self._letters)
        first = [*start.forgotten, *self._offset(copying=start.copies)] if start.new else []
        copy = self._copy(client) if start.copies else None
        phases.begin(first, copy, self._end_copy, self._new_streaming)

    def _copy(self, client: MongoClient[RawBSONDocument]) -> Generator[Window]:
        copy = Copy(client, self.config, self._records, self._progress, self._context.metrics, self._letters)
        chosen = copy.chosen()
        begins = "goes on" if self._progress.tables else "starts"
        log.info("The copy of %d collections %s", len(chosen), begins)
        return copy.windows(chosen)

    def _offset(self, *, copying: bool = False) -> list[tuple[Any, Any]]:
        """Return where the stream stands; servers before 4.0.7 do not tell before the first event."""
        token = self._position.token
        return [(self._partition, offset_of(token, copying=copying))] if token else []

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window of the copy, then of the stream."""
        assert self._phases is not None
        try:
            return self._phases.read(max_bytes, timeout)
        except PositionLost as lost:
            if not self.config.tolerates:
                raise
            return self._renew(lost)

    def _end_copy(self) -> Window:
        log.info("The copy is finished")
        offsets = [*self._offset(), *self._progress.forget()]
        return Window(offsets=offsets, urgent=True, letters=self._letters.take())

    def _renew(self, lost: PositionLost) -> Window:
        """Start again from now: changes are lost, as errors.tolerance=all allows."""
        log.warning("%s; starting from now (errors.tolerance=all)", lost.message)
        self._position = fresh_start(self._stream, self.config)
        self._records.restart(self._position)
        return Window(offsets=self._offset(), urgent=True)

    def _new_streaming(self) -> Streaming:
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
        phases, self._phases = self._phases, None
        if phases is not None:
            phases.close()


def _stream(
    client: MongoClient[RawBSONDocument], config: MongoKafkaConfig, context: SourceContext | None = None
) -> ChangeStream:
    request = config.stream_request(can_split=splits_events(client, config))
    return ChangeStream(client, config, request, None if context is None else context.metrics)
