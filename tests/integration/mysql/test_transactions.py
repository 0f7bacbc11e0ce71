"""What a transaction may be: rolled back, prepared, compressed, short of columns, larger than memory."""

from __future__ import annotations

import pytest

from cdc.errors import ServerNotReady
from tests.integration.mysql.capture import Capture, logged
from tests.servers.mysql import MySQLServer

NO_DATA = {"snapshot.mode": "no_data"}


def test_what_was_rolled_back_is_not_told(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute(
        "create table t (id int primary key)", "create table m (id int primary key) engine = MyISAM"
    )
    with capture.running():
        capture.execute(
            "begin",
            "insert into t values (1)",
            "savepoint s",
            "insert into t values (2)",
            "rollback to savepoint s",
            "insert into t values (3)",
            "commit",
            "begin",
            "insert into m values (1)",
            "insert into t values (4)",
            "rollback",
        )
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("c", 3)]
    assert capture.rows("m") == [("c", 1)]


def test_xa_transactions_wait_for_their_end(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key)")
    with capture.running():
        capture.execute("xa start 'a'", "insert into t values (1)", "xa end 'a'", "xa prepare 'a'")
        capture.execute("xa start 'b'", "insert into t values (2)", "xa end 'b'", "xa prepare 'b'")
        capture.execute("insert into t values (3)")
        capture.sync()
        assert capture.rows("t") == [("c", 3)]
    # The next run starts behind what was prepared, and reads it again when it is committed.
    with capture.running():
        capture.execute("xa rollback 'b'")
        capture.execute("xa commit 'a'")
        capture.execute("xa start 'c'", "insert into t values (5)", "xa end 'c'", "xa commit 'c' one phase")
        capture.sync()
    assert capture.rows("t") == [("c", 3), ("c", 1), ("c", 5)]
    offset = capture.offset()
    assert offset is not None
    assert "xa_prepared" not in offset


def test_a_transaction_beyond_memory(server: MySQLServer) -> None:
    capture = Capture(server, {**NO_DATA, "binlog.buffer.size": "1"})
    capture.execute("create table t (id int primary key, v longtext)")
    with capture.running():
        capture.execute(
            "begin",
            *(f"insert into t values ({number}, repeat('x', 100000))" for number in range(30)),
            "commit",
        )
        capture.sync()
    assert [row[1] for row in capture.rows("t")] == list(range(30))


def test_compressed_transactions(mysql: MySQLServer) -> None:
    capture = Capture(mysql, NO_DATA)
    capture.execute("create table t (id int primary key, v text)")
    with capture.running():
        capture.execute(
            "set session binlog_transaction_compression = on",
            "begin",
            "insert into t values (1, repeat('ab', 1000)), (2, 'x')",
            "update t set v = 'y' where id = 2",
            "commit",
        )
        capture.sync()
    assert capture.rows("t") == [("c", 1, "ab" * 1000), ("c", 2, "x"), ("u", 2, "y")]


def test_compressed_events(mariadb: MySQLServer) -> None:
    capture = Capture(mariadb, NO_DATA)
    capture.execute("create table t (id int primary key, v text)")
    mariadb.execute("set global log_bin_compress = on")
    try:
        with capture.running():
            capture.execute(
                "insert into t values (1, repeat('ab', 1000))",
                f"alter table t add column w varchar(500) default '{'z' * 400}'",
                "update t set v = repeat('cd', 1000)",
            )
            capture.sync()
    finally:
        mariadb.execute("set global log_bin_compress = off")
    assert capture.rows("t") == [("c", 1, "ab" * 1000), ("u", 1, "cd" * 1000, "z" * 400)]


@pytest.mark.parametrize("image", ["minimal", "noblob"])
def test_short_row_images(server: MySQLServer, image: str) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key, a varchar(9), b text, n int)")
    with capture.running():
        capture.execute(
            f"set session binlog_row_image = {image}",
            "insert into t values (1, 'a', 'b', 5)",
            "update t set n = 6",
            "update t set id = 2, b = 'c'",
            "delete from t",
        )
        capture.sync()
    missing = "__debezium_unavailable_value"
    if image == "minimal":
        assert capture.rows("t") == [
            ("c", 1, "a", "b", 5),
            ("u", 1, missing, missing, 6),
            ("d", 1, missing, missing, None),
            ("c", 2, missing, "c", None),
            ("d", 2, missing, missing, None),
        ]
    else:
        assert capture.rows("t")[:2] == [("c", 1, "a", "b", 5), ("u", 1, "a", missing, 6)]


def test_partial_json(mysql: MySQLServer) -> None:
    capture = Capture(mysql, NO_DATA)
    capture.execute("create table t (id int primary key, j json)")
    with capture.running():
        capture.execute(
            "set session binlog_row_value_options = PARTIAL_JSON",
            """insert into t values (1, '{"a": 1, "b": "a long enough text", "c": [1, 2, 3]}')""",
            "update t set j = json_set(j, '$.a', 2)",
            "update t set j = json_remove(j, '$.c[1]')",
        )
        capture.sync()
    assert [row[2] for row in capture.rows("t")] == [
        '{"a":1,"b":"a long enough text","c":[1,2,3]}',
        '{"a":2,"b":"a long enough text","c":[1,2,3]}',
        '{"a":2,"b":"a long enough text","c":[1,3]}',
    ]


def test_statement_format_is_an_error_for_captured_tables_alone(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    other = server.create_database()
    capture.execute("create table t (id int primary key)", f"create table {other}.u (id int primary key)")
    with capture.running():
        capture.execute(
            "set session binlog_format = statement",
            f"insert into {other}.u values (1)",
            "set session binlog_format = row",
            "insert into t values (1)",
        )
        capture.sync()
    assert capture.rows("t") == [("c", 1)]
    capture.execute("set session binlog_format = statement", "insert into t values (2)")
    failure = capture.failure()
    assert isinstance(failure, ServerNotReady)
    assert "binlog_format" in failure.hint


def test_ddl_that_only_the_server_understands(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key)")
    with logged() as messages, capture.running():
        capture.execute(
            "set session sql_mode = 'ANSI_QUOTES'",
            """create table "quo""ted" ("i d" int primary key, "v" varchar(5) default 'x')""",
            """insert into "quo""ted" ("i d") values (1)""",
        )
        capture.sync()
    assert not messages
    topics = [event for event in capture.all() if "quo" in event.topic]
    assert [event.row for event in topics if event.value] == [{"i d": 1, "v": "x"}]
