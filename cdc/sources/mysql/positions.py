"""The source offset, under Debezium's names (BinlogOffsetContext).

`file`, `pos`: where the transaction in progress begins, or the next one. `event`: how many of its
events are done (the one that begins it is the first), `row`: how many rows of the next event.
`gtids`: what is wholly read. `ts_sec`, `server_id`: of the last event. `snapshot`: while one runs.
`transaction_…`: what is counted of a transaction half read.
Ours beyond Debezium's: `server_uuid`, whose file and position mean something, `gtid` of a transaction half
read, which another server may send later than others, and `xa_prepared`, JSON of the XA transactions that
wait for their end: {xid: [file, pos, gtid]}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import Offset
from cdc.errors import ServerNotReady
from cdc.sources.mysql.binlog.outcomes import Begin, Commit, Passed, Place, Statement
from cdc.sources.mysql.gtid import GtidSet


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """What of a transaction is done already.

    gtid: which one it is, or else the first that comes. transaction: what is counted of it, as members
    of the offset.
    """

    event: int
    row: int
    gtid: str | None = None
    transaction: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, begin: Begin) -> bool:
        """Whether this is the transaction."""
        return self.gtid is None or self.gtid == begin.place.gtid

    def done(self, number: int) -> int | None:
        """Return how many rows of a rows event are done; None for all of them."""
        if number < self.event:
            return None
        return self.row if number == self.event else 0


@dataclass(slots=True)
class Position:
    """Where the reader stands; `gtids` is None where GTIDs are off.

    gtid, transaction: of the transaction in progress; the latter are members of the offset. others: keys of
    the offset that belong to somebody else (`incremental_snapshot_…`). half: what the offset that was
    stored says of a transaction half read; for as long as that has not come again, offsets say the same.
    """

    file: str
    pos: int
    gtids: GtidSet | None = None
    event: int = 0
    row: int = 0
    gtid: str | None = None
    transaction: dict[str, Any] = field(default_factory=dict)
    ts_sec: int = 0
    server_id: int = 0
    server_uuid: str | None = None
    snapshot: str | None = None
    prepared: dict[str, Place] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    half: ResumePoint | None = None

    def begin(self, begin: Begin) -> None:
        """Pass the beginning of a transaction."""
        self.file, self.pos = begin.place.file, begin.place.pos
        self.event, self.row, self.gtid = 1, 0, begin.place.gtid
        self.ts_sec, self.server_id = begin.timestamp, begin.server_id

    def rows(self, number: int, done: int | None = None) -> None:
        """Pass the rows event with that number, or only `done` of its rows."""
        self.event, self.row = (number + 1, 0) if done is None else (number, done)

    def commit(self, commit: Commit) -> None:
        """Pass the end of a transaction."""
        self._reach(commit.place.file, commit.end, commit.timestamp, commit.place.gtid)

    def statement(self, statement: Statement) -> None:
        """Pass a statement; one within a transaction changes nothing."""
        if not statement.within:
            place = statement.place
            self._reach(place.file, statement.end, statement.query.timestamp, place.gtid)
            self.server_id = statement.query.server_id

    def passed(self, passed: Passed) -> None:
        """Pass what gave nothing."""
        self._reach(passed.file, passed.end, passed.timestamp, passed.gtid)

    def _reach(self, file: str, pos: int, timestamp: int, gtid: str | None) -> None:
        self.file, self.pos = file, pos
        self.event, self.row, self.gtid, self.transaction = 0, 0, None, {}
        self.ts_sec = timestamp or self.ts_sec
        if gtid is not None and self.gtids is not None:
            self.gtids.add(gtid)

    def offset(self) -> Offset:
        """Return the source offset."""
        found: dict[str, Any] = {"ts_sec": self.ts_sec, "file": self.file, "pos": self.pos}
        inside = self.half or self
        optional = {
            "gtids": str(self.gtids) if self.gtids else None,
            "row": inside.row or None,
            "server_id": self.server_id or None,
            "event": inside.event or None,
            "gtid": inside.gtid,
            "snapshot": self.snapshot,
            "server_uuid": self.server_uuid,
            "xa_prepared": _dumped(self.prepared) if self.prepared else None,
        }
        found |= {name: value for name, value in optional.items() if value is not None}
        return found | dict(inside.transaction) | self.others


_TRANSACTION = "transaction_"
_OURS = frozenset(
    (
        "ts_sec",
        "file",
        "pos",
        "gtids",
        "row",
        "server_id",
        "event",
        "gtid",
        "snapshot",
        "server_uuid",
        "xa_prepared",
    )
)


def read_offset(offset: Mapping[str, Any], gtid_set: type[GtidSet]) -> Position:
    """Return the position of a stored offset, ours or Debezium's; raises ServerNotReady for neither."""
    try:
        gtids = offset.get("gtids")
        half = ResumePoint(
            event=int(offset.get("event") or 0),
            row=int(offset.get("row") or 0),
            gtid=offset.get("gtid"),
            transaction={name: value for name, value in offset.items() if name.startswith(_TRANSACTION)},
        )
        return Position(
            file=str(offset["file"]),
            pos=int(offset["pos"]),
            gtids=gtid_set.parse(str(gtids)) if gtids else None,
            event=half.event,
            row=half.row,
            ts_sec=int(offset.get("ts_sec") or 0),
            server_id=int(offset.get("server_id") or 0),
            server_uuid=offset.get("server_uuid"),
            snapshot=_snapshot(offset.get("snapshot")),
            prepared=_loaded(offset.get("xa_prepared")),
            others={name: value for name, value in offset.items() if not _is_ours(name)},
            half=half if half.event else None,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ServerNotReady(
            f"The stored offset is no position in a binary log ({error!r}): {dict(offset)}",
            hint="delete the connector's offsets to begin anew",
        ) from error


def _is_ours(name: str) -> bool:
    return name in _OURS or name.startswith(_TRANSACTION)


def _snapshot(value: Any) -> str | None:
    # Debezium once wrote a boolean.
    if value in (None, False, "false"):
        return None
    return "true" if value is True else str(value)


def _dumped(prepared: Mapping[str, Place]) -> str:
    places = {xid: [place.file, place.pos, place.gtid] for xid, place in prepared.items()}
    return json.dumps(places, separators=(",", ":"), sort_keys=True)


def _loaded(text: Any) -> dict[str, Place]:
    return {xid: Place(*place) for xid, place in json.loads(text).items()} if text else {}


def file_order(file: str) -> tuple[str, int]:
    """Return what binary log files are ordered by: their numbers grow beyond six digits."""
    name, _, number = file.rpartition(".")
    return (name, int(number)) if number.isdigit() else (file, 0)


def at_or_before(one: Position, other: Position) -> bool:
    """Whether everything up to `one` is known at `other` (Debezium's history comparator).

    GTIDs decide where both have them; then file and position, on one server; else the clock.
    """
    if one.gtids is not None and other.gtids is not None:
        if other.gtids.contains(one.gtids):  # type: ignore[arg-type]
            same = one.gtids.contains(other.gtids)  # type: ignore[arg-type]
            return not same or (one.event, one.row) <= (other.event, other.row)
        return False
    if one.server_id and other.server_id and one.server_id != other.server_id:
        return one.ts_sec <= other.ts_sec
    return (file_order(one.file), one.pos, one.event, one.row) <= (
        file_order(other.file),
        other.pos,
        other.event,
        other.row,
    )
