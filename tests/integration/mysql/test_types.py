"""Types that no recording has, because Debezium stops at them: the same from a SELECT and from the log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.mysql.capture import Capture, logged
from tests.servers.mysql import MySQLServer


@pytest.fixture(params=["mariadb", "mariadb11"])
def newest(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def told(capture: Capture, table: str) -> list[tuple[str, Any]]:
    """Return the operation and the row of each event, without its `id`."""
    events = [event for event in capture.events(table) if event.value]
    return [(event.op, {k: v for k, v in event.row.items() if k != "id"}) for event in events]


def from_both(server: MySQLServer, columns: str, values: str, **options: str) -> list[dict[str, Any]]:
    """Return a row of these values from a snapshot, from the log, and of a table that a statement made."""
    capture = Capture(server, {name.replace("_", "."): value for name, value in options.items()})
    capture.execute(f"create table t (id int primary key, {columns})", f"insert into t values (1, {values})")
    with logged() as messages, capture.running():
        capture.sync()
        capture.execute(
            f"insert into t values (2, {values})",
            f"create table u (id int primary key, {columns})",
            f"insert into u values (3, {values})",
        )
        capture.sync()
    assert not messages
    assert [op for op, _ in told(capture, "t") + told(capture, "u")] == ["r", "c", "c"]
    return [row for _, row in told(capture, "t") + told(capture, "u")]


def same(server: MySQLServer, columns: str, values: str, expected: dict[str, Any], **options: str) -> None:
    """All three rows are the expected one."""
    assert from_both(server, columns, values, **options) == [expected] * 3


def test_addresses_and_uuids(newest: MySQLServer) -> None:
    expected = {
        "a": "10.0.255.1",
        "b": "2001::1:1:1:1:1:1",
        "c": "::ffff:0.0.1.2",
        "d": None,
        "e": "123e4567-e89b-12d3-a456-426614174000",
        "f": "::",
    }
    columns = "a inet4, b inet6, c inet6 not null, d inet4, e uuid, f inet6 default '::'"
    values = (
        "'10.0.255.1', '2001:0:1:1:1:1:1:1', '::ffff:0.0.1.2', null, '123E4567-e89b-12d3-a456-426614174000', "
        "default"
    )
    same(newest, columns, values, expected)


def test_an_address_as_key(newest: MySQLServer) -> None:
    capture = Capture(newest)
    capture.execute("create table t (a inet6, b uuid, v int, primary key (a, b))")
    capture.execute("insert into t values ('::1', '123e4567-e89b-12d3-a456-426614174000', 1)")
    with capture.running():
        capture.sync()
        capture.execute("update t set v = 2", "delete from t")
        capture.sync()
    keys = [event.key for event in capture.events("t")]
    assert keys == [{"a": "::1", "b": "123e4567-e89b-12d3-a456-426614174000"}] * len(keys)
    assert len(keys) == 3


def test_compressed_columns(newest: MySQLServer) -> None:
    columns = (
        "a text compressed, b varchar(500) compressed character set latin1, c blob compressed, "
        "d varbinary(9) compressed, e longtext compressed not null"
    )
    values = "repeat('aé', 300), repeat('é', 200), repeat(x'00ff', 200), x'01', ''"
    expected = {"a": "aé" * 300, "b": "é" * 200, "c": "00ff" * 200, "d": "01", "e": ""}
    same(newest, columns, values, expected, binary_handling_mode="hex")


def test_geometries_of_no_octets(newest: MySQLServer) -> None:
    """MariaDB stores them where nothing is said for a column that is NOT NULL."""
    capture = Capture(newest)
    loose = "set sql_mode = ''"
    capture.execute(
        "create table t (id int primary key, g geometry not null, p point not null)",
        loose,
        "insert into t (id) values (1)",
    )
    with capture.running():
        capture.sync()
        capture.execute(loose, "insert into t (id) values (2)")
        capture.sync()
    geometry = {"wkb": "AQcAAAAAAAAA", "srid": None}
    point = {"x": 0.0, "y": 0.0, "wkb": f"AQEAAAAA{'A' * 20}", "srid": None}
    assert told(capture, "t") == [("r", {"g": geometry, "p": point}), ("c", {"g": geometry, "p": point})]


def test_the_year_0(server: MySQLServer) -> None:
    same(server, "a year, b year not null, c year", "0, 0, 2155", {"a": 0, "b": 0, "c": 2155})


def test_json(newest: MySQLServer) -> None:
    """MariaDB keeps the text as it was written."""
    text = '{"b" : [1.0, 1e2, "é😀"],"a":null}'
    same(newest, "a json, b json not null", f"'{text}', '[]'", {"a": text, "b": "[]"})


def test_vectors(mysql9: MySQLServer) -> None:
    columns, values = "a vector(3), b vector", "string_to_vector('[1, -2.5, 1e-3]'), null"
    same(mysql9, columns, values, {"a": [1.0, -2.5, 0.001], "b": None})


def test_times_of_more_than_a_day(server: MySQLServer) -> None:
    columns, values = "a time, b time(6), c time(3)", "'838:59:59', '-838:59:59', '-00:00:00.001'"
    micros = {"a": 3020399000000, "b": -3020399000000, "c": -1000}
    same(server, columns, values, micros)
    isostring = {"a": "838:59:59Z", "b": "-838:59:59Z", "c": "-00:00:00.001Z"}
    same(server, columns, values, isostring, time_precision_mode="isostring")
    millis = {"a": 3020399000, "b": -3020399000, "c": -1}
    same(server, columns, values, millis, time_precision_mode="connect")


def test_what_nobody_captures_is_no_reason_to_stop(newest: MySQLServer) -> None:
    """Odd tables and statements outside the include lists: here of another database, and of this one."""
    capture = Capture(newest)
    other = newest.create_database()
    capture.options["table.include.list"] = f"{capture.database}.(t|cdc_sync)"
    odd = (
        "a inet6, b uuid default uuid(), c text compressed, d json check (json_valid(d)), e year default 0, "
        "f int invisible default 5, g int as (f + 1) persistent, "
        "h timestamp(6) not null default current_timestamp(6) on update current_timestamp(6), "
        "i varchar(9) character set sjis collate sjis_bin, period for p (s, z), s date, z date"
    )
    capture.execute("create table t (id int primary key)", "insert into t values (1)")
    with logged() as messages, capture.running():
        capture.sync()
        capture.execute(
            f"create table odd (id int not null, {odd}, unique (id, p without overlaps)) "
            "with system versioning",
            "insert into odd (id, s, z) values (1, '2001-01-01', '2002-01-01')",
            "delete from odd for portion of p from '2001-02-01' to '2001-03-01'",
            f"create table {other}.odd like odd",
            "create sequence s",
            "create procedure p() begin declare x int default 1; update t set id = id + x; end",
            "create or replace view v as select * from odd",
            "insert into t values (2)",
        )
        capture.sync()
    assert not messages
    assert capture.rows("t") == [("r", 1), ("c", 2)]
    assert not [event for event in capture.all() if event.topic.endswith(".odd") and "op" in event.value]
    changes = json.dumps([change["ddl"] for change in capture.schema_changes()])
    assert "create table odd" in changes
