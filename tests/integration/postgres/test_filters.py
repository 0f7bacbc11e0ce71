"""What is captured: lists, operations, kinds of tables."""

from __future__ import annotations

import pytest

from tests.integration.postgres.capture import PREFIX, Capture
from tests.servers.postgres import Database


@pytest.fixture
def tables(database: Database) -> Database:
    database.execute(
        "create schema s; create table a (id int primary key, v text, w text);"
        "create table s.a (id int primary key); create table s.b (id int primary key);"
        "insert into a values (1, 'v', 'w'); insert into s.a values (1); insert into s.b values (1)"
    )
    return database


@pytest.mark.parametrize(
    ("option", "value", "topics"),
    [
        ("schema.include.list", "S", "s.a s.b"),
        ("schema.exclude.list", "s", "public.a"),
        ("table.include.list", "public\\.a,s.B", "public.a s.b"),
        ("table.exclude.list", ".*\\.a", "s.b"),
        ("table.include.list", "a", ""),
        ("table.include.list", r"(?<x>s)\..*", "s.a s.b"),
    ],
)
def test_lists_of_tables(tables: Database, option: str, value: str, topics: str) -> None:
    with Capture(tables, {option: value}).running() as capture:
        tables.execute("update a set v = 'x'; insert into s.a values (2); insert into s.b values (2)")
        capture.sync()
    events = capture.events()
    assert sorted({e.topic for e in events}) == [f"{PREFIX}.{topic}" for topic in topics.split()]
    assert sorted({e.op for e in events}) == sorted(
        {"r", *("u" if "public.a" in topics else ""), *("c" if "s." in topics else "")} if topics else []
    )


@pytest.mark.parametrize(
    ("option", "value", "row"),
    [
        ("column.include.list", "public.a.v", {"v": "v"}),
        ("column.exclude.list", "public\\.a\\.(v|id)", {"w": "w"}),
    ],
)
def test_lists_of_columns_leave_the_key(
    tables: Database, option: str, value: str, row: dict[str, str]
) -> None:
    with Capture(tables, {option: value}).running() as capture:
        tables.execute("insert into a values (2, 'v', 'w')")
        capture.sync()
    assert [(event.key, event.row) for event in capture.events("a")] == [({"id": 1}, row), ({"id": 2}, row)]


def test_message_key_columns(tables: Database) -> None:
    tables.execute("alter table a replica identity full")
    with Capture(tables, {"message.key.columns": "(.*)\\.a:w,id"}).running() as capture:
        tables.execute("update a set v = 'x'; update a set w = 'x'; delete from a")
        capture.sync()
    assert [(e.op, e.key) for e in capture.events("a")] == [
        ("r", {"w": "w", "id": 1}),
        ("u", {"w": "w", "id": 1}),
        ("d", {"w": "w", "id": 1}),
        ("c", {"w": "x", "id": 1}),
        ("d", {"w": "x", "id": 1}),
    ]
    assert capture.events("s.a")[0].key == {"id": 1}


@pytest.mark.parametrize(("skipped", "ops"), [("c", "udt"), ("u,d", "ct"), ("none", "cudt"), ("t", "cud")])
def test_skipped_operations(tables: Database, skipped: str, ops: str) -> None:
    with Capture(tables, {"skipped.operations": skipped}).running() as capture:
        tables.execute("insert into s.a values (2); update s.a set id = id where id = 2")
        tables.execute("delete from s.a where id = 2; truncate s.a")
        capture.sync()
    assert "".join(event.op for event in capture.events("s.a", "cudt")) == ops


def test_truncate_of_many_tables(tables: Database) -> None:
    with Capture(tables, {"skipped.operations": "none"}).running() as capture:
        tables.execute("insert into s.a values (2); truncate s.a, s.b; insert into s.b values (3)")
        capture.sync()
    assert [event.op for event in capture.events("s.a")] == ["r", "c", "t"]
    assert [event.op for event in capture.events("s.b")] == ["r", "t", "c"]
    truncate = capture.events("s.a", "t")[0]
    assert (truncate.key, truncate.value["before"], truncate.value["after"]) == (None, None, None)


@pytest.mark.parametrize("via_root", [False, True])
def test_partitions(database: Database, via_root: bool) -> None:
    database.execute(
        "create table p (id int primary key) partition by range (id);"
        "create table p1 partition of p for values from (0) to (10);"
        "create table p2 partition of p for values from (10) to (20); insert into p values (1), (11)"
    )
    options = {"publish.via.partition.root": str(via_root).lower()}
    with Capture(database, options).running() as capture:
        database.execute("insert into p values (2), (12); update p set id = 13 where id = 1")
        capture.sync()
    topics = sorted((event.topic.split(".")[-1], event.op, event.row["id"]) for event in capture.events())
    names = ("p", "p") if via_root else ("p1", "p2")
    assert topics == sorted(
        [(names[0], "r", 1), (names[1], "r", 11), (names[0], "c", 2), (names[1], "c", 12)]
        + [(names[0], "d", 1), (names[1], "c", 13)]
    )


def test_table_without_a_key(database: Database) -> None:
    database.execute(
        "create table k (v text); alter table k replica identity full; insert into k values ('a')"
    )
    with Capture(database).running() as capture:
        database.execute("update k set v = 'b'; delete from k")
        capture.sync()
    assert [(event.op, event.key) for event in capture.events("k")] == [("r", None), ("u", None), ("d", None)]


def test_unlogged_and_temporary_tables_are_not_captured(database: Database) -> None:
    database.execute("create unlogged table n (id int primary key); insert into n values (1)")
    with Capture(database).running() as capture:
        database.execute("create temporary table x (id int primary key); insert into x values (1)")
        database.execute("insert into n values (2)")
        capture.sync()
    assert capture.events() == []


@pytest.mark.parametrize("postgres_version", [17, 18], indirect=True)
def test_generated_columns(database: Database, postgres_version: int) -> None:
    database.execute(
        "create table g (id int primary key, d int generated always as (id * 2) stored"
        + (", e int generated always as (id * 3) virtual)" if postgres_version >= 18 else ")")
    )
    capture = Capture(database, {"publication.autocreate.mode": "disabled", "snapshot.mode": "no_data"})
    options = " with (publish_generated_columns = stored)" if postgres_version >= 18 else ""
    database.execute(f"create publication {capture.options['publication.name']} for table g{options}")
    with capture.running():
        database.execute("insert into g values (1)")
        capture.sync()
    assert capture.events("g")[0].row == ({"id": 1, "d": 2} if postgres_version >= 18 else {"id": 1})


@pytest.mark.parametrize(("option", "kept"), [("include", ["aa"]), ("exclude", ["b"])])
def test_prefixes_of_messages(database: Database, option: str, kept: list[str]) -> None:
    options = {f"message.prefix.{option}.list": "a+" + (",sync" if option == "include" else "")}
    with Capture(database, options).running() as capture:
        database.execute("select pg_logical_emit_message(false, x, 'c') from unnest('{aa,b}'::text[]) x")
        capture.sync()
    assert [e.key["prefix"] for e in capture.topic(f"{PREFIX}.message") if e.key["prefix"] != "sync"] == kept


def test_transaction_ids_of_messages(database: Database) -> None:
    database.execute("create table t (id int primary key)")
    with Capture(database, {"provide.transaction.metadata": "true"}).running() as capture:
        database.execute(
            "begin; insert into t values (1); select pg_logical_emit_message(true, 'm', 'x'); commit;"
        )
        capture.sync()
    begin, end = (event.value for event in capture.topic(f"{PREFIX}.transaction")[:2])
    message = capture.topic(f"{PREFIX}.message")[0].value
    assert message["transaction"] == {"id": begin["id"], "total_order": 2, "data_collection_order": 1}
    assert capture.events("t")[0].value["transaction"]["id"] == end["id"] == begin["id"]
    assert end["data_collections"] == [
        {"data_collection": "public.t", "event_count": 1},
        {"data_collection": "message", "event_count": 1},
    ]
