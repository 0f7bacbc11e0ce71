"""The decoder on messages made by hand: batches, positions, resuming, numbering."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from cdc.batch import ChangeBatch, RecordBatch
from cdc.capture.transactions import TransactionTracker
from cdc.envelopes import Envelopes
from cdc.sources.postgres.pgoutput import Decoder, LogicalMessage
from cdc.sources.postgres.positions import Position, ResumePoint, resume_point
from cdc.sources.postgres.relation import Relation, RelationColumn, parse_relation
from cdc.sources.postgres.tuples import TupleLayout, WireColumn
from cdc.sources.postgres.versions import SOURCE_SCHEMA, TableVersion, source_block
from schemas import connect
from schemas.envelope import event_schema
from schemas.table import Codec, Column, Table, TableId

OID = 77


def message(lsn: int, body: bytes) -> bytes:
    return b"w" + struct.pack(">QQq", lsn, 0, 0) + body


def begin(lsn: int, final: int, xid: int) -> bytes:
    return message(lsn, b"B" + struct.pack(">QqI", final, 0, xid))


def commit(end: int) -> bytes:
    return message(end, b"C" + struct.pack(">BQQq", 0, end - 8, end, 0))


def image(*values: str | None) -> bytes:
    parts = [struct.pack(">H", len(values))]
    for value in values:
        if value is None:
            parts.append(b"n")
        elif value == "~":
            parts.append(b"u")
        else:
            parts.append(b"t" + struct.pack(">I", len(value.encode())) + value.encode())
    return b"".join(parts)


def insert(lsn: int, *values: str | None) -> bytes:
    return message(lsn, b"I" + struct.pack(">I", OID) + b"N" + image(*values))


def update(
    lsn: int, new: tuple[str | None, ...], old: tuple[str | None, ...] = (), kind: bytes = b"O"
) -> bytes:
    before = kind + image(*old) if old else b""
    return message(lsn, b"U" + struct.pack(">I", OID) + before + b"N" + image(*new))


def delete(lsn: int, *values: str | None) -> bytes:
    return message(lsn, b"D" + struct.pack(">I", OID) + b"K" + image(*values))


def truncate(lsn: int) -> bytes:
    return message(lsn, b"T" + struct.pack(">IBI", 1, 0, OID))


def relation(identity: bytes = b"d") -> bytes:
    columns = b"\1id\0" + struct.pack(">Ii", 23, -1) + b"\0v\0" + struct.pack(">Ii", 25, -1)
    return message(
        0, b"R" + struct.pack(">I", OID) + b"public\0t\0" + identity + struct.pack(">H", 2) + columns
    )


def logical(lsn: int, prefix: str, *, transactional: bool) -> bytes:
    body = struct.pack(">BQ", transactional, lsn) + prefix.encode() + b"\0" + struct.pack(">I", 1) + b"x"
    return message(lsn, b"M" + body)


def version(found: Relation) -> TableVersion:
    number = Column("id", connect.INT32, Codec("int(v)", "v"), "integer", fallback=0)
    text = Column(
        "v", connect.OPTIONAL_STRING, Codec("v.encode('latin-1').decode()"), "text", unavailable="?"
    )
    table = Table(TableId("d", found.schema, found.table), (number, text), (number,))
    layout = TupleLayout(table, [WireColumn("id", True), WireColumn("v")], key_only=found.identity != "f")
    events = event_schema("p.public.t", table, SOURCE_SCHEMA)
    block = source_block("p", "d", "public", "t", "false")
    return TableVersion(table, "p.public.t", events, block, (), True, False, layout)


def record(found: LogicalMessage) -> RecordBatch | None:
    value = {"prefix": found.prefix, "transaction": None}
    return RecordBatch("p.message", None, None, [None], [value]) if found.prefix != "no" else None


def decoder(resume: ResumePoint | None = None, *, skipped: str = "", metadata: bool = False) -> Decoder:
    tracker = TransactionTracker("p.transaction") if metadata else None
    return Decoder(version, record, Position("7", 100), frozenset(skipped), resume, tracker)


def rows(batches: list[Any]) -> list[tuple[str, Any, Any]]:
    """Return (op, before, after) of all change batches."""
    found = []
    for batch in batches:
        if isinstance(batch, ChangeBatch):
            for made in Envelopes().records(batch):
                values = (value for value in made.values if value is not None)
                found += [(v["op"], v["before"], v["after"]) for v in values]
    return found


def test_all_kinds_of_changes() -> None:
    chunk = [
        begin(101, 300, 5),
        relation(),
        insert(110, "1", "ä"),
        insert(120, "2", None),
        update(130, ("1", "~")),
        delete(140, "2", None),
        truncate(150),
        commit(308),
    ]
    one = decoder()
    assert rows(one.decode(chunk, 0)) == [
        ("c", None, {"id": 1, "v": "ä"}),
        ("c", None, {"id": 2, "v": None}),
        ("u", None, {"id": 1, "v": "?"}),
        ("d", {"id": 2, "v": None}, None),
        ("t", None, None),
    ]
    assert (one.position.commit_lsn, one.position.in_transaction, one.commits) == (308, False, 1)


def test_update_with_old_image() -> None:
    one = decoder()
    chunk = [
        begin(101, 300, 5),
        relation(b"f"),
        update(110, ("1", "~"), ("1", "long")),
        update(120, ("2", "b"), ("1", "a")),
    ]
    (batch,) = one.decode(chunk, 0)
    assert isinstance(batch, ChangeBatch)
    assert rows([batch]) == [
        ("u", {"id": 1, "v": "long"}, {"id": 1, "v": "long"}),
        ("d", {"id": 1, "v": "a"}, None),
        ("c", None, {"id": 2, "v": "b"}),
    ]
    assert list(batch.key_changes) == [1]


@pytest.mark.parametrize("skipped", ["c", "u", "d", "t", "cud"])
def test_skipped_operations(skipped: str) -> None:
    chunk = [
        begin(101, 300, 5),
        relation(),
        insert(110, "1", "a"),
        update(120, ("1", "b")),
        delete(130, "1", None),
    ]
    found = {op for op, _, _ in rows(decoder(skipped=skipped).decode([*chunk, truncate(140)], 0))}
    assert found == set("cudt") - set(skipped)


def test_a_new_relation_is_a_new_version() -> None:
    one = decoder()
    chunk = [begin(101, 300, 5), relation(), insert(110, "1", "a"), relation(), insert(120, "2", "b")]
    first, second = one.decode(chunk, 0)
    assert isinstance(first, ChangeBatch)
    assert isinstance(second, ChangeBatch)
    assert first.table is not second.table
    assert rows(one.decode([insert(130, "3", "c")], 0)) == [("c", None, {"id": 3, "v": "c"})]


BIG = [
    begin(101, 300, 5),
    relation(),
    insert(90, "1", "a"),
    insert(110, "2", "b"),
    insert(110, "3", "c"),
    logical(115, "m", transactional=True),
    insert(120, "4", "d"),
    truncate(125),
    commit(308),
]


@pytest.mark.parametrize("cut", range(1, len(BIG)))
def test_resumes_behind_every_message(cut: int) -> None:
    """What was read before the cut and what comes after it are the whole, once, with the same numbers."""
    whole = decoder(metadata=True).decode(BIG, 0)
    before = decoder(metadata=True)
    head = before.decode(BIG[:cut], 0)
    after = decoder(resume_point(before.position.offset()), metadata=True)
    tail = [batch for one in BIG for batch in after.decode([one], 0)]
    assert numbered([*head, *tail]) == numbered(whole)
    assert after.resume is None


def numbered(batches: list[Any]) -> list[Any]:
    found: list[Any] = []
    for batch in batches:
        if isinstance(batch, ChangeBatch):
            assert batch.transaction is not None
            found += zip(batch.ops, batch.transaction.ids, batch.transaction.total_order, strict=True)
        else:
            found += [(batch.topic, str(value)) for value in batch.values]
    return sorted(found, key=str)


def test_behind_while_known_rows_come_again() -> None:
    before = decoder()
    before.decode(BIG[:5], 0)
    after = decoder(resume_point(before.position.offset()))
    behind = []
    for one in BIG:
        after.decode([one], 0)
        behind.append(after.behind)
    assert behind == [True] * 5 + [False] * 4


def test_another_transaction_than_the_half_read_one() -> None:
    one = decoder(ResumePoint(999, 5, 500, 1))
    assert len(rows(one.decode(BIG, 0))) == 5
    assert one.resume is None


def test_messages() -> None:
    one = decoder(metadata=True)
    batches = one.decode(
        [logical(105, "out", transactional=False), logical(107, "no", transactional=False)], 0
    )
    assert [batch.values[0]["transaction"] for batch in batches if isinstance(batch, RecordBatch)] == [None]
    assert one.position.commit_lsn == 107


def test_parse_relation() -> None:
    found = parse_relation(relation(b"i")[26:])
    assert found == Relation(
        OID, "public", "t", "i", (RelationColumn("id", 23, -1, True), RelationColumn("v", 25, -1, False))
    )
