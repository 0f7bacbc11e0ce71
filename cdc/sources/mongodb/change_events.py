"""Events of a change stream as change batches, by collection.

https://www.mongodb.com/docs/manual/reference/change-events/
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from cdc.batch import Batch, ChangeBatch
from cdc.capture.transactions import Mark, TransactionTracker
from cdc.dead_letters import DeadLetters
from cdc.errors import UnsupportedValue
from cdc.metrics import Metrics
from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.collection import Collection, Collections, key_document, transaction_values
from cdc.sources.mongodb.document_rows import DocumentRows
from cdc.sources.mongodb.elements import members
from cdc.sources.mongodb.letters import letter_text
from cdc.sources.mongodb.oversize import OVERSIZE, SPLIT, WHOLE, Fragments
from cdc.sources.mongodb.positions import Position
from cdc.sources.mongodb.tokens import ClusterTime

log = logging.getLogger(__name__)

_OPERATIONS: Final = {b"insert": "c", b"update": "u", b"replace": "u", b"delete": "d"}
_OVERSIZE: Final = OVERSIZE.encode()
_time = struct.Struct("<II").unpack_from
_long = struct.Struct("<q").unpack_from
_session = ejson.writer(ejson.LEGACY)

Places = dict[bytes, tuple[int, int]]


@dataclass(slots=True)
class _Changes:
    """What came of one collection in a window."""

    collection: Collection
    ops: list[str] = field(default_factory=list)
    rows: DocumentRows = field(default_factory=DocumentRows)
    transactions: list[tuple[Any, ...]] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    size: int = 0


class ChangeEvents:
    """Tell events apart, and follow the position.

    tracker: of transactions, where their metadata is on.
    """

    def __init__(
        self,
        collections: Collections,
        position: Position,
        metrics: Metrics,
        letters: DeadLetters,
        *,
        skipped: Iterable[str] = (),
        tracker: TransactionTracker | None = None,
    ) -> None:
        self._collections, self.position = collections, position
        self._metrics, self._letters = metrics, letters
        self._ops = {name: op for name, op in _OPERATIONS.items() if op not in frozenset(skipped)}
        self._tracker = tracker
        self.commits = 0
        self._namespaces: dict[bytes, Collection | None] = {}
        self._fragments = Fragments()
        self._changes: dict[Collection, _Changes] = {}
        self._marks: list[Mark] = []
        self._seq = 0
        self._open = position.transaction_id
        self._place: tuple[tuple[bytes, ...], tuple[Any, ...]] = ((), ())

    def decode(self, data: bytes, places: Iterable[tuple[int, int]], clock_ns: int) -> list[Batch]:
        """Return the changes of some events of a batch; raises UnsupportedValue."""
        self._changes, self._marks = {}, []
        for start, stop in places:
            self._event(data[start:stop], clock_ns)
        return self._batches(clock_ns)

    def idle(self, token: bytes, clock_ns: int) -> list[Batch]:
        """Take note that the stream is at `token` and there is nothing before it; return a marker due."""
        if self._fragments.waiting:
            return []
        self._changes, self._marks = {}, []
        self._enter(None, clock_ns)
        self.position = self.position.idle(token)
        return self._batches(clock_ns)

    def offset(self) -> dict[str, Any]:
        """Return the offset to store: Debezium's."""
        offset = self.position.offset()
        if self._tracker is not None and (transaction := self.position.transaction_id):
            offset |= {"transaction_id": transaction, **self._tracker.offset()}
        return offset

    # -- one event ---------------------------------------------------------------------------

    def _event(self, data: bytes, clock_ns: int) -> None:
        found = members(data)
        if SPLIT in found and _value(data, found, SPLIT) != WHOLE:
            whole = self._fragments.whole(data, found)
            if whole is None:
                return
            data, found = whole, members(whole)
        op = self._ops.get(_text(data, found, b"operationType"))
        collection = self._collection(data, found) if op is not None else None
        token, time = _needed(data, found, b"_id"), self._cluster_time(data, found)
        if op is None or collection is None:
            self.position = Position(token, time)
            return
        values, self.position = self._values(data, found, token, time)
        self._enter(self.position.transaction_id, clock_ns)
        if _OVERSIZE in found:
            self._report(collection, data, found)
        else:
            self._add(collection, op, data, found, values)

    def _add(
        self, collection: Collection, op: str, data: bytes, found: Places, values: tuple[Any, ...]
    ) -> None:
        before = _value(data, found, b"fullDocumentBeforeChange") or None
        after = (_value(data, found, b"fullDocument") or None) if op != "d" else None
        update = _value(data, found, b"updateDescription") or None
        refusal = self._collections.refusal(collection, before, after, update=update)
        if refusal is not None:
            self._set_aside(collection, data, found, refusal)
            return
        changes = self._changes.get(collection)
        if changes is None:
            changes = self._changes[collection] = _Changes(collection)
        rows = changes.rows
        rows.before.append(before)
        rows.after.append(after)
        rows.keys.append(key_document(_needed(data, found, b"documentKey")))
        rows.updates.append(update)
        changes.ops.append(op)
        changes.transactions.append(values)
        changes.seq.append(self._seq)
        changes.size += len(data)
        self._seq += 1

    def _collection(self, data: bytes, found: Places) -> Collection | None:
        namespace = _value(data, found, b"ns")
        if namespace not in self._namespaces:
            names = members(namespace)
            database, name = (_text(namespace, names, part).decode() for part in (b"db", b"coll"))
            self._namespaces[namespace] = self._collections.find(database, name)
        return self._namespaces[namespace]

    def _cluster_time(self, data: bytes, found: Places) -> ClusterTime:
        order, seconds = _time(data, _place(found, b"clusterTime")[0])
        return ClusterTime(seconds, order)

    def _values(
        self, data: bytes, found: Places, token: bytes, time: ClusterTime
    ) -> tuple[tuple[Any, ...], Position]:
        """Return the transaction-level values, one object for events at the same place, and the position."""
        raw = (
            _value(data, found, b"clusterTime"),
            _value(data, found, b"wallTime"),
            _value(data, found, b"lsid"),
            _value(data, found, b"txnNumber"),
        )
        known, values = self._place
        if raw == known:
            return values, Position(token, time, values[4], values[5])
        lsid = _session(_value(data, found, b"lsid")) if b"lsid" in found else None
        number = _long(data, found[b"txnNumber"][0])[0] if b"txnNumber" in found else None
        wall = _long(data, found[b"wallTime"][0])[0] if b"wallTime" in found else None
        position = Position(token, time, lsid, number)
        values = transaction_values(
            time.seconds * 1000 if wall is None else wall,
            time.order - (time.order >> 31 << 32),
            lsid=lsid,
            number=number,
            wall_ms=wall,
            transaction_id=position.transaction_id,
        )
        self._place = (raw, values)
        return values, position

    def _report(self, collection: Collection, data: bytes, found: Places) -> None:
        key = ejson.writer(ejson.RELAXED)(_value(data, found, b"documentKey"))
        size = int.from_bytes(_value(data, found, _OVERSIZE)[:4], "little")
        reason = UnsupportedValue(
            f"An event of {collection.namespace} on {key} is left out: its documents have {size} bytes "
            f"together, and an event may have 16 MB",
            hint="MongoDB 6.0.9 and later split it (cursor.oversize.handling.mode=split)",
        )
        log.error("%s", reason)
        self._set_aside(collection, data, found, reason)

    def _set_aside(self, collection: Collection, data: bytes, found: Places, reason: Exception) -> None:
        self._metrics.add("NumberOfErroneousEvents")
        key = key_document(_value(data, found, b"documentKey"))
        self._letters.add(collection.topic, letter_text(key), letter_text(data), reason)

    # -- transactions ------------------------------------------------------------------------

    def _enter(self, transaction: str | None, clock_ns: int) -> None:
        """Note the borders of transactions that lie before the next event."""
        if transaction == self._open:
            return
        for one, begins in ((self._open, False), (transaction, True)):
            if one is not None:
                self._marks.append(Mark(self._seq, one, clock_ns // 1_000_000, begins))
                self._seq += 1
                self.commits += not begins
        self._open = transaction

    def _batches(self, clock_ns: int) -> list[Batch]:
        found = [
            changes.collection.batch(
                ops="".join(changes.ops),
                rows=changes.rows,
                transactions=changes.transactions,
                seq=changes.seq,
                clock_ns=clock_ns,
                size=changes.size,
            )
            for changes in self._changes.values()
        ]
        return [*found, *self._markers(found)]

    def _markers(self, batches: list[ChangeBatch]) -> list[Batch]:
        if self._tracker is None:
            return []
        markers = self._tracker.apply(batches, (), self._marks)
        return [] if markers is None else [markers]


def _value(data: bytes, found: Places, name: bytes) -> bytes:
    """Return a member's value; nothing for null, and where there is none."""
    start, stop = found.get(name, (0, 0))
    return data[start:stop]


def _needed(data: bytes, found: Places, name: bytes) -> bytes:
    start, stop = _place(found, name)
    return data[start:stop]


def _text(data: bytes, found: Places, name: bytes) -> bytes:
    return _needed(data, found, name)[4:-1]


def _place(found: Places, name: bytes) -> tuple[int, int]:
    try:
        return found[name]
    except KeyError:
        raise UnsupportedValue(
            f"An event of the change stream has no {name.decode()}",
            hint="cursor.pipeline must not leave out _id, operationType, ns, clusterTime and documentKey",
        ) from None
