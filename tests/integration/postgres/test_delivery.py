"""Every row once, in order, wherever the task or the server was stopped."""

from __future__ import annotations

import itertools
import resource
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cdc.errors import ConnectionFailed
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from tests.integration.postgres.capture import PREFIX, Capture
from tests.servers.postgres import Database, PostgresServer

METADATA = {"provide.transaction.metadata": "true"}


@pytest.fixture
def database(database: Database) -> Database:
    database.execute("create table t (id int primary key, v text); create table u (id int primary key)")
    return database


@pytest.fixture
def capture(database: Database, tmp_path: Path) -> Capture:
    """Return a connector with the embedded log that has started once."""
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)}))
    capture = Capture(database, {"snapshot.mode": "no_data"}, log)
    with capture.running():
        capture.sync()
    return capture


def step(capture: Capture, windows: int, max_bytes: int = 1) -> None:
    """Read and commit some windows, of one message each by default, and drop everything like a crash."""
    task = capture.task()
    source = task.source
    source.open(task._context())
    while windows:
        began = time.monotonic()
        window = source.read(max_bytes, 0.1)
        assert window is not None
        if window.offsets:
            task._deliver(window)
            task._commit()
            windows -= 1
        elif time.monotonic() - began > 0.09:
            break
    task._close()


def ids(capture: Capture, table: str = "t") -> list[int]:
    return [event.row["id"] for event in capture.events(table)]


def test_stopped_at_every_message(capture: Capture) -> None:
    """Interleaved transactions, rows that share an LSN, messages, a truncate: stopped after each one."""
    database = capture.database
    capture.options |= METADATA | {"skipped.operations": "none"}
    with database.connect(autocommit=False) as early, database.connect(autocommit=False) as late:
        early.execute("insert into t values (1)")
        late.execute("insert into u values (1)")
        early.execute("insert into t select i from generate_series(2, 6) i")
        late.execute("insert into u values (2)")
        late.commit()
        early.execute("select pg_logical_emit_message(true, 'in', 'x')")
        early.execute("insert into t values (7)")
        early.commit()
    with database.connect() as connection, connection.cursor().copy("copy t from stdin") as copy:
        copy.write("".join(f"{i}\tx\n" for i in range(8, 13)))
    database.execute("select pg_logical_emit_message(false, 'out', 'x')")
    database.execute("begin; update t set id = 100 where id = 8; truncate u; commit")
    for _ in range(34):
        step(capture, 1)
    with capture.running():
        capture.sync()
    assert ids(capture) == [*range(1, 13), 8, 100]
    assert [(e.op, (e.value["after"] or {}).get("id")) for e in capture.events("u")] == [
        ("c", 1),
        ("c", 2),
        ("t", None),
    ]
    prefixes = [event.key["prefix"] for event in capture.topic(f"{PREFIX}.message")]
    assert [prefix for prefix in prefixes if prefix != "sync"] == ["in", "out"]
    check_transactions(capture)


def check_transactions(capture: Capture) -> None:
    """Each transaction begins and ends once, and its events are numbered without gaps."""
    markers = [event.value for event in capture.topic(f"{PREFIX}.transaction")]
    events = [event.value for event in capture.all() if event.value and "source" in event.value]
    for begin, end in zip(markers[::2], markers[1::2], strict=True):
        assert (begin["status"], end["status"]) == ("BEGIN", "END")
        assert begin["id"] == end["id"]
        blocks = [
            e["transaction"] for e in events if e["transaction"] and e["transaction"]["id"] == begin["id"]
        ]
        assert sorted(block["total_order"] for block in blocks) == list(range(1, end["event_count"] + 1))
        assert sum(one["event_count"] for one in end["data_collections"]) == end["event_count"]


def test_stopped_in_a_big_transaction(capture: Capture) -> None:
    capture.database.execute("insert into t select i, repeat('x', 50) from generate_series(1, 20000) i")
    for windows in (3, 1, 5, 2):
        step(capture, windows, 1 << 17)
    with capture.running():
        capture.sync()
    assert ids(capture) == list(range(1, 20001))


def test_last_event_was_a_message_outside_of_transactions(capture: Capture) -> None:
    with capture.running():
        capture.database.execute("insert into t values (1)")
        capture.database.execute("select pg_logical_emit_message(false, 'last', 'x')")
        capture.sync()
    capture.database.execute("select pg_logical_emit_message(false, 'last', 'x')")
    capture.database.execute("checkpoint")
    step(capture, 1)
    capture.database.execute("insert into t values (2)")
    for _ in range(2):
        with capture.running():
            capture.sync()
    prefixes = [event.key["prefix"] for event in capture.topic(f"{PREFIX}.message")]
    assert prefixes.count("last") == 2
    assert ids(capture) == [1, 2]


def test_transactions_open_across_a_stop(capture: Capture) -> None:
    database = capture.database
    with database.connect(autocommit=False) as slow:
        slow.execute("insert into t values (1)")
        with capture.running():
            database.execute("insert into t values (2)")
            capture.sync()
        slow.execute("insert into t values (3)")
        with capture.running():
            database.execute("insert into t values (4)")
            capture.sync()
            slow.commit()
            capture.sync()
    with capture.running():
        capture.sync()
    assert ids(capture) == [2, 4, 1, 3]


def test_savepoints_and_rollbacks(capture: Capture) -> None:
    with capture.running():
        capture.database.execute(
            "begin; insert into t values (1); savepoint a; insert into t values (2); rollback to a;"
            "insert into t values (3); commit; begin; insert into t values (4); rollback"
        )
        capture.sync()
    assert ids(capture) == [1, 3]


# -- offsets of real Debezium --------------------------------------------------------------------


def debezium_offset(capture: Capture, done: int, **more: Any) -> dict[str, Any]:
    """Return what Debezium stores after so many rows of a transaction."""
    event = capture.events("t")[done - 1]
    source = event.value["source"]
    return {
        "lsn_proc": source["lsn"],
        "messageType": "INSERT",
        "lsn_commit": int(source["sequence"].split('"')[1]),
        "lsn": source["lsn"],
        "txId": source["txId"],
        "ts_usec": source["ts_us"],
        **more,
    }


@pytest.mark.parametrize("done", [1, 4, 10])
def test_resumes_from_debeziums_offset_in_a_transaction(database: Database, done: int) -> None:
    former = Capture(database, {"snapshot.mode": "no_data", "offset.mismatch.strategy": "no_validation"})
    database.execute("select pg_create_logical_replication_slot('other_' || %s, 'pgoutput')", [database.name])
    with former.running():
        former.sync()
        database.execute("begin; " + "".join(f"insert into t values ({i});" for i in range(1, 11)) + "commit")
        former.sync()
    ours = Capture(database, {"slot.name": f"other_{database.name}"})
    ours.set_offset(debezium_offset(former, done))
    with ours.running():
        database.execute("insert into t values (11)")
        ours.sync()
    assert ids(ours) == list(range(done + 1, 12))


def test_resumes_from_debeziums_count_of_events(database: Database) -> None:
    """Rows of one COPY share an LSN; Debezium counts those it has done."""
    database.execute("select pg_create_logical_replication_slot('other_' || %s, 'pgoutput')", [database.name])
    former = Capture(database, {"snapshot.mode": "no_data"})
    with former.running():
        former.sync()
        with database.connect() as connection, connection.cursor().copy("copy t from stdin") as copy:
            copy.write("".join(f"{i}\tx\n" for i in range(1, 9)))
        former.sync()
    lsns = {event.value["source"]["lsn"] for event in former.events("t")}
    assert len(lsns) == 1
    ours = Capture(database, {"slot.name": f"other_{database.name}"})
    ours.set_offset(debezium_offset(former, 8, lsn_events_processed=5))
    with ours.running():
        ours.sync()
    assert ids(ours) == [6, 7, 8]
    # Without the count nothing may be missed.
    again = Capture(
        database, {"slot.name": f"other_{database.name}", "offset.mismatch.strategy": "trust_slot"}
    )
    again.set_offset(debezium_offset(former, 8))
    database.execute("insert into t values (9)")
    with again.running():
        again.sync()
    assert ids(again)[-1] == 9


# -- keeping the connection, releasing WAL ---------------------------------------------------------


def test_keepalives_are_answered_while_the_log_is_busy(database: Database) -> None:
    """The log takes 7 s for a commit, the server would hang up after 2 s without a word."""
    database.execute(f"alter database {database.name} set wal_sender_timeout = '2s'")
    capture = Capture(database)
    task = capture.task()
    commit, blocked = task.writer.commit, threading.Event()

    def slow_commit(offsets: Any, tick: Any) -> None:
        if not blocked.is_set() and capture.database.execute("select count(*) from t") == [(1,)]:
            for _ in range(7):
                time.sleep(1)
                tick()
            blocked.set()
        commit(offsets, tick)

    task.writer.commit = slow_commit  # type: ignore[method-assign]
    capture._started.set()
    thread = threading.Thread(target=capture._run, args=(task,))
    thread.start()
    capture.until(lambda: database.slots(), "slot made")
    capture.sync()
    database.execute("insert into t values (1)")
    capture.until(blocked.is_set, "blocked")
    database.execute("insert into t values (2)")
    capture.sync()
    capture._stopping.set()
    thread.join()
    assert capture.error is None
    assert ids(capture) == [1, 2]


@pytest.mark.parametrize("other_database", [True, False])
def test_idle_releases_wal(database: Database, other_database: bool, postgres: PostgresServer) -> None:
    """Nothing of ours happens, elsewhere much does: the slot must follow."""
    options = {"status.update.interval.ms": "200", "publication.autocreate.mode": "filtered"}
    capture = Capture(database, options | {"table.include.list": "public.u"})
    with capture.running():
        capture.until(lambda: capture._started.is_set())
        target: Any = postgres if other_database else database
        table = f"elsewhere_{database.name}"
        target.execute(f"create table {table} (id int)")
        target.execute(f"insert into {table} select generate_series(1, 1000)")
        wanted = capture.wal()
        capture.until(lambda: capture.confirmed() >= wanted, "released")
    assert capture.events() == []
    target.execute(f"drop table {table}")
    with capture.running():
        database.execute("insert into u values (1)")
        capture.sync()
    assert ids(capture, "u") == [1]


def test_heartbeats(database: Database) -> None:
    database.execute("create table beats (id serial primary key)")
    options = {"heartbeat.interval.ms": "100", "heartbeat.action.query": "insert into beats default values"}
    with Capture(database, options).running() as capture:
        capture.until(lambda: len(capture.rows("beats")) > 2)
    beats = capture.topic(f"__debezium-heartbeat.{PREFIX}")
    assert beats[0].key == {"serverName": PREFIX}
    assert list(beats[0].value) == ["ts_ms"]


def test_a_wrong_heartbeat_query_is_named(database: Database) -> None:
    options = {"heartbeat.interval.ms": "100", "heartbeat.action.query": "insert into nowhere values (1)"}
    error = Capture(database, options).failure()
    assert "heartbeat.action.query" in str(error)
    assert "nowhere" in str(error)


def test_server_restarts_under_load(database: Database, postgres: PostgresServer, tmp_path: Path) -> None:
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)}))
    capture = Capture(database, {"slot.max.retries": "20"}, log)
    written = itertools.count(1)
    for round_ in range(2):
        capture.start()
        capture.sync()
        with database.connect(autocommit=False) as connection:
            for i in itertools.islice(written, 300):
                connection.execute("insert into t values (%s)", [i])
                if i % 3 == 0:
                    connection.commit()
            connection.commit()
        postgres.kill() if round_ else postgres.stop()
        with pytest.raises(ConnectionFailed) as raised:
            capture.until(lambda: False)
        assert raised.value.retry
        capture.stop()
        postgres.start()
    with capture.running():
        capture.sync()
    assert ids(capture) == list(range(1, 601))


# -- memory --------------------------------------------------------------------------------------


def test_one_transaction_of_300_000_rows_in_bounded_memory(database: Database) -> None:
    capture = Capture(database, {"snapshot.mode": "no_data"})
    task = capture.task()
    source = task.source
    source.open(task._context())
    database.execute("insert into t select i, repeat('x', 100) from generate_series(1, 300000) i")
    rows, largest, before = 0, 0, 0
    while rows < 300_000:
        window = source.read(1 << 20, 1)
        assert window is not None
        for batch in window.batches:
            rows += len(batch)
            task.encoder.encode(batch)
            largest = max(largest, len(batch))
        if rows > 30_000 and not before:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    task._close()
    assert rows == 300_000
    assert largest < 20_000
    assert after - before < 8 * 1024, "KB grown"
