"""Several tables are read at the same time, in connections that show the same moment."""

from __future__ import annotations

import threading

import pytest

from cdc.errors import AccessDenied, CdcError
from cdc.sources.postgres import copy_out
from tests.integration.postgres.capture import Capture
from tests.integration.side_by_side import (
    assert_all_came,
    assert_marked,
    assert_same_moment,
    assert_stops_at_once,
)
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
    assert capture.events("empty") == []
    assert_marked(capture, TABLES[:-1], ROWS)


def test_tables_come_side_by_side_and_show_the_same_moment(tables: Database) -> None:
    """Each transaction writes to all tables: whoever sees a row in one sees it in the others."""

    def write(stopping: threading.Event) -> None:
        number = ROWS
        with tables.server.connect(dbname=tables.name) as connection:
            while not stopping.is_set():
                number += 1
                with connection.transaction():
                    for name in TABLES[:-1]:
                        connection.execute(f"insert into {name} values ({number})")

    assert_same_moment(capture_of(tables, 3), TABLES[:-1], ROWS, write)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_stop_does_not_wait_for_a_slow_statement(tables: Database, threads: int) -> None:
    option = "snapshot.select.statement.overrides"
    slow = "select c.* from c, (select pg_sleep(60)) as slow"
    capture = Capture(
        tables,
        {"snapshot.max.threads": str(threads), option: "public.c", f"{option}.public.c": slow},
    )
    assert_stops_at_once(capture, "b", ROWS, 5)
    query = "select count(*) from pg_stat_activity where datname = %s and application_name = 'cdc'"
    capture.until(lambda: tables.execute(query, [tables.name]) == [(0,)], "disconnected")
    with capture.running(**{f"{option}.public.c": "select * from c"}):
        capture.sync()
    assert_all_came(capture, TABLES[:-1], ROWS)


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
