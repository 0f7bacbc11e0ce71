"""DDL between rows: each row as its table was when it was changed."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from cdc.sources.postgres import enum_labels
from tests.integration.postgres.capture import PREFIX, Capture
from tests.servers.postgres import Database


@pytest.fixture
def capture(database: Database) -> Capture:
    database.execute("create table t (id int primary key, v text)")
    return Capture(database)


def after(capture: Capture, script: str, table: str = "t") -> list[dict[str, Any]]:
    """Run a script while the connector is stopped, so that the catalog is far ahead; return the rows."""
    with capture.running():
        capture.sync()
    capture.database.execute(script)
    with capture.running():
        capture.sync()
    return [event.row for event in capture.events(table)]


def test_add_and_drop_columns(capture: Capture) -> None:
    rows = after(
        capture,
        "insert into t values (1, 'a'); alter table t add x int default 7; insert into t values (2, 'b');"
        "alter table t drop v; insert into t values (3, 9);"
        "alter table t add v bool; insert into t values (4)",
    )
    assert rows == [
        {"id": 1, "v": "a"},
        {"id": 2, "v": "b", "x": 7},
        {"id": 3, "x": 9},
        {"id": 4, "x": 7, "v": None},
    ]


def test_rename_and_change_type(capture: Capture) -> None:
    rows = after(
        capture,
        "insert into t values (1, '5'); alter table t rename v to w; insert into t values (2, '6');"
        "alter table t alter w type int using w::int; insert into t values (3, 7)",
    )
    assert rows == [{"id": 1, "v": "5"}, {"id": 2, "w": "6"}, {"id": 3, "w": 7}]


def test_rename_the_table(capture: Capture) -> None:
    after(capture, "insert into t values (1, 'a'); alter table t rename to n; insert into n values (2, 'b')")
    assert capture.rows("t") == [("c", 1, "a")]
    assert capture.rows("n") == [("c", 2, "b")]


def test_swap_two_tables(capture: Capture) -> None:
    capture.database.execute("create table s (id int primary key, v text)")
    after(
        capture,
        "insert into t values (1, 't'); insert into s values (1, 's');"
        "alter table t rename to x; alter table s rename to t; alter table x rename to s;"
        "insert into t values (2, 's'); insert into s values (2, 't')",
    )
    assert capture.rows("t") == [("c", 1, "t"), ("c", 2, "s")]
    assert capture.rows("s") == [("c", 1, "s"), ("c", 2, "t")]


@pytest.mark.parametrize("identity", ["default", "full"])
def test_drop_and_create_anew(capture: Capture, identity: str) -> None:
    """The rows of the dropped table keep their key, though the catalog does not know it any more."""
    capture.database.execute(f"alter table t replica identity {identity}")
    with capture.running():
        capture.database.execute("insert into t values (0, 'known')")
        capture.sync()
        capture.database.execute(
            "insert into t values (1, 'a'); drop table t; create table t (k text primary key);"
            "insert into t values ('b')"
        )
        capture.sync()
    assert [(event.key, event.row) for event in capture.events("t")][1:] == [
        ({"id": 1}, {"id": 1, "v": "a"}),
        ({"k": "b"}, {"k": "b"}),
    ]


def test_new_table_and_new_schema(capture: Capture) -> None:
    with capture.running():
        capture.database.execute("create schema s; create table s.n (id int primary key)")
        capture.database.execute("insert into s.n values (1)")
        capture.sync()
    assert [event.topic for event in capture.events("s.n")] == [f"{PREFIX}.s.n"]


def allowed(capture: Capture, field: str) -> list[tuple[str, str]]:
    """Return value and allowed values of a field of each event of table m."""
    found = []
    for run in capture.log.reader(str(uuid.uuid4()), [f"{PREFIX}.public.m"], {}).poll(1 << 24, 0):
        for _, data in run.encoded.whole():
            event = json.loads(data or b"null")
            fields = {part["field"]: part for part in event["schema"]["fields"][1]["fields"]}
            schema = fields[field].get("items", fields[field])
            found.append((event["payload"]["after"][field], schema["parameters"]["allowed"]))
    return found


@pytest.mark.parametrize("few", [100, 0], ids=["rows", "catalog"])
def test_new_enum_value(database: Database, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """The first event with it has a schema that allows it, and no event before."""
    monkeypatch.setattr(enum_labels, "_FEW", few)
    database.execute("create type mood as enum ('sad', 'o,k'); create domain feeling as mood")
    database.execute("create table m (id int primary key, pad text, v feeling, w mood[], x int)")
    capture = Capture(database, {"value.converter.schemas.enable": "true"})
    with capture.running():
        database.execute("insert into m values (1, 'a', 'sad', '{sad,NULL}', 1)")
        capture.sync()
        database.execute("alter type mood add value 'hæppy' before 'o,k'")
        many = "insert into m select i, 'a', (case i % 2 when 0 then 'sad' else 'o,k' end)::mood"
        database.execute(f"{many}, null, 1 from generate_series(2, 5) i")
        database.execute("insert into m values (6, 'a', 'hæppy', null, 1)")
        database.execute("insert into m values (7, 'a', 'sad', '{sad}', 1)")
        capture.sync()
        database.execute("alter type mood add value 'last'; alter type mood rename value 'sad' to 'blue'")
        database.execute("insert into m values (8, 'a', null, '{blue,\"o,k\",last}', 1)")
        capture.sync()
    values = allowed(capture, "v")
    assert [value for value, _ in values] == ["sad", "sad", "o,k", "sad", "o,k", "hæppy", "sad", None]
    before, after, last = "sad,o,k", "sad,hæppy,o,k", "blue,hæppy,o,k,last"
    assert [labels for _, labels in values] == [before] * 5 + [after] * 2 + [last]
    assert [labels for _, labels in allowed(capture, "w")] == [before] * 5 + [after] * 2 + [last]


def test_an_enum_label_that_the_catalog_has_no_more(database: Database) -> None:
    """A label renamed while the stream is behind is asked for once, and told as it was."""
    database.execute("create type mood as enum ('sad'); create table m (id int primary key, v mood)")
    database.execute("alter table m replica identity full")
    capture = Capture(database, {"value.converter.schemas.enable": "true"})
    with capture.running():
        database.execute("insert into m values (1, 'sad')")
        capture.sync()
        database.execute("alter type mood add value 'new'")
        database.execute(
            "insert into m values (2, 'new'); update m set id = 3, v = 'new' where id = 1;"
            "alter type mood rename value 'new' to 'old'; insert into m values (4, 'old')"
        )
        capture.sync()
    keys = [(event.op, event.key["id"]) for event in capture.events("m")]
    assert keys == [("c", 1), ("c", 2), ("d", 1), ("c", 3), ("c", 4)]
    assert [event.row["v"] for event in capture.events("m", "c")] == ["sad", "new", "new", "old"]
    moved = [e.headers for e in capture.topic(f"{PREFIX}.public.m") if e.headers]
    assert [next(iter(headers)) for headers in moved][::2] == ["__debezium.newkey", "__debezium.oldkey"]


def test_identity_changes(capture: Capture) -> None:
    with capture.running():
        capture.database.execute(
            "insert into t values (1, 'a'); update t set v = 'b'; alter table t replica identity full;"
            "update t set v = 'c'; alter table t replica identity default;"
            "update t set v = 'd'; delete from t"
        )
        capture.sync()
    befores = [event.value["before"] for event in capture.events("t")]
    assert befores == [None, None, {"id": 1, "v": "b"}, None, {"id": 1, "v": None}]


def test_primary_key_changes(capture: Capture) -> None:
    """Each row has the key that the table had then, whatever it is now."""
    after(
        capture,
        "insert into t values (1, 'a'); alter table t drop constraint t_pkey; insert into t values (2, 'b');"
        "alter table t add primary key (v, id); insert into t values (3, 'c')",
    )
    assert [event.key for event in capture.events("t")] == [{"id": 1}, None, {"v": "c", "id": 3}]


def test_key_update_moves_the_row(capture: Capture) -> None:
    with capture.running():
        capture.database.execute("insert into t values (1, 'a'); update t set id = 2")
        capture.sync()
    records = [(e.op, e.key, e.headers) for e in capture.topic(f"{PREFIX}.public.t")][1:]
    assert [(op, key["id"]) for op, key, _ in records] == [("d", 1), ("tombstone", 1), ("c", 2)]
    assert "__debezium.newkey" in records[0][2]
    assert "__debezium.oldkey" in records[2][2]
