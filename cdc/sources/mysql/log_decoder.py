"""From what took place in the log to change batches, and the position that goes with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cdc.batch import Batch, ChangeBatch
from cdc.capture.transactions import Mark, TransactionTracker
from cdc.sources.mysql.binlog.events import Query, Rows, RowsQuery
from cdc.sources.mysql.binlog.failures import FAULTS, UnreadableEvent, why
from cdc.sources.mysql.binlog.outcomes import (
    Begin,
    Commit,
    Outcome,
    Passed,
    Statement,
    statement_format,
)
from cdc.sources.mysql.log_tables import LogTables
from cdc.sources.mysql.positions import Position
from cdc.sources.mysql.readable_rows import ReadableRows
from cdc.sources.mysql.versions import transaction_values
from cdc.sources.mysql.window_rows import WindowRows
from schemas.table import TableId

log = logging.getLogger(__name__)


class Statements(Protocol):
    """What becomes of statements: definitions change, are kept, and told."""

    def take(self, statement: Statement, transaction: Sequence[Any]) -> tuple[list[Batch], list[TableId]]:
        """Apply a statement; return the records that tell of it, and the tables that it emptied."""
        ...

    def concerns(self, query: Query) -> bool:
        """Whether a statement changes rows of captured tables."""
        ...


@dataclass(slots=True)
class LogDecoder:
    """Gather outcomes until a window is full.

    skipped: operations that are not captured (c u d t). failures: what happens with rows that cannot be
    read (`event.processing.failure.handling.mode`). moved: whether the position did. contained: drops what
    a snapshot already has. filtered: how many rows events were of no captured table or operation.
    unreadable: how many were passed over because they cannot be read.
    """

    position: Position
    tables: LogTables
    statements: Statements
    skipped: frozenset[str]
    failures: str = "fail"
    tracker: TransactionTracker | None = None
    contained: Callable[[ChangeBatch], ChangeBatch | None] | None = None
    commits: int = 0
    filtered: int = 0
    unreadable: int = 0
    moved: bool = False
    _rows: WindowRows = field(init=False)
    _readable: ReadableRows | None = field(init=False)
    _size: int = 0
    _done: list[Batch] = field(default_factory=list)
    _transaction: tuple[Any, ...] = ()
    _marks: list[Mark] = field(default_factory=list)
    _marked: bool = False
    _again: bool = False
    _takers: dict[type, Callable[[Any], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows = WindowRows(self.skipped)
        self._readable = None if self.failures == "fail" else ReadableRows(self._leave_out)
        self._takers = {
            Begin: self._begin,
            Commit: self._commit,
            Statement: self._statement,
            RowsQuery: self._query,
            Passed: self._passed,
        }

    def take(self, outcomes: Iterable[Outcome], max_bytes: int) -> bool:
        """Take outcomes, until about `max_bytes` of rows are there; return whether all were taken."""
        takers = self._takers
        for outcome in outcomes:
            if type(outcome) is Rows:
                self._take(outcome)
                if self._size >= max_bytes:
                    return False
            else:
                takers[type(outcome)](outcome)
        return True

    def batches(self, clock_ns: int) -> list[Batch]:
        """Return what was gathered; begin a new window."""
        self._cut(clock_ns)
        found, self._done, self._size, self._rows.seq = self._done, [], 0, 0
        marks, self._marks = self._marks, []
        changes = [batch for batch in found if isinstance(batch, ChangeBatch)]
        if self.tracker is None:
            return found
        markers = self.tracker.apply(changes, (), marks)
        if self.position.event and self._marked:
            self.position.transaction = {"transaction_id": self.transaction_id, **self.tracker.offset()}
        return [*found, markers] if markers is not None else found

    @property
    def transaction_id(self) -> str:
        """The last transaction, by GTID or position."""
        return self._transaction[-1] if self._transaction else ""

    @property
    def behind(self) -> bool:
        """Whether the stream has not come back yet to where the offset stands."""
        return self.position.half is not None and self.position.event > 0

    # -- outcomes ----------------------------------------------------------------------------

    def _begin(self, begin: Begin) -> None:
        place = begin.place
        self._transaction = transaction_values(
            begin.original_commit_us or begin.timestamp * 1_000_000,
            file=place.file,
            server_id=begin.server_id,
            gtid=place.gtid,
            thread=begin.thread_id,
            transaction_id=place.gtid or f"file={place.file},pos={place.pos}",
        )
        half = self.position.half
        self._again = half is not None and half.fits(begin)
        self._marked = False
        if self._again and half is not None and self.tracker is not None:
            self.tracker.load(half.transaction)
            # Whoever has counted rows has told of the beginning.
            self._marked = bool(self.tracker.offset())
        self.position.begin(begin)
        self.moved = True

    def _take(self, event: Rows) -> None:
        position, shape = self.position, event.shape
        position.rows(event.number)
        done = self._told_before(event.number) if self._again else 0
        if done is None:
            return
        self.moved = True
        skipped = shape.op in self.skipped
        # An update of a versioned table may be a delete.
        version = None
        if not skipped or shape.op == "u":
            version = self.tables.version(shape.table, position.file, event.pos)
        if version is None or (skipped and version.layout.row_end is None):
            self.filtered += 1
            return
        if self.tracker is not None and not self._marked:
            self._mark(begins=True)
        try:
            self._rows.take(version, event, self._transaction, position.file, done)
        except FAULTS as error:
            self._unreadable(event, error)
        self._size += event.stop - event.start

    def _told_before(self, number: int) -> int | None:
        """Return how many rows of an event were told before the restart; None for all of them."""
        assert self.position.half is not None
        known = self.position.half.done(number)
        if known is not None:
            self._end_resume()
        return known

    def _commit(self, commit: Commit) -> None:
        self.position.commit(commit)
        if self._again:
            self._end_resume()
        self.commits += 1
        self.moved = True
        if self._marked:
            self._mark(begins=False)

    def _query(self, event: RowsQuery) -> None:
        self._transaction = (*self._transaction[:7], event.text, self._transaction[8])

    def _passed(self, passed: Passed) -> None:
        self.position.passed(passed)
        half = self.position.half
        if half is not None and passed.gtid is not None and passed.gtid == half.gtid:
            self._end_resume()
        self.moved = True

    def _statement(self, statement: Statement) -> None:
        query, place = statement.query, statement.place
        if statement.changes_rows:
            if self.statements.concerns(query):
                raise statement_format(statement)
        else:
            transaction = transaction_values(
                statement.original_commit_us or query.timestamp * 1_000_000,
                file=place.file,
                server_id=query.server_id,
                gtid=place.gtid,
                transaction_id=place.gtid or f"file={place.file},pos={place.pos}",
            )
            self.position.statement(statement)
            records, truncated = self.statements.take(statement, transaction)
            if records:
                self._cut(time.time_ns())
                self._done += records
            for table in () if "t" in self.skipped else truncated:
                version = self.tables.truncated(table)
                if version is not None:
                    self._rows.empty(version, query.pos, transaction)
        self.position.statement(statement)
        self.moved = True

    # -- parts -------------------------------------------------------------------------------

    def _end_resume(self) -> None:
        """Be where the offset stood."""
        self.position.half, self._again = None, False

    def _mark(self, *, begins: bool) -> None:
        transaction = self._transaction
        self._marks.append(Mark(self._rows.number(), transaction[-1], transaction[0], begins))
        self._marked = begins

    def _cut(self, clock_ns: int) -> None:
        """Close the batches so far: what follows comes behind them."""
        for batch in self._rows.batches(clock_ns):
            kept = batch if self._readable is None else self._readable(batch)
            if kept is not None and self.contained is not None:
                kept = self.contained(kept)
            if kept is not None:
                self._done.append(kept)

    def _unreadable(self, event: Rows, error: Exception) -> None:
        failure = UnreadableEvent(self.position.file, event.pos, "rows", why(error))
        if self.failures == "fail":
            raise failure from error
        self._leave_out(failure)

    def _leave_out(self, failure: UnreadableEvent) -> None:
        self.unreadable += 1
        if self.failures == "warn":
            log.warning("%s; it is left out", failure)
