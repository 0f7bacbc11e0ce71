"""Tables that change while they are captured."""

from __future__ import annotations

import pytest

from cdc.errors import SchemaHistoryLost
from tests.integration.mysql.capture import Capture, logged
from tests.servers.mysql import MySQLServer

NO_DATA = {"snapshot.mode": "no_data"}


def test_gh_ost(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.options["table.include.list"] = f"{capture.database}.(t|cdc_sync)"
    capture.execute("create table t (id int primary key, v varchar(10))", "insert into t values (1, 'a')")
    with capture.running():
        capture.execute(
            "create /* gh-ost */ table `_t_ghc` (id bigint auto_increment primary key, hint varchar(64))",
            "create /* gh-ost */ table `_t_gho` like t",
            "alter /* gh-ost */ table `_t_gho` add column w int not null default 5, modify v varchar(20)",
            "insert /* gh-ost */ ignore into `_t_gho` (id, v) (select id, v from t lock in share mode)",
            "insert into t values (2, 'b')",
            "replace /* gh-ost */ into `_t_gho` (id, v) values (2, 'b')",
            "create /* gh-ost */ table `_t_del` (id int auto_increment primary key)",
            "drop /* gh-ost */ table if exists `_t_del`",
            "rename /* gh-ost */ table t to `_t_del`, `_t_gho` to t",
            "insert into t values (3, 'c', 6)",
            "drop table `_t_del`, `_t_ghc`",
            "update t set w = 7 where id = 1",
        )
        capture.sync()
    assert capture.rows("t") == [("c", 2, "b"), ("c", 3, "c", 6), ("u", 1, "a", 7)]


def test_pt_online_schema_change(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key, v varchar(10))", "insert into t values (1, 'a')")
    with capture.running():
        capture.execute(
            "create table `_t_new` like t",
            "alter table `_t_new` add column first_one int first",
            "create trigger pt_osc_ins after insert on t for each row "
            "replace into `_t_new` (id, v) values (new.id, new.v)",
            "insert low_priority ignore into `_t_new` (id, v) select id, v from t",
            "insert into t values (2, 'b')",
            "rename table t to `_t_old`, `_t_new` to t",
            "drop table if exists `_t_old`",
            "drop trigger if exists pt_osc_ins",
            "insert into t values (9, 3, 'c')",
        )
        capture.sync()
    assert capture.rows("t") == [("c", 2, "b"), ("c", 9, 3, "c")]
    assert capture.rows("_t_new") == [("c", None, 1, "a"), ("c", None, 2, "b")]


def test_names_in_ansi_quotes(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    with capture.running():
        capture.execute(
            "set sql_mode = 'ANSI_QUOTES'",
            """create table "a ""t" ("id" int primary key, "v" varchar(10) default 'x')""",
            """insert into "a ""t" ("id") values (1)""",
            """alter table "a ""t" add column "w" int default 3, rename column "v" to "u" """,
            """insert into "a ""t" ("id") values (2)""",
        )
        capture.sync()
    topic = f"p.{capture.database}.a__t"
    assert [event.row for event in capture.topic(topic)] == [
        {"id": 1, "v": "x"},
        {"id": 2, "u": "x", "w": 3},
    ]


def test_temporary_tables_are_nobodys_business(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key, v int)")
    with capture.running():
        capture.execute(
            "create temporary table t (id int primary key, other varchar(10), more int)",
            "insert into t values (1, 'x', 2)",
            "alter table t add column yet int",
            "drop temporary table t",
            "insert into t values (1, 2)",
            "create temporary table only_here select * from t",
        )
        capture.sync()
    assert capture.rows("t") == [("c", 1, 2)]
    assert not any("only_here" in str(change["tableChanges"]) for change in capture.schema_changes())


def test_several_tables_in_a_statement(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table a (id int primary key, v int)", "create table b (id int primary key)")
    with capture.running():
        capture.execute(
            "rename table a to c, b to a, c to b",
            "insert into a values (1)",
            "insert into b values (2, 3)",
            "create table made select 5 as five, 'x' as x",
            "create table alike like b",
            "insert into alike values (4, 5)",
            "drop table a, b",
            "create table a (z int primary key)",
            "insert into a values (6)",
        )
        capture.sync()
    assert capture.rows("a") == [("c", 1), ("c", 6)]
    assert capture.rows("b") == [("c", 2, 3)]
    assert capture.rows("made") == [("c", 5, "x")]
    assert capture.rows("alike") == [("c", 4, 5)]


def test_the_length_of_a_text_is_the_servers_to_choose(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key, v text, w tinytext) character set latin1")
    with capture.running():
        capture.execute(
            # MySQL makes a MEDIUMTEXT and a TEXT of them, MariaDB what is asked for.
            "alter table t modify v text, modify w tinytext, convert to character set utf8mb4",
            "insert into t values (1, 'é', 'ü')",
        )
        capture.sync()
    assert capture.rows("t") == [("c", 1, "é", "ü")]


@pytest.mark.parametrize("metadata", ["MINIMAL", "FULL"])
def test_what_the_log_says_of_columns(server: MySQLServer, metadata: str) -> None:
    ((before,),) = server.execute("select @@global.binlog_row_metadata")
    server.execute(f"set global binlog_row_metadata = '{metadata}'")
    try:
        capture = Capture(server, NO_DATA)
        capture.execute(
            "create table t (id int unsigned primary key, e enum('x', 'y'), s set('a', 'b'), c char(3), "
            "l varchar(5) character set latin1, n decimal(5, 2), b bit(9))"
        )
        with capture.running():
            capture.execute("insert into t values (4294967295, 'y', 'a,b', 'abc', 'é', 1.25, b'101010101')")
            capture.sync()
        (event,) = capture.events("t")
        assert event.row["id"] == 4294967295
        assert (event.row["e"], event.row["s"], event.row["c"], event.row["l"]) == ("y", "a,b", "abc", "é")
    finally:
        server.execute(f"set global binlog_row_metadata = '{before}'")


def test_statements_with_variables_of_their_own(mariadb: MySQLServer) -> None:
    capture = Capture(mariadb, NO_DATA)
    capture.execute("create table a (id int primary key)", "create table b (id int primary key)")
    with capture.running():
        capture.execute(
            "set statement lock_wait_timeout = 5, max_statement_time = (1 + 9) for alter table a add v int",
            "insert into a values (1, 2)",
            "set statement max_statement_time = 10 for rename table a to c, b to a",
            "insert into c values (2, 3)",
            "insert into a values (4)",
            "set statement max_statement_time = 10 for drop table if exists c, a",
        )
        capture.sync()
    assert capture.rows("a") == [("c", 1, 2), ("c", 4)]
    assert capture.rows("c") == [("c", 2, 3)]
    database = capture.database
    assert [change["ddl"] for change in capture.schema_changes()][-4:] == [
        "rename table a to c",
        "rename table b to a",
        f"DROP TABLE IF EXISTS `{database}`.`c`",
        f"DROP TABLE IF EXISTS `{database}`.`a`",
    ]


def test_character_sets_beside_geometries(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    with capture.running():
        capture.execute(
            "create table t (id int primary key, o varbinary(9), p point, l varchar(9) character set latin1,"
            " g geometry, u text character set utf16, e enum('é') character set latin1)",
            "insert into t values (1, x'00ff', point(1, 2), 'é', null, 'ü', 'é')",
        )
        capture.sync()
    (event,) = capture.events("t")
    assert [event.row[name] for name in ("o", "l", "u", "e")] == ["AP8=", "é", "ü", "é"]


def altered_in_secret(capture: Capture) -> None:
    capture.execute(
        "set sql_log_bin = 0",
        "alter table t add column secret int",
        "set sql_log_bin = 1",
        "insert into t values (2, 3)",
        "insert into u values (2)",
    )


def test_a_definition_that_does_not_fit_stops(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute("create table t (id int primary key)", "create table u (id int primary key)")
    with capture.running():
        capture.sync()
    altered_in_secret(capture)
    failure = capture.failure()
    assert isinstance(failure, SchemaHistoryLost)
    assert f"{capture.database}.t" in str(failure)
    assert (capture.offset() or {})["file"] in str(failure)
    assert "snapshot.mode=recovery" in failure.hint
    with capture.running(**{"snapshot.mode": "recovery"}):
        capture.sync()
    assert capture.rows("t") == [("c", 2, 3)]


@pytest.mark.parametrize("mode", ["warn", "skip"])
def test_a_definition_that_does_not_fit_is_passed_over(server: MySQLServer, mode: str) -> None:
    capture = Capture(server, {**NO_DATA, "inconsistent.schema.handling.mode": mode})
    capture.execute("create table t (id int primary key)", "create table u (id int primary key)")
    with logged() as messages, capture.running():
        altered_in_secret(capture)
        capture.sync()
    assert capture.rows("t") == []
    assert capture.rows("u") == [("c", 2)]
    assert any("its rows are left out" in message for message in messages) is (mode == "warn")
