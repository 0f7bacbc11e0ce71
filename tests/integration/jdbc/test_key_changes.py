"""The JDBC sink on real databases: rows whose key changes, with values that the source does not send."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

import pytest

from cdc.batch import RecordBatch
from schemas import connect, logical
from schemas.connect import Schema
from tests.fakes.jdbc import Target, Topic, header, open_sink
from tests.integration.jdbc.rows import TEXT, put

PLACEHOLDER = "__debezium_unavailable_value"
FIELDS = {"id": connect.INT64, "name": TEXT, "note": TEXT}


def key_change(topic: Topic, old: Any, new: Any, note: str = "b", name: str = PLACEHOLDER) -> RecordBatch:
    """Return the three records of a changed key: delete, tombstone, insert."""
    headers = [header("__debezium.newkey", {"id": new})] * 2 + [header("__debezium.oldkey", {"id": old})]
    gone, row = {"id": old}, {"id": new, "name": name, "note": note}
    return topic.batch(("d", gone), ("x", gone), ("c", row), headers=headers)


def found(target: Target) -> list[tuple[Any, ...]]:
    return target.execute('SELECT id, name, note FROM "srv_public_t" ORDER BY id')


@pytest.mark.parametrize("cuts", [(), (1,), (2,), (1, 2)])
@pytest.mark.parametrize("flat", [False, True])
def test_the_row_moves_wherever_a_transaction_ends(target: Target, cuts: tuple[int, ...], flat: bool) -> None:
    topic, sink = Topic(FIELDS, flat=flat), open_sink(target)
    put(sink, topic.batch(("c", {"id": 1, "name": "long", "note": "a"})))
    records = key_change(topic, 1, 2)
    for start, stop in zip((0, *cuts), (*cuts, 3), strict=True):
        put(sink, records.select(range(start, stop)))
        assert [name for _id, name, _note in found(target)] == ["long"]
    assert found(target) == [(2, "long", "b")]
    sink.close()


@pytest.mark.parametrize("rows_before", [0, 3000])
def test_batches_end_anywhere_in_a_chain_of_changes(target: Target, rows_before: int) -> None:
    """A row that takes another's old key; with many rows before, they are streamed in an open transaction."""
    topic = Topic(FIELDS)
    sink = open_sink(target, batch_size="1001" if rows_before else "2")
    put(sink, topic.batch(*(("c", {"id": n, "name": f"long {n}", "note": "a"}) for n in (1, 2))))
    more = topic.batch(*(("c", {"id": n + 10, "name": "x", "note": "a"}) for n in range(rows_before)))
    put(sink, more, *(key_change(topic, old, new) for old, new in ((2, 3), (1, 2), (3, 1), (2, 4))))
    assert [row for row in found(target) if row[0] < 10] == [(1, "long 2", "b"), (4, "long 1", "b")]
    sink.close()


def test_told_again_it_ends_the_same(target: Target) -> None:
    """An at-least-once log has the changes again, at new offsets, cut elsewhere."""
    topic, sink = Topic(FIELDS), open_sink(target)
    first = ("c", {"id": 1, "name": "long", "note": "a"})
    put(sink, topic.batch(first), key_change(topic, 1, 2), topic.batch(first))
    put(sink, topic.batch(first), key_change(topic, 1, 2), topic.batch(first))
    assert found(target) == [(1, "long", "a"), (2, "long", "b")]
    again = key_change(topic, 1, 2, "c")
    put(sink, again.select([0]))
    put(sink, again.select([1, 2]), topic.batch(first))
    assert found(target) == [(1, "long", "a"), (2, "long", "c")]
    sink.close()


def test_whole_rows_need_no_move(target: Target) -> None:
    topic, sink = Topic(FIELDS), open_sink(target)
    put(sink, topic.batch(*(("c", {"id": n, "name": "long", "note": "a"}) for n in range(100))))
    put(sink, *(key_change(topic, n, n + 1000, name="new") for n in range(100)))
    assert found(target) == [(n + 1000, "new", "b") for n in range(100)]
    sink.close()


def test_partitions_are_not_ordered(target: Target) -> None:
    """The insert, and the delete of the new row, may have come before: nothing may come back."""
    topic, sink = Topic(FIELDS), open_sink(target, partitions=2)
    put(sink, topic.batch(("c", {"id": 1, "name": "long", "note": "a"})))
    put(sink, key_change(topic, 1, 2).select([0, 1]))
    assert found(target) == []
    sink.close()


@pytest.mark.parametrize(
    ("schema", "old", "new"),
    [
        (logical.decimal(2, 10), Decimal("1.10"), Decimal("2.20")),
        (connect.STRING, 'a"{', "A}"),
        (connect.STRING, "a", "A"),
    ],
)
def test_keys_of_other_types_as_headers_have_them(target: Target, schema: Schema, old: Any, new: Any) -> None:
    from cdc.runtime.headers import SimpleHeaders

    topic, sink = Topic({**FIELDS, "id": schema}), open_sink(target)
    put(sink, topic.batch(("c", {"id": old, "name": "long", "note": "a"})))
    records, simple = key_change(topic, old, new), SimpleHeaders()
    for at, own in enumerate(records.headers or ()):
        named = simple.encode(topic.name, (own[0][0], topic.key_schema, own[0][2]))
        (records.headers or [])[at] = [simple.decode(topic.name, named)]
    put(sink, records.select([0]))
    put(sink, records.select([1, 2]))
    assert [row[1:] for row in found(target)] == [("long", "b")]
    sink.close()


def test_the_guard_holds_for_moved_rows(target: Target) -> None:
    topic, sink = Topic(FIELDS), open_sink(target, guard_column="_cdc_pos")
    put(sink, topic.batch(("c", {"id": 1, "name": "long", "note": "a", "lsn": 90})))
    stale = key_change(topic, 1, 2)
    put(sink, stale.select([0]))
    assert found(target) == [(1, "long", "a")]
    gap = {"id": 1, "name": PLACEHOLDER, "note": "stale", "lsn": 80}
    put(sink, topic.batch(("u", gap)))
    assert found(target) == [(1, "long", "a")]
    sink.close()


def test_values_that_nobody_has_are_said(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    topic, sink = Topic(FIELDS), open_sink(target)
    with caplog.at_level(logging.WARNING):
        put(sink, topic.batch(("u", {"id": 1, "name": PLACEHOLDER, "note": "a"})))
        put(sink, topic.batch(("u", {"id": 2, "name": PLACEHOLDER, "note": "a"})))
    assert [record.getMessage()[:31] for record in caplog.records] == ["Rows of srv_public_t came witho"]
    sink.close()
