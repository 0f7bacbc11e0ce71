"""Decode pgoutput messages into change batches; pure: chunks of messages in, batches out.

Message formats: https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
A chunk is a sequence of XLogData messages as `get_copy_data` returns them: `w`, start LSN, end LSN,
clock (Int64 each), then the pgoutput message. The start LSN of a change is Debezium's `source.lsn`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from cdc.batch import Batch, ChangeBatch, RecordBatch
from cdc.capture.transactions import Mark, Numbered, TransactionTracker
from cdc.sources.postgres.positions import POSTGRES_EPOCH_US, Position, ResumePoint
from cdc.sources.postgres.relation import Relation, parse_relation
from cdc.sources.postgres.tuples import TupleRows
from cdc.sources.postgres.versions import TableVersion, transaction_values

_BEGIN, _COMMIT, _INSERT, _UPDATE, _DELETE = 0x42, 0x43, 0x49, 0x55, 0x44
_CHANGES = frozenset((_INSERT, _UPDATE, _DELETE))
_RELATION, _TRUNCATE, _MESSAGE, _ORIGIN = 0x52, 0x54, 0x4D, 0x4F
_NEW, _OLD = 0x4E, 0x4F
_HEADER = 25
_int16 = struct.Struct(">H").unpack_from
_int32 = struct.Struct(">I").unpack_from
_int64 = struct.Struct(">Q").unpack_from
_begin = struct.Struct(">QqI").unpack_from
_commit = struct.Struct(">BQQq").unpack_from

Row = tuple[str, int, int, int, Sequence[Any], int]
"""op, position of the old image, position of the new one, LSN, transaction values, seq."""

_WIDTH = 6
"""The members of a row stand one after the other in one flat list; a slice of it is a column."""

Taker = Callable[[Row], None]
"""Takes a row of one relation and operation."""

_OPERATIONS = {_INSERT: "c", _UPDATE: "u", _DELETE: "d"}


MESSAGES = "message"
"""The data collection that logical messages are counted under: the last part of their topic."""


@dataclass(frozen=True, slots=True)
class LogicalMessage:
    """A pg_logical_emit_message; transaction is None for a non-transactional one."""

    lsn: int
    last_commit: int
    transaction: Sequence[Any] | None
    prefix: str
    content: bytes


@dataclass(slots=True)
class Decoder:
    """Turn chunks into batches and keep the position in the stream.

    version_of: gives the table version of a relation, None when it is not captured.
    message_record: gives what becomes of a logical message, if anything. skipped: operations that
    are not captured (c u d t). resume: where the offset stands inside a transaction that the server
    sends again; what is known of it is numbered once more, and dropped. contained: drops what a
    snapshot already has. filtered: how many changes were of no captured table or operation.
    """

    version_of: Callable[[Relation], TableVersion | None]
    message_record: Callable[[LogicalMessage], RecordBatch | None]
    position: Position
    skipped: frozenset[str]
    resume: ResumePoint | None = None
    tracker: TransactionTracker | None = None
    contained: Callable[[ChangeBatch], ChangeBatch | None] | None = None
    commits: int = 0
    filtered: int = 0
    _relations: dict[bytes, TableVersion] = field(default_factory=dict)
    _bodies: dict[TableVersion, bytes] = field(default_factory=dict)
    _takers: dict[bytes, dict[int, Taker | None]] = field(default_factory=dict)
    _rows: dict[TableVersion, list[Any]] = field(default_factory=dict)
    _moved: dict[TableVersion, list[int]] = field(default_factory=dict)
    _transaction: Sequence[Any] = ()
    _messages: list[Numbered] = field(default_factory=list)
    _marks: list[Mark] = field(default_factory=list)
    _completed: list[bytes] = field(default_factory=list)
    _known_to: int = 0

    def decode(self, messages: Sequence[bytes | memoryview], clock_ns: int) -> list[Batch]:
        """Return the batches of the chunk, one a table version, and what goes to side topics.

        The loop runs once a row and is most of what the source itself costs: what it needs is local.
        """
        data = b"".join(messages)
        text = data.decode("latin-1")
        takers, transaction, position, resume = self._takers, self._transaction, self.position, self.resume
        last_lsn, events, at = position.lsn, position.events, 0
        for end in accumulate(map(len, messages)):
            kind = data[at + _HEADER]
            if kind in _CHANGES:
                lsn = _int64(data, at + 1)[0]
                if lsn == last_lsn:
                    events += 1
                else:
                    last_lsn, events = lsn, 1
                if resume is not None and resume.covers(lsn, events):
                    self._known_to = end
                take = takers[data[at + 26 : at + 30]][kind]
                if take is None:
                    self.filtered += 1
                elif kind == _INSERT:
                    take(("c", 0, at + 33, lsn, transaction, at))
                elif kind == _DELETE:
                    take(("d", at + 33, 0, lsn, transaction, at))
                elif data[at + 30] == _NEW:
                    take(("u", 0, at + 33, lsn, transaction, at))
                else:
                    self._update(self._relations[data[at + 26 : at + 30]], data, text, at, lsn)
            else:
                position.lsn, position.events = last_lsn, events
                self._other(kind, data, at, end - at)
                transaction, resume = self._transaction, self.resume
                last_lsn, events = position.lsn, position.events
            at = end
        position.lsn, position.events = last_lsn, events
        return self._batches(data, text, clock_ns)

    @property
    def behind(self) -> bool:
        """Whether the stream has not come back yet to where the offset stands."""
        return self.resume is not None and self.resume.covers(self.position.lsn, self.position.events)

    # -- single messages ---------------------------------------------------------------------

    def _other(self, kind: int, data: bytes, at: int, length: int) -> None:
        if kind == _BEGIN:
            self._begin(data, at)
        elif kind == _COMMIT:
            self._commit(data, at)
        elif kind == _RELATION:
            self._relation(data[at + _HEADER + 1 : at + length])
        elif kind == _TRUNCATE:
            self._truncate(data, at)
        elif kind == _MESSAGE:
            self._message(data, at, length)
        elif kind == _ORIGIN:
            origin_lsn = _int64(data, at + _HEADER + 1)[0]
            name = data[at + _HEADER + 9 : at + length - 1].decode()
            self._transaction = (*self._transaction[:5], name, origin_lsn, self._transaction[-1])

    def _begin(self, data: bytes, at: int) -> None:
        final_lsn, committed, xid = _begin(data, at + _HEADER + 1)
        us = committed + POSTGRES_EPOCH_US
        identity = f"{xid}:{_int64(data, at + 1)[0]}"
        self._transaction = transaction_values(us, self.position.last_commit, xid, transaction_id=identity)
        self.position.begin(final_lsn, xid, us)
        self._mark(at, begins=True)
        if self.resume is None or not self.resume.concerns(final_lsn, xid):
            self.resume = None
        else:
            self._known_to = at + 1

    def _commit(self, data: bytes, at: int) -> None:
        _, _, end_lsn, _ = _commit(data, at + _HEADER + 1)
        self._mark(at, begins=False)
        self.position.commit(end_lsn)
        self.resume = None
        self.commits += 1
        self._transaction = ()

    def _mark(self, at: int, *, begins: bool) -> None:
        if self.tracker is not None:
            self._marks.append(Mark(at, self._transaction[-1], self._transaction[0], begins))

    def _relation(self, body: bytes) -> None:
        version = self.version_of(parse_relation(body))
        rows: list[Any] = []
        if version is None:
            self._relations.pop(body[:4], None)
        else:
            self._relations[body[:4]] = version
            self._rows[version], self._bodies[version] = rows, body
        self._takers[body[:4]] = {
            kind: rows.extend if version is not None and op not in self.skipped else None
            for kind, op in _OPERATIONS.items()
        }

    def _truncate(self, data: bytes, at: int) -> None:
        lsn = self._event(data, at)
        if "t" in self.skipped:
            return
        count = _int32(data, at + _HEADER + 1)[0]
        start = at + _HEADER + 6
        for offset in range(start, start + 4 * count, 4):
            version = self._relations.get(data[offset : offset + 4])
            if version is not None:
                self._rows[version].extend(("t", 0, 0, lsn, self._transaction, at))

    def _message(self, data: bytes, at: int, length: int) -> None:
        transactional = bool(data[at + _HEADER + 1] & 1)
        lsn = self._event(data, at) if transactional else _int64(data, at + 1)[0]
        name_at = at + _HEADER + 10
        name_end = data.index(0, name_at)
        size = _int32(data, name_end + 1)[0]
        message = LogicalMessage(
            lsn,
            self.position.last_commit,
            self._transaction if transactional else None,
            data[name_at:name_end].decode(),
            data[name_end + 5 : name_end + 5 + size],
        )
        record = self.message_record(message)
        if record is not None:
            self._messages.append(Numbered(at, record, message.transaction, MESSAGES))
        if not transactional:
            # It comes between two transactions, behind all that committed before it.
            self.position.reach(lsn)

    def _event(self, data: bytes, at: int) -> int:
        """Pass an event of the transaction other than a row change; return its LSN."""
        lsn: int = _int64(data, at + 1)[0]
        self.position.event(lsn)
        if self.resume is not None and self.resume.covers(lsn, self.position.events):
            self._known_to = at + 1
        return lsn

    def _update(self, version: TableVersion, data: bytes, text: str, at: int, lsn: int) -> None:
        """Take an update with an old image; a changed key becomes a delete and an insert."""
        new_at = version.skip(data, at + 33) + 3
        transaction, rows = self._transaction, self._rows[version]
        moved = version.key_changed(data, text, at + 33, new_at)
        if data[at + 30] == _OLD:
            if version.skip_unchanged and version.unchanged(data, text, at + 33, new_at):
                return
            new_at = self._completed_at(version, data, at + 33, new_at)
        if not moved:
            rows.extend(("u", at + 33, new_at, lsn, transaction, at))
            return
        self._moved.setdefault(version, []).append(len(rows) // _WIDTH)
        rows.extend(("d", at + 33, 0, lsn, transaction, at))
        rows.extend(("c", 0, new_at, lsn, transaction, at))

    def _completed_at(self, version: TableVersion, data: bytes, old_at: int, new_at: int) -> int:
        """Return where the new image is, with unchanged values from the full old one filled in."""
        completed = version.completed(data, old_at, new_at)
        if completed is None:
            return new_at
        new_at = len(data) + sum(map(len, self._completed))
        self._completed.append(completed)
        return new_at

    # -- batches -----------------------------------------------------------------------------

    def _batches(self, data: bytes, text: str, clock_ns: int) -> list[Batch]:
        if self._completed:
            # Tuples put together from two stand behind the chunk, as if the server had sent them.
            data = b"".join((data, *self._completed))
            text = data.decode("latin-1")
            self._completed = []
        changes = []
        for version, rows in list(self._rows.items()):
            moved = self._moved.get(version, ())
            for batch in self._by_labels(version, rows, moved, data, text, clock_ns) if rows else ():
                kept = batch if self.contained is None else self.contained(batch)
                if kept is not None:
                    changes.append(kept)
            rows.clear()
        self._moved.clear()
        if len(self._rows) > len(self._relations):
            current = set(self._relations.values())
            self._rows = {version: rows for version, rows in self._rows.items() if version in current}
            self._bodies = {version: self._bodies[version] for version in self._rows}
        return self._with_side_topics(changes)

    def _with_side_topics(self, changes: list[ChangeBatch]) -> list[Batch]:
        """Number the events of transactions, drop what is known already, add messages and markers."""
        messages, marks, known_to = self._messages, self._marks, self._known_to
        self._messages, self._marks, self._known_to = [], [], 0
        markers = None
        if self.tracker is not None:
            markers = self.tracker.apply(changes, messages, marks, known_to)
        if known_to:
            changes = [rest for batch in changes if (rest := _behind(batch, known_to))]
            messages = [message for message in messages if message.seq >= known_to]
        batches: list[Batch] = [*changes, *(message.record for message in messages)]
        return [*batches, markers] if markers is not None else batches

    def _by_labels(
        self,
        version: TableVersion,
        rows: list[Any],
        moved: Sequence[int],
        data: bytes,
        text: str,
        clock_ns: int,
    ) -> Iterator[ChangeBatch]:
        """Yield the rows, those from the first unknown label of an enum on as a new version's."""
        after_at = rows[2::_WIDTH]
        at = version.labels.first_unknown(data, text, after_at) if version.labels is not None else None
        if at is None:
            yield self._batch(version, rows, moved, data, text, clock_ns)
            return
        first = at - 1 if at - 1 in moved else at
        if first:
            before = [index for index in moved if index < first]
            yield self._batch(version, rows[: first * _WIDTH], before, data, text, clock_ns)
        newer = self._renewed(version)
        if newer.labels is not None:
            newer.labels.learn(data, text, after_at[at])
        behind = [index - first for index in moved if index >= first]
        yield from self._by_labels(newer, rows[first * _WIDTH :], behind, data, text, clock_ns)

    def _renewed(self, version: TableVersion) -> TableVersion:
        """Return the version that the relation has by now; what comes next is of it, if it goes on."""
        body = self._bodies[version]
        relation = parse_relation(body)
        if self._relations.get(body[:4]) is not version:
            return self.version_of(relation) or version
        self._relation(body)
        return self._relations.get(body[:4], version)

    def _batch(
        self,
        version: TableVersion,
        rows: list[Any],
        moved: Sequence[int],
        data: bytes,
        text: str,
        clock_ns: int,
    ) -> ChangeBatch:
        ops, before_at, after_at, lsns, transactions, seq = (rows[n::_WIDTH] for n in range(_WIDTH))
        return version.batch(
            ops=ops,
            rows=TupleRows(version.layout, data, text, before_at, after_at),
            transactions=transactions,
            lsns=lsns,
            seq=seq,
            clock_ns=clock_ns,
            size=len(data),
            key_changes=moved,
        )


def _behind(batch: ChangeBatch, seq: int) -> ChangeBatch | None:
    """Return the rows from `seq` on; None when there are none."""
    kept = [index for index, place in enumerate(batch.seq) if place >= seq]
    return batch.select(kept) if kept else None
