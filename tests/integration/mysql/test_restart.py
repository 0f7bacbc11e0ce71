"""A connector that stops anywhere goes on there: nothing lost, nothing doubled."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdc.batch import ChangeBatch, Window
from cdc.errors import SchemaHistoryLost
from tests.integration.mysql.capture import Capture, logged, opened, read_on
from tests.servers.mysql import MySQLServer

NO_DATA = {"snapshot.mode": "no_data"}


@pytest.mark.parametrize("metadata", ["false", "true"])
def test_a_transaction_goes_on_at_the_next_event(server: MySQLServer, metadata: str) -> None:
    capture = Capture(server, {**NO_DATA, "provide.transaction.metadata": metadata})
    capture.execute("create table t (id int primary key, v varchar(5000))")
    with capture.running():
        capture.sync()
    begin = capture.offset()
    with server.connect(capture.database) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        for number in range(20):
            cursor.execute(f"insert into t values ({number}, repeat('x', 3000)), ({100 + number}, 'y')")
        cursor.execute("commit")
    seen: list[Any] = []
    offset: Any = begin
    events = 0
    for _ in range(100):  # some find nothing, where the server is slow
        rows, offset = read_on(capture, offset, 1)
        seen += [row[1:3] for row in rows]
        events += "event" in offset
        if len(seen) >= 40:
            break
    assert len(seen) == len(set(seen)) == 40
    # A server that decides at the end of a transaction gives all of it at once, in as many windows.
    assert events > 5
    assert capture.options["provide.transaction.metadata"] == metadata


def test_counters_go_on_within_a_transaction(server: MySQLServer) -> None:
    capture = Capture(server, {**NO_DATA, "provide.transaction.metadata": "true"})
    capture.execute("create table t (id int primary key, v varchar(5000))")
    with capture.running():
        capture.sync()
    offset: Any = capture.offset()
    with server.connect(capture.database) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        for number in range(5):
            cursor.execute(f"insert into t values ({number}, repeat('x', 3000))")
        cursor.execute("commit")
    orders: list[int] = []
    markers: list[str] = []
    for _ in range(12):
        with opened(capture, offset) as source:
            window = Window()
            deadline = time.monotonic() + 5
            while not window.batches and time.monotonic() < deadline:
                window = source.read(1000, 0.2) or window
            for batch in window.batches:
                if isinstance(batch, ChangeBatch):
                    assert batch.transaction is not None
                    orders += batch.transaction.total_order
                else:
                    markers += [value["status"] for value in batch.values]
            offset = window.offsets[0][1] if window.offsets else offset
        if markers.count("END") == 1:
            break
    assert orders == [1, 2, 3, 4, 5]
    assert markers == ["BEGIN", "END"]


def test_changes_and_ddl_while_down(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key, a varchar(10))")
    with capture.running():
        capture.execute("insert into t values (1, 'a')")
        capture.sync()
    capture.execute(
        "insert into t values (2, 'b')",
        "alter table t add column first_one int first, change a b varchar(20)",
        "insert into t values (7, 3, 'c')",
        "rename table t to u",
        "insert into u values (8, 4, 'd')",
        "create table late (id int primary key, e enum('x', 'y'))",
        "insert into late values (1, 'y')",
        "drop table u",
    )
    with capture.running():
        capture.sync()
        capture.execute("insert into late values (2, 'x')")
        capture.sync()
    assert capture.rows("t") == [("c", 1, "a"), ("c", 2, "b"), ("c", 7, 3, "c")]
    assert capture.rows("u") == [("c", 8, 4, "d")]
    assert capture.rows("late") == [("c", 1, "y"), ("c", 2, "x")]
    assert [event.row.keys() for event in capture.events("t")][-1] == {"first_one", "id", "b"}
    kinds = [[change["type"] for change in value["tableChanges"]] for value in capture.schema_changes()]
    assert kinds[-4:] == [["ALTER"], ["ALTER"], ["CREATE"], ["DROP"]]


@pytest.fixture
def no_names(server: MySQLServer) -> Iterator[None]:
    """Have rows logged without the names of their columns."""
    ((before,),) = server.execute("select @@global.binlog_row_metadata")
    server.execute(f"set global binlog_row_metadata = '{'MINIMAL' if server.name == 'mysql' else 'NO_LOG'}'")
    yield
    server.execute(f"set global binlog_row_metadata = '{before}'")


@pytest.mark.usefixtures("no_names")
def test_keys_that_change_while_down(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute(
        "create table t (id int primary key, a int not null, b int, key plain (b), unique only_one (a))",
        "create table k (id int auto_increment unique, v int)",
    )
    with capture.running():
        capture.sync()
    capture.execute(
        "alter table t drop index plain",
        "insert into t values (1, 2, 3)",
        "alter table t drop primary key, drop column b, add column c varchar(9)",
        "insert into t values (2, 4, 'c')",
        "alter table t drop index only_one, add primary key (id), drop column c",
        "insert into t values (3, 6)",
        "alter table k modify id int auto_increment after v",
        "insert into k values (7, 1)",
    )
    with logged() as messages, capture.running():
        capture.sync()
    assert [event.key for event in capture.events("t")] == [{"id": 1}, {"a": 4}, {"id": 3}]
    assert capture.rows("t") == [("c", 1, 2, 3), ("c", 2, 4, "c"), ("c", 3, 6)]
    assert [(event.key, event.row) for event in capture.events("k")] == [({"id": 1}, {"v": 7, "id": 1})]
    assert not any("asked of the server" in message for message in messages)


def test_what_the_server_tells_of_a_later_time_gives_way_to_the_log(
    server: MySQLServer, tmp_path: Path
) -> None:
    history = tmp_path / "history"
    files = {"schema.history.internal": "file", "schema.history.internal.file.filename": str(history)}
    capture = Capture(server, {**NO_DATA, **files})
    capture.execute("create table t (id int primary key, a int, key plain (a))")
    with capture.running():
        capture.sync()
    # As Debezium writes it: nobody knows which index is dropped.
    history.write_text(re.sub(r'"attributes":\[.*?\}\]', '"attributes":[]', history.read_text()))
    capture.execute(
        "alter table t drop index plain",
        "insert into t values (1, 2)",
        "alter table t add column c varchar(9) first",
        "insert into t values ('c', 2, 3)",
    )
    with logged() as messages, capture.running():
        capture.sync()
    assert any("asked of the server" in message for message in messages)
    assert [event.row for event in capture.events("t")] == [{"id": 1, "a": 2}, {"c": "c", "id": 2, "a": 3}]
    assert [event.key for event in capture.events("t")] == [{"id": 1}, {"id": 2}]


def test_many_restarts_repeat_nothing(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key, v int)")
    for number in range(5):
        with capture.running():
            capture.execute(f"insert into t values ({number}, 1)", f"update t set v = 2 where id = {number}")
            capture.sync()
        capture.execute(f"insert into t values ({100 + number}, 1)")
    with capture.running():
        capture.sync()
    expected = [
        row for number in range(5) for row in (("c", number, 1), ("u", number, 2), ("c", 100 + number, 1))
    ]
    assert capture.rows("t") == expected


def test_a_lost_history_is_said_and_recovered_from(server: MySQLServer) -> None:
    capture = Capture(server, {**NO_DATA, "schema.history.internal": "memory"})
    capture.execute("create table t (id int primary key)")
    with capture.running():
        capture.execute("insert into t values (1)")
        capture.sync()
    capture.execute("insert into t values (2)")
    failure = capture.failure()
    assert isinstance(failure, SchemaHistoryLost)
    assert "snapshot.mode=recovery" in failure.hint
    with capture.running(**{"snapshot.mode": "recovery"}):
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("c", 2)]
