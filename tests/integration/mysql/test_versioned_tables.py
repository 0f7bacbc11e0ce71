"""MariaDB's tables WITH SYSTEM VERSIONING, and its sequences."""

from __future__ import annotations

import pytest

from tests.integration.mysql.capture import Capture, logged
from tests.servers.mariadb import MariaDBServer


@pytest.fixture(params=["mariadb", "mariadb11"])
def server(request: pytest.FixtureRequest) -> MariaDBServer:
    found: MariaDBServer = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("metadata", ["full", "no_log"])
@pytest.mark.parametrize("image", ["full", "minimal"])
def test_a_hidden_period(server: MariaDBServer, metadata: str, image: str) -> None:
    """What has been is no event: old rows in the log are history, and updates that end a row are deletes."""
    capture = Capture(server)
    sessions = (
        f"set session binlog_row_image = {image}",
        "set session system_versioning_alter_history = keep",
    )
    server.execute(f"set global binlog_row_metadata = {metadata}")
    try:
        capture.execute(
            "create table t (id int primary key, x int, d int as (x + 1) virtual) with system versioning",
            "insert into t (id, x) values (1, 1), (2, 2)",
            "update t set x = 10 where id = 1",
        )
        with capture.running():
            capture.sync()
            capture.execute(
                *sessions,
                "update t set x = x * 2",
                "delete from t where id = 2",
                "replace into t (id, x) values (1, 3)",
                "insert into t (id, x) values (1, 5) on duplicate key update x = 7",
                "delete history from t",
            )
            capture.sync()
        with capture.running():  # the history of schemas knows that the table is versioned
            capture.execute(*sessions, "alter table t add column z int", "update t set z = 1")
            capture.execute("alter table t drop system versioning", "delete from t")
            capture.sync()
    finally:
        server.execute("set global binlog_row_metadata = full")
    # REPLACE is an update since MariaDB 11.
    deleted = ("d", 1, 20 if image == "full" else None)
    replaced = [deleted, ("c", 1, 3)] if server.version == "10.11" else [("u", 1, 3)]
    assert [(event.op, event.row["id"], event.row["x"]) for event in capture.events("t") if event.value] == [
        ("r", 1, 10),
        ("r", 2, 2),
        ("u", 1, 20),
        ("u", 2, 4),
        ("d", 2, 4 if image == "full" else None),
        *replaced,
        ("u", 1, 7),
        ("u", 1, 7),
        ("d", 1, 7),
    ]


def test_updates_that_are_skipped_may_be_deletes(server: MariaDBServer) -> None:
    capture = Capture(server, {"snapshot.mode": "no_data", "skipped.operations": "u"})
    capture.execute("create table t (id int primary key, x int) with system versioning")
    with capture.running():
        capture.execute(
            "insert into t values (1, 1), (2, 2)", "update t set x = 5", "delete from t where id = 1"
        )
        capture.sync()
    assert capture.rows("t") == [("c", 1, 1), ("c", 2, 2), ("d", 1, 5)]


def test_a_period_of_ones_own(server: MariaDBServer) -> None:
    """Its end is part of the key: every period is a row."""
    capture = Capture(server)
    capture.execute(
        "create table t (id int primary key, x int, s timestamp(6) generated always as row start, "
        "e timestamp(6) generated always as row end, period for system_time (s, e)) with system versioning",
        "insert into t (id, x) values (1, 1)",
    )
    with capture.running():
        capture.sync()
        capture.execute("update t set x = 2", "delete from t")
        capture.sync()
    events = [event for event in capture.events("t") if event.value]
    assert [(event.op, event.row["x"]) for event in events] == [
        ("r", 1),
        ("u", 2),
        ("c", 1),
        ("d", 2),
        ("c", 2),
    ]
    assert len({event.key["e"] for event in events}) == 3


def test_sequences(server: MariaDBServer) -> None:
    capture = Capture(server)
    capture.execute(
        "create sequence known",
        "create table t (id int primary key default nextval(known), x int)",
        "insert into t (x) values (1)",
    )
    with logged() as messages, capture.running():
        capture.sync()
        capture.execute(
            "insert into t (x) values (2)",
            "select setval(known, 5000)",
            "create sequence new start with 7 nocache",
            "create table u (id int primary key default (next value for new), x int)",
            "insert into u (x) values (3)",
            "alter sequence new restart 100",
            "drop sequence known",
        )
        capture.sync()
    assert not messages
    assert capture.rows("t") == [("r", 1, 1), ("c", 2, 2)]
    assert capture.rows("u") == [("c", 7, 3)]
    assert not [event for event in capture.all() if event.topic.endswith((".known", ".new"))]
