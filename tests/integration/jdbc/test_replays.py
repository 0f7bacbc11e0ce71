"""The JDBC sink on real databases: an at-least-once log tells changes again, at new offsets."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cdc.batch import RecordBatch
from cdc.errors import RecordRejected
from schemas import connect
from sinks.jdbc.checkpoint import TABLE
from tests.fakes.jdbc import DeadLetters, Target, Topic, open_sink
from tests.integration.jdbc.rows import TEXT, put

FIELDS = {"id": connect.INT64, "name": TEXT, "note": TEXT}
NAMES = [
    ("c", {"id": 1, "name": "x", "note": "a"}),
    ("u", {"id": 1, "name": "y", "note": "b"}),
    ("c", {"id": 2, "name": "x", "note": "c"}),
    ("d", {"id": 1, "name": "y", "note": "b"}),
    ("c", {"id": 3, "name": "y", "note": "d"}),
]


class History:
    """The changes of a source, which the log has once or more often."""

    def __init__(self, name: str = "srv.public.t") -> None:
        self.topic = Topic(FIELDS, name=name)
        self.made: dict[int, int] = {}

    def batch(self, *changes: tuple[str, Any], op: str | None = None) -> RecordBatch:
        batch = self.topic.batch(*changes)
        for change, value in zip(changes, batch.values, strict=True):
            number = self.made.setdefault(id(change), len(self.made) + 1)
            value["source"] |= {"lsn": number * 8, "ts_us": 1_000_000 + number // 2}
            value["op"] = op or value["op"]
        return batch


@pytest.fixture
def unique(target: Target) -> Target:
    """Return a target whose table has a further unique index."""
    columns = "id bigint PRIMARY KEY, name varchar(50) UNIQUE, note varchar(50)"
    target.execute(f'CREATE TABLE "srv_public_t" ({columns})')
    return target


def found(target: Target) -> list[tuple[Any, ...]]:
    return target.execute('SELECT id, name, note FROM "srv_public_t" ORDER BY id')


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_what_is_told_again_ends_as_it_was(
    unique: Target, restarted: bool, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    history, sink = History(), open_sink(unique)
    put(sink, history.batch(*NAMES))
    end = [(2, "x", "c"), (3, "y", "d")]
    assert found(unique) == end
    if restarted:
        sink.close()
        sink = open_sink(unique)
    with caplog.at_level(logging.INFO, "sinks.jdbc"):
        for start in range(0, len(NAMES), size):
            put(sink, history.batch(*NAMES[start : start + size]))
    assert found(unique) == end
    assert any("overtaken" in record.getMessage() for record in caplog.records)
    put(sink, history.batch(("c", {"id": 9, "name": "z", "note": "e"})))
    assert [row[0] for row in found(unique)] == [2, 3, 9]
    sink.close()


def test_a_change_that_is_new_and_refused_is_reported(unique: Target) -> None:
    history, letters = History(), DeadLetters()
    sink = open_sink(unique, letters)
    put(sink, history.batch(*NAMES))
    put(sink, history.batch(("c", {"id": 7, "name": "x", "note": "new"})))
    assert [offset for offset, _ in letters.records] == [5]
    sink.close()


def test_rows_of_a_snapshot_are_never_too_old(unique: Target) -> None:
    history, sink = History(), open_sink(unique)
    put(sink, history.batch(*NAMES))
    sink.write(history.batch(NAMES[0], op="r"))
    with pytest.raises(RecordRejected):
        sink.flush()
    sink.close()


def test_a_checkpoint_of_an_earlier_version_is_extended(target: Target) -> None:
    columns = (
        "connector varchar(255) NOT NULL, topic varchar(249) NOT NULL, partition_number integer NOT NULL"
    )
    target.execute(
        f"CREATE TABLE {TABLE} ({columns}, next_offset bigint NOT NULL, topic_id varchar(64),"
        " PRIMARY KEY (connector, topic, partition_number))"
    )
    target.execute(f"INSERT INTO {TABLE} VALUES ('c', 'srv.public.t', 0, 2, NULL)")
    history, sink = History(), open_sink(target)
    put(sink, history.batch(*NAMES))
    assert found(target) == [(2, "x", "c"), (3, "y", "d")]
    assert target.execute(f"SELECT next_offset, source_time, source_position FROM {TABLE}") == [
        (5, 1_000_002_000, 40)
    ]
    sink.close()
