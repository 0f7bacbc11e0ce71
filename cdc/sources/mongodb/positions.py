"""Where the change stream stands, and the offset it is stored as: Debezium's, field by field.

`{"sec", "ord", ["initsync"], ["lsid", "txnNumber"], ["resume_token"], …}` under the partition
`{"server_id": <topic.prefix>}` (MongoDbOffsetContext, MongoDbPartition).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cdc.batch import Offset, Offsets
from cdc.sources.mongodb.tokens import ClusterTime, cluster_time, from_offset, to_base64


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the change stream.

    token: the resume token, a BSON document; empty before there was one. time: of the event, or None
    where only the token is known (an idle stream). lsid, number: the session, as JSON, and the number of
    the transaction that the event belongs to.
    """

    token: bytes = b""
    time: ClusterTime | None = None
    lsid: str | None = None
    number: int | None = None

    @classmethod
    def of(cls, offset: Offset) -> Position:
        """Return the position of a stored offset; raises PositionLost for a token that is none."""
        seconds, order = int(offset.get("sec") or 0), int(offset.get("ord") or 0)
        text, lsid, number = (offset.get(name) for name in ("resume_token", "lsid", "txnNumber"))
        return cls(
            token=from_offset(str(text)) if text else b"",
            # Java's integers have a sign; -1 is Debezium's "not known".
            time=None if seconds == -1 else ClusterTime(seconds & 0xFFFFFFFF, order & 0xFFFFFFFF),
            lsid=lsid,
            number=number if lsid is not None else None,
        )

    def idle(self, token: bytes) -> Position:
        """Return the position that an answer without events moves the stream to."""
        return replace(self, token=token, time=cluster_time(token), lsid=None, number=None)

    @property
    def transaction_id(self) -> str | None:
        """Return the id of the transaction in `transaction.id`."""
        if self.lsid is None and self.number is None:
            return None
        return f"{self.lsid}:{self.number}"

    @property
    def start(self) -> Mapping[str, Any]:
        """Return how to resume behind this position: a name of pymongo's `watch`, and its value.

        Values are `bytes` of a BSON document, or a ClusterTime; without either there is nothing.
        """
        if self.token:
            return {"start_after": self.token}
        if self.time is not None and any(self.time):
            return {"start_at_operation_time": self.time}
        return {}

    def offset(self, *, snapshot: bool = False) -> dict[str, Any]:
        """Return the offset to store; snapshot: one was begun here and is not finished."""
        time = self.time
        found: dict[str, Any] = {"sec": _signed(time.seconds) if time else -1}
        found["ord"] = _signed(time.order) if time else -1
        if snapshot:
            found["initsync"] = True
        if self.lsid is not None or self.number is not None:
            found |= {"lsid": self.lsid, "txnNumber": self.number}
        if self.token:
            found["resume_token"] = to_base64(self.token)
        return found


def in_snapshot(offset: Offset) -> bool:
    """Whether an offset was stored while a snapshot was not finished."""
    return bool(offset.get("initsync"))


def partition(prefix: str) -> dict[str, str]:
    """Return the source partition of a connector."""
    return {"server_id": prefix}


def stored(offsets: Offsets, prefix: str) -> Offset | None:
    """Return the connector's offset, of whichever release.

    Releases before 2.6 had a partition for each replica set, or one called `cluster`: one of these
    serves; of several (a sharded cluster read shard by shard) the oldest does.
    """
    found = [(keys, offset) for keys, offset in offsets if offset and keys.get("server_id") == prefix]
    for keys, offset in found:
        if "rs" not in keys:
            return offset
    clusters = [offset for keys, offset in found if keys["rs"] == "cluster"]
    return _oldest(clusters or [offset for _, offset in found])


def _oldest(offsets: Iterable[Offset]) -> Offset | None:
    return min(offsets, key=lambda offset: (offset.get("sec") or 0, offset.get("ord") or 0), default=None)


def _signed(number: int) -> int:
    """Return an unsigned 32-bit number as Java's int."""
    return number - (number >> 31 << 32)
