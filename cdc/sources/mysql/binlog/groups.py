"""Event groups: which rows belong together, and whether they ever took place.

A transaction, a DDL statement, or an XA COMMIT is a group of events in the log. Transactions with a GTID
of MySQL are whole when they are there at all, and their rows are given out as they come. Elsewhere the
end decides (an XA transaction may be rolled back hours later; MariaDB writes ROLLBACKs, to savepoints
too), so the rows wait: in memory up to a limit, and beyond it they are read once more from the log when
their time has come.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cdc.errors import CdcError, ServerNotReady
from cdc.sources.mysql.binlog.events import (
    BeginQuery,
    Event,
    FormatDescription,
    Gtid,
    GtidEvent,
    Heartbeat,
    Incident,
    Query,
    Rotate,
    Rows,
    RowsQuery,
    XaPrepare,
    Xid,
)
from cdc.sources.mysql.binlog.outcomes import Begin, Commit, Outcome, Passed, Place, Statement
from cdc.sources.mysql.binlog.waiting import Waiting
from cdc.sources.mysql.binlog.xids import xa_statement

_SAVEPOINT = re.compile(r"(SAVEPOINT|ROLLBACK\s+TO(?:\s+SAVEPOINT)?)\s+(.+)", re.IGNORECASE | re.DOTALL)
_CHANGES_ROWS = re.compile(
    r"(?:/\*.*?\*/\s*|SET\s+STATEMENT\s.*?\sFOR\s+)*(?:INSERT|UPDATE|DELETE|REPLACE|LOAD|CALL|WITH)\b",
    re.IGNORECASE | re.DOTALL,
)

Reread = Callable[[Place], Iterable[Event]]
"""Gives the events from the start of a group on, once more from the log; raises what a stream raises."""


@dataclass(slots=True)
class _Group:
    """The group that is open."""

    begin: Begin
    serial: int
    waiting: Waiting | None
    wanted: bool
    xid: str | None = None


@dataclass(slots=True)
class EventGroups:
    """Turn events into transactions that took place.

    hold_bytes: how much of a waiting group stays in memory. hold_all: let every group wait for its
    end (binlog.buffer.size). wanted: whether the rows of a GTID are. queries: give `RowsQuery`
    events too. prepared: XA transactions that wait for their end; part of the position, because a
    reader that starts behind them must know where they are. counts: what became of transactions, under
    the names of Debezium's metrics.
    """

    reread: Reread
    file: str = ""
    hold_bytes: int = 16 << 20
    hold_all: bool = False
    wanted: Callable[[Gtid], bool] = lambda gtid: True
    queries: bool = False
    prepared: dict[str, Place] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    _kept: dict[str, Waiting] = field(default_factory=dict)
    _group: _Group | None = None
    _gtid: GtidEvent | None = None
    _takers: dict[type[Event], Callable[[Any], Iterable[Outcome]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._takers = {
            GtidEvent: self._gtid_event,
            BeginQuery: self._open,
            Xid: self._commit,
            RowsQuery: self._rows_query,
            Query: self._query,
            XaPrepare: lambda event: self._commit(event) if event.one_phase else self._prepare(event),
            FormatDescription: self._format_description,
            Rotate: self._rotate,
            Heartbeat: self._heartbeat,
            Incident: self._incident,
        }

    def feed(self, events: Iterable[Event]) -> Iterator[Outcome]:
        """Yield what comes of some more events. Raises `ServerNotReady` for what cannot be undone."""
        takers = self._takers
        for event in events:
            if type(event) is Rows:
                group = self._group
                if group is None:
                    raise self._unexpected(event)
                event.number = event.serial - group.serial
                if not group.wanted:
                    continue
                if group.waiting is None:
                    yield event
                else:
                    group.waiting.add(event)
            elif (take := takers.get(type(event))) is not None:
                yield from take(event)
        if self._group is not None and self._group.waiting is not None:
            self._group.waiting.settle()

    @property
    def open(self) -> bool:
        """Whether a group has begun and not ended."""
        return self._group is not None

    # -- events ------------------------------------------------------------------------------

    def _rows_query(self, event: RowsQuery) -> Iterable[Outcome]:
        if not self.queries or self._group is None or not self._group.wanted:
            return ()
        if self._group.waiting is None:
            return (event,)
        self._group.waiting.add(event)
        return ()

    def _format_description(self, event: FormatDescription) -> Iterable[Outcome]:
        if event.created and self._group is not None:
            self._abandon("the server stopped before its end was written")
        return ()

    def _rotate(self, event: Rotate) -> Iterable[Outcome]:
        self.file = event.file
        return () if event.artificial else (Passed(event.file, event.position, event.timestamp),)

    def _heartbeat(self, event: Heartbeat) -> Iterable[Outcome]:
        idle = self._group is None and event.file == self.file
        return (Passed(event.file, event.end),) if idle else ()

    def _incident(self, event: Incident) -> Iterable[Outcome]:
        raise ServerNotReady(
            f"The server lost events at position {event.pos} of {self.file}: {event.message}",
            hint="the log has a gap: read the tables anew (snapshot.mode=when_needed, or new offsets)",
        )

    def _gtid_event(self, event: GtidEvent) -> Iterable[Outcome]:
        self._gtid = event
        return self._open(event) if event.opens else ()

    def _query(self, event: Query) -> Iterable[Outcome]:
        sql = event.sql
        if sql == "COMMIT":
            return self._commit(event)
        if sql == "ROLLBACK":
            return self._roll_back(event)
        if found := _SAVEPOINT.match(sql):
            self._savepoint(event, found[1].upper() == "SAVEPOINT", found[2])
            return ()
        xa = xa_statement(sql) if sql[:3].upper() == "XA " else None
        return self._statement(event) if xa is None else self._xa(event, *xa)

    def _statement(self, event: Query) -> Iterable[Outcome]:
        group, gtid = self._group, self._gtid
        place = group.begin.place if group else self._place(event)
        if group is None:
            self._gtid = None
        changes_rows = bool(_CHANGES_ROWS.match(event.sql.lstrip()))
        original = gtid.original_commit_us if gtid else 0
        return (Statement(place, event, changes_rows, group is not None, original),)

    # -- groups ------------------------------------------------------------------------------

    def _place(self, event: Event) -> Place:
        start = self._gtid or event
        return Place(self.file, start.pos, self._gtid.gtid if self._gtid else None)

    def _open(self, event: Event, xid: str | None = None) -> Iterable[Outcome]:
        if self._group is not None:
            if isinstance(event, BeginQuery) and self._gtid is not None and self._gtid.opens:
                return ()  # MariaDB's GTID event has begun it
            self._abandon("another transaction begins within it")
        gtid = self._gtid
        place = self._place(event)
        thread = event.thread_id if isinstance(event, BeginQuery | Query) else None
        original = gtid.original_commit_us if gtid else 0
        begin = Begin(place, event.timestamp, event.server_id, thread, original)
        wanted = place.gtid is None or self.wanted(place.gtid)
        xid = xid or (gtid.prepares if gtid else None)
        waits = self.hold_all or xid is not None or gtid is None or not gtid.atomic
        self._group = _Group(begin, event.serial, Waiting(self.hold_bytes) if waits else None, wanted, xid)
        return () if waits else (begin,)

    def _close(self) -> _Group | None:
        group, self._group, self._gtid = self._group, None, None
        return group

    def _commit(self, event: Event) -> Iterable[Outcome]:
        group = self._close()
        if group is None:
            raise self._unexpected(event)
        commit = Commit(group.begin.place, event.end, event.timestamp)
        if group.waiting is None:
            return (commit,)
        return self._took_place(group.begin, group.begin.place, group.waiting, commit)

    def _took_place(
        self, begin: Begin, rows_at: Place, waiting: Waiting | None, commit: Commit
    ) -> Iterator[Outcome]:
        yield begin
        if waiting is not None and not waiting.given_up:
            yield from waiting.events
        else:
            self.counts["NumberOfLargeTransactions"] += 1
            yield from self._again(rows_at, waiting)
        yield commit

    def _roll_back(self, event: Event) -> Iterable[Outcome]:
        group = self._close()
        if group is None:
            return ()
        self.counts["NumberOfRolledBackTransactions"] += 1
        if group.waiting is None:
            self._group = group
            self._abandon("it was rolled back")
        return (Passed(self.file, event.end, event.timestamp, group.begin.place.gtid),)

    def _savepoint(self, event: Query, sets: bool, name: str) -> None:
        group = self._group
        if group is None:
            return
        number = event.serial - group.serial
        if group.waiting is None:
            if not sets:
                self._abandon("part of it was rolled back")
        else:
            group.waiting.mark(name, number, sets)

    def _abandon(self, why: str) -> None:
        """Drop the open group. Raises when its rows have been given out already."""
        group = self._close()
        if group is None:
            return
        self.counts["NumberOfNotWellFormedTransactions"] += 1
        if group.waiting is None:
            place = group.begin.place
            raise ServerNotReady(
                f"The transaction {place.gtid or ''} at position {place.pos} of {place.file} did not take "
                f"place ({why}), and its rows have been read already",
                hint="set binlog.buffer.size above 0, so that transactions wait for their end",
            )

    def _unexpected(self, event: Event) -> CdcError:
        return ServerNotReady(
            f"{type(event).__name__} at position {event.pos} of {self.file} is in no transaction",
            hint="the position to read from lies within a transaction: check the stored offset",
        )

    # -- XA ----------------------------------------------------------------------------------

    def _xa(self, event: Query, verb: str, xid: str, one_phase: bool) -> Iterable[Outcome]:
        if verb in ("START", "BEGIN"):
            return self._open(event, xid)
        if verb == "COMMIT":
            return self._commit(event) if self._group is not None else self._xa_commit(event, xid)
        if verb == "ROLLBACK":
            if self._group is not None:
                return self._roll_back(event)
            self.prepared.pop(xid, None)
            self._kept.pop(xid, None)
            return (self._passed(event),)
        return ()

    def _passed(self, event: Event) -> Passed:
        place = self._place(event)
        self._gtid = None
        return Passed(self.file, event.end, event.timestamp, place.gtid)

    def _prepare(self, event: XaPrepare) -> Iterable[Outcome]:
        group = self._close()
        if group is None or group.waiting is None:
            raise self._unexpected(event)
        self.prepared[event.xid] = group.begin.place
        waiting = group.waiting
        if sum(kept.size for kept in self._kept.values()) + waiting.size > self.hold_bytes:
            waiting.given_up, waiting.events, waiting.size = True, [], 0
        waiting.settle()
        self._kept[event.xid] = waiting
        return (Passed(self.file, event.end, event.timestamp, group.begin.place.gtid),)

    def _xa_commit(self, event: Query, xid: str) -> Iterator[Outcome]:
        place, gtid = self._place(event), self._gtid
        rows_at = self.prepared.get(xid)
        if rows_at is None:
            raise ServerNotReady(
                f"{event.sql} at position {event.pos} of {self.file} commits an XA transaction that was "
                "prepared before the position this connector started from; its rows are unknown",
                hint="read the tables anew while XA RECOVER lists no transaction",
            )
        self._gtid = None
        original = gtid.original_commit_us if gtid else 0
        begin = Begin(place, event.timestamp, event.server_id, event.thread_id, original)
        commit = Commit(place, event.end, event.timestamp)
        yield from self._took_place(begin, rows_at, self._kept.pop(xid, None), commit)
        self.prepared.pop(xid, None)

    def _again(self, place: Place, waiting: Waiting | None) -> Iterator[Rows | RowsQuery]:
        """Yield the rows of a group from the log once more."""
        if waiting is None:
            waiting = self._survey(place)
        for event in self._group_at(place):
            if isinstance(event, RowsQuery):
                if self.queries:
                    yield event
            elif isinstance(event, Rows) and not waiting.is_undone(event):
                yield event

    def _survey(self, place: Place) -> Waiting:
        """Return what of a group was undone by its savepoints; a former run knew it."""
        waiting = Waiting(0)
        first = None
        for event in self._group_at(place):
            first = event.serial if first is None else first
            if isinstance(event, Query) and (found := _SAVEPOINT.match(event.sql)):
                waiting.mark(found[2], event.serial - first, found[1].upper() == "SAVEPOINT")
        return waiting

    def _group_at(self, place: Place) -> Iterator[Event]:
        """Yield the events of a group from the one that begins it, its rows with their numbers."""
        first: int | None = None
        for event in self.reread(place):
            if first is None:
                if not _opens(event):
                    continue
                first = event.serial
            if isinstance(event, Rows):
                event.number = event.serial - first
            elif _ends(event):
                return
            yield event


def _opens(event: Event) -> bool:
    if isinstance(event, GtidEvent):
        return event.opens
    if isinstance(event, BeginQuery):
        return True
    return isinstance(event, Query) and event.sql.upper().startswith(("XA START", "XA BEGIN"))


def _ends(event: Event) -> bool:
    ended = isinstance(event, Query) and event.sql in ("COMMIT", "ROLLBACK")
    return ended or isinstance(event, Xid | XaPrepare)
