"""The slot: found, created, busy, lost, dropped; and the server that it is on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from cdc.errors import ConnectionFailed, PositionLost, ResourceBusy, ServerNotReady
from cdc.sources.postgres import PostgresConfig
from cdc.sources.postgres.replication import ReplicationStream
from tests.integration.postgres.capture import Capture
from tests.servers.postgres import Database, PostgresServer


@pytest.fixture
def capture(database: Database) -> Capture:
    """Return a connector that has read a table and was stopped."""
    database.execute("create table t (id int primary key); insert into t values (1)")
    capture = Capture(database)
    with capture.running():
        capture.sync()
    return capture


def test_missing(capture: Capture) -> None:
    capture.database.execute("select pg_drop_replication_slot(%s)", [capture.slot])
    error = capture.failure()
    assert isinstance(error, PositionLost)
    assert capture.slot in str(error)
    assert "when_needed" in str(error)
    assert "offsets" in str(error)


def test_made_anew(capture: Capture) -> None:
    capture.database.execute("select pg_drop_replication_slot(%s)", [capture.slot])
    capture.database.execute("insert into t values (2)")
    capture.database.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", [capture.slot])
    error = capture.failure()
    assert isinstance(error, PositionLost)
    assert "created anew" in str(error)
    with capture.running(offset_mismatch_strategy="trust_slot"):
        capture.database.execute("insert into t values (3)")
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("c", 3)]


def test_of_another_plugin(database: Database) -> None:
    capture = Capture(database)
    database.execute("select pg_create_logical_replication_slot(%s, 'test_decoding')", [capture.slot])
    error = capture.failure()
    assert isinstance(error, ServerNotReady)
    assert "test_decoding" in str(error)
    assert "slot.name" in str(error)


def test_active_elsewhere(capture: Capture) -> None:
    other = Capture(capture.database, {"slot.name": capture.slot, "slot.max.retries": "2"})
    with capture.running():
        capture.sync()
        error = other.failure()
    assert isinstance(error, ResourceBusy)
    assert error.retry
    assert capture.slot in str(error)


def test_waits_for_a_former_run_to_leave(capture: Capture) -> None:
    former = ReplicationStream(PostgresConfig(capture.options))
    former.start(
        capture.slot, 0, {"proto_version": "1", "publication_names": capture.options["publication.name"]}
    )
    capture.start({"slot.max.retries": "20"})
    capture.database.execute("insert into t values (2)")
    time.sleep(0.5)
    former.close()
    capture.sync()
    capture.stop()
    assert capture.rows("t") == [("r", 1), ("c", 2)]


def test_dropped_at_an_orderly_stop(database: Database) -> None:
    database.execute("create table t (id int primary key); insert into t values (1)")
    capture = Capture(database, {"slot.drop.on.stop": "true"})
    with capture.running():
        capture.sync()
    assert database.slots() == []
    with capture.running():
        database.execute("insert into t values (2)")
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("c", 2)]


def test_not_dropped_after_an_error(database: Database) -> None:
    capture = Capture(database, {"slot.drop.on.stop": "true"})
    capture.start()
    capture.sync()
    database.execute(
        "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = %s",
        [capture.slot],
    )
    with pytest.raises(ConnectionFailed):
        capture.until(lambda: False)
    capture.stop()
    assert database.slots() == [capture.slot]


def test_another_server(capture: Capture) -> None:
    capture.set_offset({**(capture.offset() or {}), "system_id": "7"})
    error = capture.failure()
    assert isinstance(error, PositionLost)
    assert "system identifier 7" in str(error)
    assert "database.hostname" in str(error)


def test_stream_parameters(database: Database) -> None:
    database.execute("create table t (id int primary key)")
    with Capture(database, {"slot.stream.params": "messages=true; origin=any"}).running() as capture:
        database.execute("insert into t values (1)")
        capture.sync()
    assert capture.rows("t") == [("c", 1)]
    with pytest.raises(Exception, match="cannot be chosen"):
        Capture(database, {"slot.stream.params": "streaming=on"}).task()
    error = Capture(database, {"slot.stream.params": "nonsense=1"}).failure()
    assert "nonsense" in str(error)


def test_failover_slot(postgres17: PostgresServer) -> None:
    database = postgres17.create_database()
    with Capture(database, {"slot.failover": "true"}).running():
        found = database.execute(
            "select failover from pg_replication_slots where database = %s", [database.name]
        )
    database.drop()
    assert found == [(True,)]


# -- a server whose WAL may not be kept ----------------------------------------------------------


@pytest.fixture(scope="module")
def forgetful() -> Iterator[PostgresServer]:
    settings = {"max_slot_wal_keep_size": "1MB", "max_wal_size": "32MB", "min_wal_size": "32MB"}
    server = PostgresServer(17, settings=settings).start()
    yield server
    server.stop()


def _write_wal(database: Database) -> None:
    for _ in range(4):
        with database.connect() as connection:
            connection.execute("select pg_logical_emit_message(false, 'fill', repeat('x', 15000000))")
            connection.execute("select pg_switch_wal()")
            connection.execute("checkpoint")


def test_invalidated_while_down(forgetful: PostgresServer) -> None:
    database = forgetful.create_database()
    database.execute("create table t (id int primary key); insert into t values (1)")
    capture = Capture(database, {"message.prefix.include.list": "sync"})
    with capture.running():
        capture.sync()
    _write_wal(database)
    error = capture.failure()
    assert isinstance(error, PositionLost)
    assert "invalidated" in str(error)
    assert "max_slot_wal_keep_size" in str(error)
    database.execute("insert into t values (2)")
    with capture.running(snapshot_mode="when_needed"):
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 1), ("r", 2)]


def test_invalidated_while_running(forgetful: PostgresServer) -> None:
    """The log takes nothing, so that the slot cannot move; the server cuts the connection."""
    database = forgetful.create_database()
    capture = Capture(database)
    task = capture.task()
    source = task.source
    source.open(task._context())
    assert source.read(1 << 20, 0.1) is not None
    assert source.read(1 << 20, 0.1) is not None
    writing = threading.Thread(target=_write_wal, args=(database,))
    writing.start()
    with pytest.raises(ConnectionFailed):
        [source.read(1 << 20, 0.1) for _ in range(1000)]
    source.close()
    writing.join()
    capture.set_offset({"lsn_commit": 1})
    assert isinstance(capture.failure(offset_mismatch_strategy="trust_slot"), PositionLost)


def test_an_operator_advances_the_slot_with_our_offset(capture: Capture) -> None:
    """Advanced to where we are is no loss."""
    lsn = (capture.offset() or {})["lsn_commit"]
    with psycopg.connect(capture.database.dsn(), autocommit=True) as connection:
        connection.execute("select pg_replication_slot_advance(%s, '0/0'::pg_lsn + %s)", [capture.slot, lsn])
    with capture.running():
        capture.sync()
