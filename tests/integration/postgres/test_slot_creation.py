"""The slot is made: what a kill leaves, who is waited for, and how a stop ends the waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdc.sources.postgres import PostgresSource
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.replication import ReplicationStream
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from tests.integration.postgres.capture import Capture, logged
from tests.servers.postgres import Database


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def capture(database: Database, tmp_path: Path) -> Capture:
    database.execute("create table t (id int primary key); insert into t select generate_series(1, 5)")
    database.execute("create table blind (id int); insert into blind select generate_series(1, 5)")
    return Capture(database, log=EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)})))


def killed(capture: Capture, monkeypatch: pytest.MonkeyPatch, **options: str) -> None:
    """Start, and die when there is the slot and nothing else."""

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(PostgresSource, "_start_snapshot", die)
        assert isinstance(capture.failure(**options), Killed)
    assert capture.database.slots() == [capture.slot]


@pytest.mark.parametrize("kills", [1, 2])
def test_a_kill_before_the_first_commit_makes_no_needless_deletes(
    capture: Capture, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    for _ in range(kills):
        killed(capture, monkeypatch)
    for statement in (
        "delete from t where id = 2",
        "insert into t values (6)",
        "delete from t where id = 6",
        "update t set id = 7 where id = 3",
        "insert into blind values (6)",
    ):
        capture.database.execute(statement)
    with capture.running():
        capture.sync()
        capture.database.execute("delete from t where id = 7")
        capture.sync()
    assert sorted(capture.rows("t")) == [("d", 7), ("r", 1), ("r", 4), ("r", 5), ("r", 7)]
    assert sorted(capture.rows("blind")) == [("r", n) for n in range(1, 7)]


def test_a_kill_while_a_later_slot_is_made(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The offset of before the slot would seem to be one of a slot that was made anew."""
    options = {"slot.drop.on.stop": "true", "snapshot.mode": "always"}
    with capture.running(**{name.replace(".", "_"): value for name, value in options.items()}):
        capture.sync()
    assert capture.database.slots() == []
    killed(capture, monkeypatch)
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("r", n) for n in range(1, 6)] * 2


@pytest.fixture
def open_transaction(database: Database) -> Iterator[Any]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("begin; select pg_current_xact_id()")
        yield connection


def waits(database: Database) -> bool:
    query = "select 1 from pg_stat_activity where datname = %s and backend_type = 'walsender'"
    return bool(database.execute(f"{query} and wait_event_type = 'Lock'", [database.name]))


def test_a_stop_ends_the_waiting(capture: Capture, open_transaction: Any) -> None:
    with logged() as messages:
        capture.start()
        capture.until(lambda: waits(capture.database), "waiting")
        capture.until(lambda: any("waits" in message for message in messages), "said")
        began = time.monotonic()
        capture.stop()
    assert time.monotonic() - began < 2
    assert capture.error is None
    (message,) = (message for message in messages if f"slot {capture.slot} waits" in message)
    assert f"PID {open_transaction.info.backend_pid} (user postgres" in message
    assert "idle in transaction" in message
    assert capture.database.slots() == []
    open_transaction.rollback()
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("r", n) for n in range(1, 6)]


def test_it_goes_on_when_the_transaction_ends(capture: Capture, open_transaction: Any) -> None:
    capture.start()
    capture.until(lambda: waits(capture.database), "waiting")
    open_transaction.execute("insert into t values (6)")
    open_transaction.commit()
    capture.sync()
    capture.stop()
    assert capture.rows("t") == [("r", n) for n in range(1, 7)]


def test_a_later_run_that_begins_a_table_without_a_key_waits_as_well(
    capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(capture, monkeypatch)
    with capture.database.connect(autocommit=False) as connection, logged() as messages:
        with connection.transaction():
            connection.execute("insert into blind values (6)")
            with connection.transaction():
                connection.execute("insert into blind values (7)")
            capture.start()
            capture.until(lambda: waits(capture.database), "waiting")
            capture.until(lambda: any("waits" in message for message in messages), "said")
        capture.sync()
    capture.stop()
    assert capture.error is None
    assert capture.rows("blind") == [("r", n) for n in range(1, 8)]
    assert capture.database.slots() == [capture.slot]


def test_a_stop_ends_the_waiting_for_a_busy_slot(capture: Capture) -> None:
    with capture.running():
        capture.sync()
    former = ReplicationStream(PostgresConfig(capture.options))
    parameters = {"proto_version": "1", "publication_names": capture.options["publication.name"]}
    former.start(capture.slot, 0, parameters)
    capture.start({"slot.max.retries": "100", "slot.retry.delay.ms": "60000"})
    time.sleep(1)
    began = time.monotonic()
    capture.stop()
    former.close()
    assert time.monotonic() - began < 2
    assert capture.error is None
