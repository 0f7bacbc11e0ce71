"""A commit that waits for its synchronous standby: the log has it, and so has the slot; no query shows it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cdc.sources.postgres import PostgresSource, copy_out
from cdc.transport.memory import MemoryWriter
from tests.integration.cut_snapshots import cut
from tests.integration.postgres.capture import Capture, logged
from tests.servers.postgres import Connectable, Database, PostgresServer

ROWS = 3000
EVERY_ROW_ONCE = Counter(range(1, ROWS + 2))
LAST_ROW = f"insert into t values ({ROWS + 1})"


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_out, "READ_BYTES", 8192)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """Return a server whose standby never answers; only who asks for it waits for that."""
    settings = {"synchronous_standby_names": "nobody", "synchronous_commit": "local"}
    server = PostgresServer(settings=settings).start()
    yield server
    server.kill()


@pytest.fixture(params=[" primary key", ""], ids=["by key", "by place"])
def database(server: PostgresServer, request: pytest.FixtureRequest) -> Database:
    database = server.create_database()
    database.execute(f"create table t (id int{request.param}, pad text default repeat('x', 90))")
    database.execute("alter table t replica identity full")
    database.execute(f"insert into t select generate_series(1, {ROWS})")
    return database


@pytest.fixture
def capture(database: Database) -> Capture:
    return Capture(database, {"snapshot.chunk.size.mb": "0.05"})


@contextmanager
def transaction(database: Connectable) -> Iterator[Any]:
    with database.connect(autocommit=False) as connection:
        connection.execute("select pg_current_xact_id()")
        yield connection
        connection.rollback()


@contextmanager
def committing(capture: Capture, run: threading.Thread, statement: str) -> Iterator[None]:
    """Start a run that makes a slot, and let a commit wait that the slot leaves out, until the block ends.

    The slot waits for what is open when it is asked for, then for what is open at the end of those; what
    begins still later may commit before the point from which on the slot streams.
    """
    database = capture.database
    assert isinstance(database, Database)
    commit = threading.Thread(target=database.execute, args=(f"set synchronous_commit = on; {statement}",))
    with database.connect(autocommit=False) as second:
        with transaction(database) as first:
            run.start()
            waits_for(capture, first)
            second.execute("select pg_current_xact_id()")
        waits_for(capture, second)
        commit.start()
        query = "select 1 from pg_stat_activity where wait_event = 'SyncRep'"
        capture.until(lambda: database.execute(query), "committed")
        second.rollback()
    try:
        yield
    finally:
        database.server.configure(synchronous_standby_names="")
        commit.join()


def waits_for(capture: Capture, connection: Any) -> None:
    query = "select 1 from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
    capture.until(lambda: capture.database.execute(query, [connection.info.backend_pid]), "waiting")


def told(capture: Capture) -> Counter[int]:
    return Counter(event.row["id"] for event in capture.events("t"))


def test_a_run_that_is_cut_later(capture: Capture, small_windows: None) -> None:
    """It tells nothing before the next run's snapshot can show as much as its own."""
    run = threading.Thread(target=cut, args=(capture, 3))
    with logged() as messages, committing(capture, run, LAST_ROW):
        capture.until(lambda: not run.is_alive() or any("nobody sees yet" in m for m in messages))
        assert run.is_alive()
        assert not told(capture)
    run.join()
    assert 0 < len(told(capture)) < ROWS
    with capture.running():
        capture.sync()
    assert told(capture) == EVERY_ROW_ONCE
    (message,) = (message for message in messages if "nobody sees yet" in message)
    assert "user postgres" in message
    assert "waits for SyncRep" in message


def test_a_run_that_is_killed_before_it_read(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Any) -> None:
        raise RuntimeError("killed")

    run = threading.Thread(target=capture.failure)
    with monkeypatch.context() as patched, logged() as messages:
        patched.setattr(PostgresSource, "_start_snapshot", die)
        with committing(capture, run, LAST_ROW):
            run.join()
            patched.undo()
            capture.start()
            capture.until(lambda: told(capture) or any("waits for" in message for message in messages))
    capture.sync()
    capture.stop()
    assert told(capture) == EVERY_ROW_ONCE


def test_a_stop_ends_the_waiting(capture: Capture) -> None:
    run = threading.Thread(target=capture.start)
    with logged() as messages, committing(capture, run, LAST_ROW):
        capture.until(lambda: any("nobody sees yet" in message for message in messages), "said")
        began = time.monotonic()
        capture.stop()
        assert time.monotonic() - began < 2
        assert capture.error is None
    with capture.running():
        capture.sync()
    assert told(capture) == EVERY_ROW_ONCE


@pytest.mark.parametrize("database", [" primary key"], ids=["by key"], indirect=True)
def test_a_delete_of_what_was_told_but_not_recorded(
    capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The later run's snapshot shows no row any more: the delete must not be held for an older one."""
    monkeypatch.setattr(MemoryWriter, "exactly_once", False)
    cut(capture, 1)
    for key, _ in list(capture.log.state("offsets").items()):
        capture.log.state("offsets").put(key, None)
    assert told(capture)[1] == 1
    run = threading.Thread(target=capture.start)
    with logged() as messages, committing(capture, run, "delete from t where id = 1"):
        capture.until(lambda: told(capture)[2] > 1 or any("nobody sees yet" in m for m in messages))
    capture.sync()
    capture.stop()
    assert [event.op for event in capture.events("t") if event.row["id"] == 1] == ["r", "d"]
