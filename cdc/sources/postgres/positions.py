"""LSNs and the source offset, under Debezium's names (PostgresOffsetContext).

`lsn_commit`: end of the last transaction that is wholly in the log. `lsn_proc` / `lsn`: the last
event. `lsn_events_processed`: how many events with that LSN are done (rows of one COPY share it).
Ours beyond Debezium's: `lsn_tx`, the final LSN of the transaction that is half done, and
`system_id`, the server's identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdc.batch import Offset

POSTGRES_EPOCH_US = 946_684_800_000_000
"""Microseconds from 1970-01-01 to 2000-01-01, where Postgres' clock starts."""


def lsn_text(lsn: int) -> str:
    """Return an LSN as Postgres writes it: `16/B374D848`."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def parse_lsn(text: str) -> int:
    """Return the number of an LSN in Postgres' notation."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


@dataclass(slots=True)
class Position:
    """Where the decoder stands in the stream.

    last_commit: end of the last transaction seen; 0 until there was one (Debezium's `sequence`).
    events: how many events of the transaction at `lsn` have been passed.
    """

    system_id: str
    commit_lsn: int = 0
    lsn: int = 0
    events: int = 0
    transaction_lsn: int = 0
    xid: int = 0
    commit_us: int = 0
    last_commit: int = 0

    @classmethod
    def of(cls, offset: Offset | None, system_id: str, commit_lsn: int) -> Position:
        """Return the position of a stored offset; `commit_lsn` is where the stream starts."""
        if offset is None or in_snapshot(offset):
            return cls(system_id, commit_lsn)
        last_commit = int(offset.get("lsn_commit") or 0)
        if "lsn_tx" not in offset:
            return cls(system_id, commit_lsn, last_commit=last_commit)
        return cls(
            system_id,
            commit_lsn,
            lsn=offset["lsn_proc"],
            events=offset["lsn_events_processed"],
            transaction_lsn=offset["lsn_tx"],
            xid=offset["txId"],
            commit_us=offset["ts_usec"],
            last_commit=last_commit,
        )

    def begin(self, final_lsn: int, xid: int, commit_us: int) -> None:
        """Enter a transaction."""
        self.transaction_lsn, self.xid, self.commit_us = final_lsn, xid, commit_us
        self.lsn = self.events = 0

    def event(self, lsn: int) -> None:
        """Pass an event."""
        self.events = self.events + 1 if lsn == self.lsn else 1
        self.lsn = lsn

    def commit(self, end_lsn: int) -> None:
        """Leave the transaction: all of it has been passed."""
        self.commit_lsn = self.last_commit = self.lsn = end_lsn
        self.events = self.transaction_lsn = 0

    def reach(self, lsn: int) -> None:
        """Take note, between two transactions, that nothing of ours is left before `lsn`."""
        self.commit_lsn = self.lsn = max(self.commit_lsn, lsn)

    @property
    def in_transaction(self) -> bool:
        """Whether the position is inside a transaction."""
        return bool(self.transaction_lsn)

    def offset(self) -> dict[str, Any]:
        """Return the offset that resumes right behind this position."""
        offset: dict[str, Any] = {
            "lsn_proc": self.lsn or self.commit_lsn,
            "messageType": "UPDATE" if self.in_transaction else "COMMIT",
            "lsn_commit": self.commit_lsn,
            "lsn": self.lsn or self.commit_lsn,
            "txId": self.xid,
            "ts_usec": self.commit_us,
            "system_id": self.system_id,
        }
        if self.in_transaction:
            offset |= {"lsn_tx": self.transaction_lsn, "lsn_events_processed": self.events}
        return offset


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """How far a transaction, that the server will send again from its start, was already read.

    transaction_lsn: its final LSN; 0 in offsets written by Debezium, where only xid is known.
    """

    transaction_lsn: int
    xid: int
    lsn: int
    events: int

    def concerns(self, final_lsn: int, xid: int) -> bool:
        """Whether this is the transaction that was half read."""
        return final_lsn == self.transaction_lsn if self.transaction_lsn else xid == self.xid

    def covers(self, lsn: int, events: int) -> bool:
        """Whether the `events`-th event at `lsn` was already read."""
        return lsn < self.lsn or (lsn == self.lsn and events <= self.events)


def resume_point(offset: Mapping[str, Any]) -> ResumePoint | None:
    """Return where inside a transaction an offset stands, or None when it stands between two."""
    lsn = offset.get("lsn_proc")
    if "lsn_tx" in offset:
        events = offset["lsn_events_processed"]
        # Right behind the BEGIN `lsn_proc` is the end of the transaction before, which this one may
        # have begun long before: LSNs of events ascend within a transaction only.
        return ResumePoint(offset["lsn_tx"], offset["txId"], int(lsn or 0) if events else 0, events)
    if lsn is None or "system_id" in offset or offset.get("messageType", "COMMIT") in ("BEGIN", "COMMIT"):
        return None
    # Without a count one event is done for sure; more at the same LSN would rather be read twice.
    return ResumePoint(0, offset.get("txId") or 0, lsn, offset.get("lsn_events_processed") or 1)


def start_lsn(offset: Offset) -> int:
    """Return the LSN to start replication from."""
    return int(offset.get("lsn_commit") or offset.get("lsn_proc") or offset.get("lsn") or 0)


def in_snapshot(offset: Offset) -> bool:
    """Whether an offset was stored while a snapshot was not finished."""
    return bool(offset.get("snapshot")) and not offset.get("snapshot_completed")
