"""Several tables are read at the same time, in connections that show the same moment."""

from __future__ import annotations

import threading

import pytest

from cdc.sources.mysql import select_rows
from tests.integration.mysql.capture import SYNC, Capture, logged
from tests.integration.side_by_side import (
    assert_all_came,
    assert_marked,
    assert_same_moment,
    assert_stops_at_once,
)
from tests.servers.mysql import MySQLServer

TABLES = ("a", "b", "c", "d")
ROWS = 2000
SERIAL = "tables are read one after the other"


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MySQLServer:
    monkeypatch.setattr(select_rows, "READ_BYTES", 8192)
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def captured(server: MySQLServer, threads: int, **options: str) -> Capture:
    """Return a connector on some tables of many rows, and an empty one (the harness's own)."""
    named = {name.replace("_", "."): value for name, value in options.items()}
    capture = Capture(server, {"snapshot.max.threads": str(threads), **named})
    digits = "(select 0 d union select 1 union select 2 union select 3 union select 4 union select 5 union \
select 6 union select 7 union select 8 union select 9)"
    series = f"select d1.d + d2.d * 10 + d3.d * 100 + d4.d * 1000 + 1 from {digits} d1, {digits} d2, \
{digits} d3, (select 0 d union select 1) d4"
    for name in TABLES:
        capture.execute(
            f"create table {name} (id int primary key, pad varchar(90) default '{'x' * 90}')",
            f"insert into {name} (id) {series}",
        )
    return capture


@pytest.mark.parametrize("threads", [1, 2, 64])
def test_all_rows_once_and_marked(server: MySQLServer, threads: int) -> None:
    capture = captured(server, threads, snapshot_mode="initial_only")
    with logged() as messages:
        capture.finish()
    assert not any(SERIAL in message for message in messages)
    assert_marked(capture, TABLES, ROWS)
    assert capture.events(SYNC) == []


@pytest.mark.parametrize("mode", ["minimal", "extended"])
def test_tables_come_side_by_side_and_show_the_same_moment(server: MySQLServer, mode: str) -> None:
    """Each transaction writes to all tables: whoever sees a row in one sees it in the others."""
    capture = captured(server, 3, snapshot_locking_mode=mode)

    def write(stopping: threading.Event) -> None:
        with server.connect(capture.database) as connection, connection.cursor() as cursor:
            for number in range(ROWS + 1, 1 << 30):
                if stopping.is_set():
                    return
                cursor.execute("begin")
                for name in TABLES:
                    cursor.execute(f"insert into {name} (id) values ({number})")
                cursor.execute("commit")

    def written() -> bool:
        return int(capture.execute("select count(*) from d")[0][0]) > ROWS

    assert_same_moment(capture, TABLES, ROWS, write, written)


def test_without_a_lock_one_after_the_other(server: MySQLServer) -> None:
    capture = captured(server, 3, snapshot_mode="initial_only", snapshot_locking_mode="none")
    with logged() as messages:
        capture.finish()
    assert sum(SERIAL in message for message in messages) == 1
    assert [len(capture.events(name)) for name in TABLES] == [ROWS] * 4


def test_a_stop_does_not_wait_for_a_slow_statement(server: MySQLServer) -> None:
    option = "snapshot.select.statement.overrides"
    capture = captured(server, 3)
    name = f"{capture.database}.c"
    slow = f"select c.* from {name} as c, (select sleep(60)) as slow"
    capture.options |= {option: name, f"{option}.{name}": slow}
    assert_stops_at_once(capture, "b", ROWS, 10)
    query = f"select count(*) from information_schema.processlist where info like '%{name}%sleep%'"
    query += " and id <> connection_id()"
    capture.until(lambda: capture.execute(query)[0][0] == 0, "disconnected")
    capture.options[f"{option}.{name}"] = f"select * from {name}"
    with capture.running():
        capture.sync()
    assert_all_came(capture, TABLES, ROWS)
