"""A sink task: records from the log to the target, until told to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from cdc.batch import Batch, Fetched, RecordBatch
from cdc.config import Config
from cdc.errors import Interrupted, Rebalanced, SinkUnavailable
from cdc.metrics import Metrics
from cdc.plugin import Log, LogReader, Plugin, PluginKind, Sink, SinkContext, find
from cdc.runtime.backoff import Backoff
from cdc.runtime.chain import Chain, build_chain
from cdc.runtime.decoder import Decoder
from cdc.runtime.drained import Drained
from cdc.runtime.formats import build_format, build_headers
from cdc.runtime.progress import Progress
from cdc.runtime.reporter import ErrorReporter
from cdc.runtime.retrying import Retrying, at_once, build_retrying
from cdc.runtime.sifting import sift
from cdc.runtime.sink_config import SinkConnectorConfig
from cdc.runtime.sink_metrics import SinkMeter
from cdc.runtime.source_task import Outcome

POLL_BYTES = 1 << 20
IDLE_TIMEOUT = 0.1
"""How long a poll may wait: also how soon a stop is noticed, or that the sources are finished."""
_NAP = 0.2
_LAG_INTERVAL = 0.5

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SinkTask:
    """Poll, decode, transform, write; flush, then commit.

    The target is made durable at once when the log has nothing more, so that a single change is
    visible in milliseconds; with a backlog, after `flush_bytes` or `flush_seconds`. When the
    target is unavailable everything since the last flush is read again after a pause.
    """

    connector: str
    number: int
    open_sink: Callable[[], Sink]
    open_reader: Callable[[], LogReader]
    chain: Chain
    decode: Callable[[Fetched], Iterator[RecordBatch]]
    reporter: ErrorReporter
    metrics: Metrics
    drained: Drained
    flush_bytes: int = 4 << 20
    flush_seconds: float = 0.5
    backoff: Backoff = field(default_factory=Backoff)
    on_topic: Callable[[str], None] = lambda topic: None
    topic_id: Callable[[str], str | None] = lambda topic: None
    partitions: Callable[[str], int] = lambda topic: 1
    retrying: Retrying | None = None
    _meter: SinkMeter = field(init=False)
    _topics: set[str] = field(default_factory=set)
    _lag_due: float = 0.0

    def __post_init__(self) -> None:
        self._meter = SinkMeter(self.metrics)

    def run(self, stopping: Callable[[], bool], started: Callable[[], None] = lambda: None) -> Outcome:
        """Deliver until `stopping`, or until the log is drained; always closes what it uses."""
        if self.retrying is not None:
            self.retrying.stopping = stopping
        try:
            while True:
                try:
                    return self._reading(stopping, started)
                except SinkUnavailable as error:
                    self._wait(error, stopping)
                    if stopping():
                        return Outcome.STOPPED
        except Interrupted as stopped:
            _log.info("%s; it is read again", stopped)
            return Outcome.STOPPED
        finally:
            self.chain.close()
            self.reporter.close()

    def _reading(self, stopping: Callable[[], bool], started: Callable[[], None]) -> Outcome:
        """Work with one reader, as long as the target can be reached."""
        reader = self.open_reader()
        try:
            while True:
                try:
                    return self._session(reader, stopping, started)
                except Rebalanced as error:
                    _log.info("%s; the sink is opened anew", error)
                    self._meter.forget()
        finally:
            reader.close()

    def _wait(self, error: SinkUnavailable, stopping: Callable[[], bool]) -> None:
        pause = self.backoff.next()
        _log.warning("%s; next attempt in %.1f s", error, pause)
        self.metrics.add("retries")
        self._meter.forget()
        until = time.monotonic() + pause
        while not stopping() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _NAP))

    def _session(
        self, reader: LogReader, stopping: Callable[[], bool], started: Callable[[], None]
    ) -> Outcome:
        """Work with one connection to the target; what it has not flushed is read again by the next."""
        sink = self.open_sink()
        try:
            positions = sink.open(self._context())
            if positions:
                reader.seek(positions)
            started()
            return self._loop(sink, reader, stopping)
        finally:
            sink.close()

    def _context(self) -> SinkContext:
        named = _identities(self.topic_id), self.partitions
        return SinkContext(self.connector, self.number, self.reporter, self.metrics, *named)

    def _loop(self, sink: Sink, reader: LogReader, stopping: Callable[[], bool]) -> Outcome:
        progress = Progress()
        while not stopping():
            fetched = reader.poll(POLL_BYTES, 0.0 if progress.dirty else IDLE_TIMEOUT)
            for run in fetched:
                self._deliver(sink, run, progress)
            if progress.dirty and (not fetched or progress.due(self.flush_bytes, self.flush_seconds)):
                self._flush(sink, reader, progress)
            if not fetched and self.drained(reader):
                return Outcome.FINISHED
        if progress.dirty:
            self._flush(sink, reader, progress)
        return Outcome.STOPPED

    def _deliver(self, sink: Sink, run: Fetched, progress: Progress) -> None:
        self._note(run.encoded.topic)
        for batch in self.decode(run):
            for out in self._transformed(batch):
                sink.write(out)
                self._meter.written(out)
                progress.wrote(out)
        progress.read(run)

    def _transformed(self, batch: RecordBatch) -> Iterator[RecordBatch]:
        """Run the chain; one bad record harms no other."""
        if not self.chain.links:
            yield batch
            return
        batch.keys, batch.values = [*batch.keys], [*batch.values]
        yield from map(_record_batch, sift(batch, self.chain.applied, self._transform_failed))

    def _transform_failed(self, record: RecordBatch, error: Exception) -> None:
        self.reporter.transform_failed(record, 0, self.chain.culprit, error)

    def _note(self, topic: str) -> None:
        if topic not in self._topics:
            self._topics.add(topic)
            self.on_topic(topic)

    def _flush(self, sink: Sink, reader: LogReader, progress: Progress) -> None:
        reached = sink.flush()
        self.reporter.commit()
        reader.commit(progress.flushed(reached))
        self._meter.flushed()
        self.metrics.add("commits")
        self.backoff.reset()
        self._note_lag(reader)

    def _note_lag(self, reader: LogReader) -> None:
        """Ask now and then: with a broker the answer costs a request for each partition."""
        now = time.monotonic()
        if now >= self._lag_due:
            self.metrics.set("lag.records", sum(reader.lag().values()))
            self._lag_due = now + _LAG_INTERVAL


def _sink(plugin: Plugin, options: Config) -> Sink:
    sink: Sink = plugin.cls(options)
    return sink


def _record_batch(batch: Batch) -> RecordBatch:
    assert isinstance(batch, RecordBatch)
    return batch


def build_sink_task(
    connector: str,
    number: int,
    raw: Mapping[str, str],
    worker: Mapping[str, str],
    log: Log,
    metrics: Metrics,
    *,
    on_topic: Callable[[str], None],
    draining: Callable[[], bool],
) -> SinkTask:
    """Return the task that these (resolved) options describe; raises ConfigError."""
    config = SinkConnectorConfig(raw, subject="Connector configuration")
    plugin = find(PluginKind.SINK, config.connector_class)
    options = plugin.config_class(raw, subject="Connector configuration")
    dead_letters = partial(log.writer, f"{connector}-dlq", number, _dlq_options(config, raw))
    retrying = build_retrying(config)
    reporter = ErrorReporter(connector, number, config, dead_letters, metrics, plugin.cls)
    decoder = Decoder(
        build_format("key", raw, worker),
        build_format("value", raw, worker),
        build_headers(raw, worker),
        reporter.unreadable,
        retrying or at_once,
    )
    group = raw.get("consumer.override.group.id") or f"connect-{connector}"
    return SinkTask(
        connector=connector,
        number=number,
        open_sink=lambda: _sink(plugin, options),
        open_reader=partial(log.reader, group, config.topics, raw, pattern=config.topics_regex),
        chain=build_chain(raw, retrying or at_once),
        topic_id=log.topic_id,
        partitions=cache(log.partitions),
        decode=decoder.decode,
        reporter=reporter,
        metrics=metrics,
        drained=Drained(log, config.topics, config.topics_regex, draining, alone=config.tasks_max == 1),
        flush_bytes=config.flush_bytes,
        flush_seconds=config.flush_interval_ms / 1000,
        backoff=Backoff(limit=config.restart_wait_ms / 1000),
        on_topic=on_topic,
        retrying=retrying,
    )


def _identities(ask: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Return how a sink asks for topics' identities: until each has one, for an answer costs a request.

    The next sink asks anew: the topic may be another one by then.
    """
    known: dict[str, str] = {}

    def identity(topic: str) -> str | None:
        if topic not in known and (found := ask(topic)) is not None:
            known[topic] = found
        return known.get(topic)

    return identity


def _dlq_options(config: SinkConnectorConfig, raw: Mapping[str, str]) -> dict[str, str]:
    """Return the options of the dead letter queue's writer: one partition, as Connect makes it."""
    return {
        **{name: value for name, value in raw.items() if name.startswith("producer.override.")},
        "topic.creation.default.partitions": "1",
        "topic.creation.default.replication.factor": str(config.dlq_replication),
    }
