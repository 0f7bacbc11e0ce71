"""Several tables are read at the same time, in connections that show the same moment."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

import pytest

from cdc.errors import AccessDenied, CdcError
from cdc.sources.postgres import copy_out
from tests.integration.postgres.capture import Capture
from tests.servers.postgres import Database

TABLES = ("a", "b", "c", "d", "empty")
ROWS = 2000


@pytest.fixture
def tables(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(copy_out, "READ_BYTES", 8192)
    for name in TABLES:
        database.execute(f"create table {name} (id int primary key, pad text default repeat('x', 90))")
    for name in TABLES[:-1]:
        database.execute(f"insert into {name} select generate_series(1, {ROWS})")
    return database


def capture_of(database: Database, threads: int, **options: str) -> Capture:
    named = {name.replace("_", "."): value for name, value in options.items()}
    return Capture(database, {"snapshot.max.threads": str(threads), **named})


@pytest.mark.parametrize("threads", [1, 2, 64])
def test_all_rows_once_and_marked(tables: Database, threads: int) -> None:
    capture = capture_of(tables, threads, snapshot_mode="initial_only")
    capture.finish()
    events = {name: capture.events(name) for name in TABLES}
    assert {name: len(found) for name, found in events.items()} == dict.fromkeys(TABLES[:4], ROWS) | {
        "empty": 0
    }
    marks = defaultdict(list)
    for found in filter(None, events.values()):
        assert [event.row["id"] for event in found] == list(range(1, ROWS + 1))
        for event in found:
            marks[event.value["source"]["snapshot"]].append(event.row["id"])
    assert marks["first"] == [1]
    assert marks["first_in_data_collection"] == [1] * 3
    assert marks["last_in_data_collection"] == [ROWS] * 3
    assert marks["last"] == [ROWS]
    assert len(marks["true"]) == 4 * (ROWS - 2)
    assert capture.metrics.values["RemainingTableCount"] == 0


def test_tables_come_side_by_side_and_show_the_same_moment(tables: Database) -> None:
    """Each transaction writes to all tables: whoever sees a row in one sees it in the others."""
    stopping = threading.Event()

    def write() -> None:
        number = ROWS
        with tables.server.connect(dbname=tables.name) as connection:
            while not stopping.is_set():
                number += 1
                with connection.transaction():
                    for name in TABLES[:-1]:
                        connection.execute(f"insert into {name} values ({number})")

    writer = threading.Thread(target=write)
    writer.start()
    capture = capture_of(tables, 3)
    try:
        capture.start()
        capture.until(lambda: len(capture.events("d", "r")) > ROWS, "read")
    finally:
        stopping.set()
        writer.join()
    capture.sync()
    capture.stop()
    rows = {name: [event.row["id"] for event in capture.events(name, "r")] for name in TABLES[:-1]}
    assert len({tuple(found) for found in rows.values()}) == 1
    for name in TABLES[:-1]:
        ids = [event.row["id"] for event in capture.events(name)]
        assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("threads", [1, 4])
def test_a_stop_does_not_wait_for_a_slow_statement(tables: Database, threads: int) -> None:
    option = "snapshot.select.statement.overrides"
    slow = "select c.* from c, (select pg_sleep(60)) as slow"
    capture = Capture(
        tables,
        {"snapshot.max.threads": str(threads), option: "public.c", f"{option}.public.c": slow},
    )
    capture.start()
    capture.until(lambda: len(capture.events("b")) > ROWS - 200, "read")
    time.sleep(0.5)
    began = time.monotonic()
    capture.stop()
    assert time.monotonic() - began < 5
    assert capture.error is None
    query = "select count(*) from pg_stat_activity where datname = %s and application_name = 'cdc'"
    capture.until(lambda: tables.execute(query, [tables.name]) == [(0,)], "disconnected")
    with capture.running(**{f"{option}.public.c": "select * from c"}):
        capture.sync()
    for name in TABLES[:-1]:
        ids = sorted(event.row["id"] for event in capture.events(name))
        assert ids == list(range(1, ROWS + 1)), name


def test_too_few_connections_are_told(tables: Database) -> None:
    role = f"few_{tables.name}"
    tables.execute(f"create role {role} login connection limit 2 password 'few'")
    tables.execute(f"grant select on all tables in schema public to {role}")
    login = {"database_user": role, "database_password": "few"}
    error = capture_of(tables, 4, snapshot_mode="initial_only", **login).failure()
    assert isinstance(error, CdcError)
    assert not isinstance(error, AccessDenied)
    assert "too many connections" in str(error)
    capture = capture_of(tables, 2, snapshot_mode="initial_only", **login)
    capture.finish()
    assert len(capture.events("d")) == ROWS
