"""The JDBC sink: batches in, one transaction of rows and position out."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TypeVar

from cdc.batch import RecordBatch
from cdc.errors import SinkUnavailable
from cdc.plugin import Positions, Sink, SinkContext, register
from sinks.jdbc.checkpoint import Checkpoint, Moved, Partition
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.lane import Lane
from sinks.jdbc.naming import TableName
from sinks.jdbc.plan import Plan, Planner
from sinks.jdbc.records import Decoder, Rows, Span, Truncation
from sinks.jdbc.session import RowsRejected, Session
from sinks.jdbc.tables import Tables, identifiers_of
from sinks.jdbc.values import Dialect
from sinks.jdbc.writer import Writer

T = TypeVar("T")
_FIRST_PAUSE = 0.02
_LOST_TABLE = {"42P01", "42703", "1146", "1054", "no such table"}
_ROW_BYTES = 500
"""What a record is taken for where its bytes are not known."""


@register(
    "sink",
    "jdbc",
    "io.debezium.connector.jdbc.JdbcSinkConnector",
    "io.confluent.connect.jdbc.JdbcSinkConnector",
)
class JdbcSink(Sink):
    """Write rows into the tables of PostgreSQL, MySQL, MariaDB or SQLite.

    Delivery: exactly once in effect. The position is stored in the transaction of the rows
    (`_cdc_checkpoint`), `open` returns it, and records below it are left out when they come again.
    `write` buffers up to `batch.size` records or `batch.max.bytes`; a transaction is at most that.
    """

    config_class = JdbcSinkConfig
    config: JdbcSinkConfig

    def __init__(self, config: JdbcSinkConfig) -> None:
        self.config = config
        self.session = Session(config.target)
        self.identifiers = identifiers_of(config.target.dialect, fold=not config.quote_identifiers)
        self.tables = Tables(self.session, config, self.identifiers)
        self.decoder = Decoder(config)
        self.writer = _writer(config, self.session, self)
        dialect = Dialect(config.target.dialect, config.zone)
        self.planner = Planner(config, dialect, self.writer.cells, self.identifiers.fit)
        self._pending: list[Span] = []
        self._rows = self._bytes = 0
        # Offsets of the next record: as far as committed, and as far as taken from the log.
        self._reached: dict[Partition, int] = {}
        self._taken: dict[Partition, int] = {}

    def open(self, context: SinkContext) -> Positions | None:
        """Connect and return the stored positions. Raises ConnectionFailed or AccessDenied."""
        self.context = context
        self.checkpoint = Checkpoint(self.session, context.connector, context.topic_id)
        self._connect()
        self._reached, self._taken = dict(self.checkpoint.known), dict(self.checkpoint.known)
        return dict(self._reached)

    def write(self, batch: RecordBatch) -> None:
        """Take the records; writes a transaction when enough are held."""
        for part in _cut(self._unseen(batch), self.config.batch_size):
            self._pending.append(part)
            self._rows += len(part)
            self._bytes += _size(part)
            if self._rows >= self.config.batch_size or self._bytes >= self.config.batch_bytes:
                self._drain()

    def _unseen(self, batch: RecordBatch) -> Span:
        """Leave out what has been taken already: the log may give the same records again."""
        span = Span(batch, 0, len(batch))
        left = _from(span, self._taken.get(span.partition)) or Span(batch, len(batch), len(batch))
        if len(left) < len(span):
            self.context.metrics.add("RecordsSeenBefore", len(span) - len(left))
        if batch.offsets and len(left):
            self._taken[span.partition] = batch.offsets[-1] + 1
        return left

    def flush(self) -> Positions:
        """Commit what is held; returns the positions reached."""
        self._drain()
        return dict(self._reached)

    def close(self) -> None:
        """Give up what is not committed, and disconnect."""
        self._pending.clear()
        self.session.close()

    # -- transactions --------------------------------------------------------------------------

    def _drain(self) -> None:
        """Commit everything that is held, in order. What fails for good stays held."""
        try:
            self._commit_or_split(self._pending)
        except BaseException:
            self._pending = self._remaining(self._pending)
            raise
        self._pending = []
        self._rows = self._bytes = 0

    def _remaining(self, spans: Sequence[Span]) -> list[Span]:
        return [left for span in spans if (left := _from(span, self._reached.get(span.partition)))]

    def _commit_or_split(self, spans: Sequence[Span]) -> None:
        """Commit the records, all but those that the database refuses: these are reported, in order."""
        spans = self._remaining(spans)
        if not spans:
            return
        try:
            self._retrying(spans)
        except RowsRejected as error:
            if sum(map(len, spans)) == 1:
                self._reject(spans[0], error)
                return
            first, second = _halves(spans)
            self._commit_or_split(first)
            self._commit_or_split(second)

    def _reject(self, span: Span, error: RowsRejected) -> None:
        self.context.report(span.batch, span.start, error)
        # Our position is about to pass the record: what was set aside must be durable before.
        getattr(self.context.report, "commit", _nothing)()
        self.context.metrics.add("TotalNumberOfErrantRecords")
        self._retrying([span], skip=True)

    def _retrying(self, spans: Sequence[Span], *, skip: bool = False) -> None:
        """Commit; what the database asks to try again is tried again, with growing pauses."""
        attempt = 0
        while True:
            try:
                self._connect()
                self._commit([] if skip else spans, _reached(spans))
                return
            except SinkUnavailable:
                self._undone()
                if attempt >= self.config.max_retries:
                    raise
                time.sleep(min(_FIRST_PAUSE * 4**attempt, self.config.retry_delay_ms / 1000))
                attempt += 1
            except Moved:
                self._undone()
                self._reached.update(self.checkpoint.load())
                spans = self._remaining(spans)
                if not spans:
                    return
            except RowsRejected as error:
                self._undone()
                if error.code not in _LOST_TABLE or attempt:
                    raise
                # Somebody changed the table: look at it again, once.
                self.tables.forget()
                self.planner.forget()
                attempt += 1

    def _undone(self) -> None:
        self.writer.rolled_back()

    def _commit(self, spans: Sequence[Span], reached: dict[Partition, int]) -> None:
        lanes = self._lanes(spans)
        with self.session.transaction():
            self.checkpoint.advance(reached)
            for lane in lanes:
                self.writer.write(lane)
        self.checkpoint.known.update(reached)
        self._reached.update(reached)
        self.context.metrics.add("TotalNumberOfEventsSeen", sum(map(len, spans)))

    def _lanes(self, spans: Sequence[Span]) -> Iterable[Lane]:
        """Decode and bind the records, making tables and columns that are missing."""
        lanes: dict[TableName, Lane] = {}
        for span in spans:
            for rows in self.decoder.decode(span):
                name = TableName(
                    self.identifiers.fit(rows.table.schema), self.identifiers.fit(rows.table.name)
                )
                if isinstance(rows, Truncation):
                    self._truncate(lanes, name, rows)
                else:
                    self._add(lanes, name, rows)
        return lanes.values()

    def _add(self, lanes: dict[TableName, Lane], name: TableName, rows: Rows) -> None:
        table = self.tables.ensure(name, self.planner.wanted(rows))
        plan = self.planner.plan(rows, table)
        lane = lanes.get(name)
        if lane is None:
            lane = lanes[name] = self._lane(plan)
        lane.add(plan, rows)

    def _truncate(self, lanes: dict[TableName, Lane], name: TableName, truncation: Truncation) -> None:
        lanes.setdefault(name, Lane()).truncate(Truncation(name, truncation.topic))

    def _lane(self, plan: Plan) -> Lane:
        config = self.config
        reduce = config.reduction == "true" or (
            config.reduction != "false" and not plan.table.has_more_unique(plan.key_columns)
        )
        return Lane(reduce, config.insert_mode == "insert", config.delete_enabled != "false")

    # -- connection ----------------------------------------------------------------------------

    def _connect(self) -> None:
        if self.session.driver is not None:
            return
        self.session.open()
        self.writer.prepare_session()
        self.checkpoint.load()
        self._reached.update(self.checkpoint.known)


def _writer(config: JdbcSinkConfig, session: Session, sink: JdbcSink) -> Writer:
    from sinks.jdbc.mysql import MysqlWriter
    from sinks.jdbc.postgres import PostgresWriter
    from sinks.jdbc.sqlite import SqliteWriter

    classes: dict[str, type[Writer]] = {"postgresql": PostgresWriter, "sqlite": SqliteWriter}
    chosen = classes.get(config.target.dialect, MysqlWriter)
    mode = "upsert" if config.insert_mode == "automatic" else config.insert_mode
    guard = config.guard_column and sink.identifiers.fit(config.guard_column)
    return chosen(session, sink.identifiers, mode, guard)


def _nothing() -> None:
    """Stand in for a reporter that has nothing to make durable."""


def _from(span: Span, position: int | None) -> Span | None:
    """Return the records at and after a position of the log, or None when there are none."""
    offsets = span.batch.offsets
    start = span.start
    if position is not None and offsets and offsets[start : start + 1] and offsets[start] < position:
        start = bisect_left(offsets, position, start, span.stop)
    return Span(span.batch, start, span.stop) if start < span.stop else None


def _size(span: Span) -> int:
    raw = span.batch.raw
    if raw is None:
        return _ROW_BYTES * len(span)
    return sum(len(value) for value in raw.values[span.start : span.stop] if value is not None)


def _cut(span: Span, most: int) -> Iterable[Span]:
    for start in range(span.start, span.stop, most):
        yield Span(span.batch, start, min(start + most, span.stop))


def _halves(spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """Split records in the middle, keeping their order."""
    middle, first, second = sum(map(len, spans)) // 2, list[Span](), list[Span]()
    for span in spans:
        cut = min(max(middle, 0), len(span))
        middle -= len(span)
        if cut:
            first.append(Span(span.batch, span.start, span.start + cut))
        if cut < len(span):
            second.append(Span(span.batch, span.start + cut, span.stop))
    return first, second


def _reached(spans: Sequence[Span]) -> dict[Partition, int]:
    """Return the offsets after the last record of each partition."""
    found: dict[Partition, int] = {}
    for span in spans:
        if span.batch.offsets:
            found[span.partition] = span.batch.offsets[span.stop - 1] + 1
    return found
