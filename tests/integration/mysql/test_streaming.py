"""Changes of real servers as they come into the log."""

import pytest

from tests.integration.mysql.capture import Capture
from tests.servers.mysql import MySQLServer

NO_DATA = {"snapshot.mode": "no_data"}


@pytest.fixture(params=["mysql", "mariadb", "mariadb11", "mysql9"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """Return a server of each version that is supported."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def test_changes_arrive_with_their_source(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    capture.execute(
        "create table t (id int primary key, name varchar(20), n bigint unsigned)",
        "insert into t values (1, 'old', 5)",
    )
    with capture.running():
        capture.execute(
            "insert into t values (2, 'zwei', 2), (3, null, null)",
            "update t set name = 'alt' where id = 1",
            "delete from t where id = 3",
            "update t set id = 20 where id = 2",
        )
        capture.sync()
    assert capture.rows("t") == [
        ("c", 2, "zwei", 2),
        ("c", 3, None, None),
        ("u", 1, "alt", 5),
        ("d", 3, None, None),
        ("d", 2, "zwei", 2),
        ("c", 20, "zwei", 2),
    ]
    first, second, update, *_ = capture.events("t")
    assert update.value["before"] == {"id": 1, "name": "old", "n": 5}
    source = first.value["source"]
    assert source["connector"] == server.dialect
    assert (source["db"], source["table"], source["snapshot"]) == (capture.database, "t", "false")
    assert source["server_id"] == server.port
    assert (source["pos"], source["row"]) == (second.value["source"]["pos"], 0)
    assert second.value["source"]["row"] == 1
    assert source["gtid"]
    assert source["file"].startswith("binlog.")


def test_from_the_snapshot_on_through_a_restart(server: MySQLServer) -> None:
    capture = Capture(server, {"snapshot.mode": "initial"})
    capture.execute("create table t (id int primary key, v varchar(9))", "insert into t values (1, 'a')")
    with capture.running():
        # A table altered before the snapshot comes to it waits for the next try of a worker.
        capture.until(lambda: bool(capture.rows("t")), "read")
        capture.execute("insert into t values (2, 'b')", "alter table t add w int first")
        capture.sync()
    capture.execute("insert into t values (5, 3, 'c')", "flush binary logs", "alter table t drop v")
    with capture.running():
        capture.execute("delete from t where id < 3")
        capture.sync()
    assert capture.rows("t") == [
        ("r", 1, "a"),
        ("c", 2, "b"),
        ("c", 5, 3, "c"),
        ("d", None, 1),
        ("d", None, 2),
    ]
