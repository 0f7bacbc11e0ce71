"""The JDBC sink: batches in, one transaction of rows and position out."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from cdc.batch import RecordBatch
from cdc.errors import CdcError, SinkUnavailable
from cdc.plugin import Positions, Sink, SinkContext, register
from sinks.jdbc.checkpoint import Checkpoint, Moved
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.loader import Loader, make_writer
from sinks.jdbc.replays import is_overtaken, moments
from sinks.jdbc.session import RowsRejected, Session
from sinks.jdbc.spans import Partition, Span, bytes_of, cut, halves, part_from, positions
from sinks.jdbc.stream import Stream
from sinks.jdbc.tables import identifiers_of

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.02
_LOST_TABLE = {"42P01", "42703", "1146", "1054", "no such table"}
STREAM_ROWS = 4000
"""From so many records on they are sent to the database while more are read."""


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
        self.writer = make_writer(config, self.session, self.identifiers)
        self.loader = Loader(config, self.session, self.identifiers, self.writer.cells)
        self.stream = Stream(self.session, self.writer)
        # Records that the open transaction has, and those that nobody has yet; their sum is bounded.
        self._sent: list[Span] = []
        self._pending: list[Span] = []
        self._rows = self._bytes = 0
        # Offsets of the next record: as far as committed, and as far as taken from the log.
        self._reached: dict[Partition, int] = {}
        self._taken: dict[Partition, int] = {}

    def open(self, context: SinkContext) -> Positions | None:
        """Connect and return the stored positions. Raises ConnectionFailed or AccessDenied."""
        self.context = context
        self.checkpoint = Checkpoint(self.session, context.connector, context.topic_id)
        self.loader.decoder.partitions = context.partitions
        self._connect()
        self._reached, self._taken = dict(self.checkpoint.known), dict(self.checkpoint.known)
        return dict(self._reached)

    def write(self, batch: RecordBatch) -> None:
        """Take the records. Many are sent to the database at once, in a transaction that stays open."""
        for part in cut(self._unseen(batch), self.config.batch_size):
            self._pending.append(part)
            self._rows += len(part)
            self._bytes += bytes_of(part)
            if self._rows >= self.config.batch_size or self._bytes >= self.config.batch_bytes:
                self._drain()
            elif sum(map(len, self._pending)) >= STREAM_ROWS:
                self._send()

    def _unseen(self, batch: RecordBatch) -> Span:
        """Leave out what has been taken already: the log may give the same records again."""
        span = Span(batch, 0, len(batch))
        left = part_from(span, self._taken.get(span.partition)) or Span(batch, len(batch), len(batch))
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
        self._pending, self._sent = [], []
        if self.stream.busy:
            self.session.cancel()
        self.stream.close()
        self.session.close()

    # -- transactions --------------------------------------------------------------------------

    def _send(self) -> None:
        """Let the database have what is pending; the transaction is committed later."""
        try:
            self._connect()
            lanes = self.loader.lanes(self._pending, self._commit_sent)
            self.stream.send(lanes)
        except (CdcError, Moved):
            self._take_back()
            return
        self._sent += self._pending
        self._pending = []

    def _commit_sent(self) -> None:
        """Commit the open transaction, because a table has to be changed outside of it."""
        if self._sent:
            self.stream.commit(lambda: self._advance(self._sent), ())
            self._committed(self._sent)
            self._sent = []

    def _take_back(self) -> None:
        """Undo what was sent: it is written again, in a transaction that can be tried again and split."""
        self.stream.abandon()
        self._pending = self._sent + self._pending
        self._sent = []

    def _drain(self) -> None:
        """Commit everything that is held, in order. What fails for good stays held."""
        if self._sent and not self._finish():
            self._take_back()
        try:
            self._commit_or_split(self._pending)
        except BaseException:
            self._pending = self._remaining(self._pending)
            raise
        self._pending = []
        self._rows = self._bytes = 0

    def _finish(self) -> bool:
        """Commit the open transaction with what is pending; False when that cannot be done."""
        try:
            lanes = self.loader.lanes(self._pending, self._commit_sent)
            spans = self._sent + self._pending
            self.stream.commit(lambda: self._advance(spans), lanes)
        except (CdcError, Moved):
            return False
        self._committed(spans)
        self._sent, self._pending = [], []
        return True

    def _remaining(self, spans: Sequence[Span]) -> list[Span]:
        return [left for span in spans if (left := part_from(span, self._reached.get(span.partition)))]

    def _commit_or_split(self, spans: Sequence[Span]) -> None:
        """Commit the records, all but those that the database refuses: these are reported, in order."""
        if not spans:
            return
        try:
            self._retrying(spans)
        except RowsRejected as error:
            if sum(map(len, spans)) == 1:
                self._leave_out(spans[0], error)
                return
            first, second = halves(spans)
            self._commit_or_split(first)
            self._commit_or_split(second)

    def _leave_out(self, span: Span, error: RowsRejected) -> None:
        if is_overtaken(span, error, self.checkpoint.moments):
            text = "%s-%d@%s tells again a change that newer ones have overtaken; it is left out: %s"
            log.info(text, *span.partition, span.offset(span.start), error)
            self.context.metrics.add("RecordsSeenBefore")
        else:
            self._reject(span, error)
        self._retrying([span], skip=True)

    def _reject(self, span: Span, error: RowsRejected) -> None:
        self.context.report(span.batch, span.start, error)
        # Our position is about to pass the record: what was set aside must be durable before.
        self.context.report.commit()
        self.context.metrics.add("TotalNumberOfErrantRecords")

    def _retrying(self, spans: Sequence[Span], *, skip: bool = False) -> None:
        """Commit; what the database asks to try again is tried again, with growing pauses."""
        attempt = 0
        while True:
            try:
                self._connect()
                # With a connection the answer to a commit may have been lost: what it stored is done.
                spans = self._remaining(spans)
                if spans:
                    self._commit(spans, skip=skip)
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
            except RowsRejected as error:
                self._undone()
                if error.code not in _LOST_TABLE or attempt:
                    raise
                # Somebody changed the table: look at it again, once.
                self.loader.forget()
                attempt += 1

    def _undone(self) -> None:
        self.writer.rolled_back()

    def _commit(self, spans: Sequence[Span], *, skip: bool) -> None:
        lanes = self.loader.lanes([] if skip else spans)
        with self.session.transaction():
            self._advance(spans)
            for lane in lanes:
                self.writer.write(lane)
        self._committed(spans)

    def _advance(self, spans: Sequence[Span]) -> None:
        self.checkpoint.advance(positions(spans), moments(spans))

    def _committed(self, spans: Sequence[Span]) -> None:
        self.checkpoint.committed()
        self._reached.update(positions(spans))
        self.context.metrics.add("TotalNumberOfEventsSeen", sum(map(len, spans)))

    # -- connection ----------------------------------------------------------------------------

    def _connect(self) -> None:
        if self.session.driver is not None:
            return
        self.session.open()
        self.writer.prepare_session()
        self.checkpoint.load()
        self._reached.update(self.checkpoint.known)
