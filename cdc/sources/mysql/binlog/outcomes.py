"""What event groups come to: transactions that took place, statements, and progress."""

from __future__ import annotations

from dataclasses import dataclass

from cdc.errors import CdcError, ServerNotReady
from cdc.sources.mysql.binlog.events import Gtid, Query, Rows, RowsQuery


@dataclass(slots=True)
class Place:
    """Where a group begins; `gtid` is its name there, if it has one."""

    file: str
    pos: int
    gtid: Gtid | None


@dataclass(slots=True)
class Begin:
    """A transaction that takes place: its rows follow. thread_id: of the session; None if unknown."""

    place: Place
    timestamp: int
    server_id: int
    thread_id: int | None
    original_commit_us: int


@dataclass(slots=True)
class Commit:
    """All rows of the transaction have been given; `end` is behind it in its file."""

    place: Place
    end: int
    timestamp: int


@dataclass(slots=True)
class Statement:
    """A statement that is no part of the protocol: DDL, or what nobody knows.

    changes_rows: it is DML in STATEMENT format, see `statement_format`. within: it is part of a
    transaction (CREATE TABLE … SELECT), so `end` is no place to resume from. original_commit_us: as of
    `GtidEvent`.
    """

    place: Place
    query: Query
    changes_rows: bool
    within: bool
    original_commit_us: int = 0

    @property
    def end(self) -> int:
        """Where the log goes on."""
        return self.query.end


@dataclass(slots=True)
class Passed:
    """The log has been read up to `end` of `file`, and no group is open; `gtid` gave nothing."""

    file: str
    end: int
    timestamp: int = 0
    gtid: Gtid | None = None


Outcome = Begin | Rows | RowsQuery | Commit | Statement | Passed


def statement_format(statement: Statement) -> CdcError:
    """Return the error for DML in STATEMENT format on tables that are captured."""
    place = statement.place
    return ServerNotReady(
        f"The transaction at position {place.pos} of {place.file} holds changes as a statement, not as "
        f"rows, in database {statement.query.database}: {statement.query.sql[:60]!r}…",
        hint="SET GLOBAL binlog_format = 'ROW', and have sessions that were open before connect anew",
    )
