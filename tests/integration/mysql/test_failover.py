"""The connector changes servers: by GTID nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cdc.errors import PositionLost
from tests.integration.mysql.capture import Capture, read_on
from tests.integration.mysql.replication import caught_up, pair, promote
from tests.servers.mariadb import MariaDBServer
from tests.servers.mysql import MySQLServer
from tests.servers.policy import require

Pair = tuple[MySQLServer, MySQLServer]


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def servers(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Return a primary and its replica; the last test kills the one."""
    with require(request.param), pair(MySQLServer if request.param == "mysql" else MariaDBServer) as found:
        yield found


def fail_over(capture: Capture, server: MySQLServer) -> None:
    """Let the connector, and who writes, go to another server."""
    capture.server = server
    capture.options["database.port"] = str(server.port)


@pytest.mark.parametrize("metadata", ["false", "true"])
def test_in_the_middle_of_a_transaction(servers: Pair, metadata: str) -> None:
    """The new server has another transaction before the one that is half read."""
    primary, replica = servers
    capture = Capture(primary, {"snapshot.mode": "no_data", "provide.transaction.metadata": metadata})
    capture.execute("create table t (id int primary key, v varchar(5000))")
    with capture.running():
        capture.sync()
    caught_up(replica, primary)
    replica.execute("stop slave")
    capture.execute(
        "begin", *(f"insert into t values ({number}, repeat('x', 3000))" for number in range(9)), "commit"
    )
    seen, offset = read_on(capture, capture.offset(), 3)
    half = offset["event"]
    fail_over(capture, replica)
    own = ["set gtid_domain_id = 5"] if replica.name == "mariadb" else []
    capture.execute(*own, "insert into t values (100, 'a')", "insert into t values (101, 'b')")
    replica.execute("start slave")
    caught_up(replica, primary)
    for _ in range(40):
        more, offset = read_on(capture, offset, 1)
        seen += more
        if len(seen) >= 11:
            break
    assert half > 1
    assert len(seen) == 11
    assert read_on(capture, offset, 2)[0] == []


def test_a_replica_that_is_behind(servers: Pair) -> None:
    primary, replica = servers
    capture = Capture(primary, {"snapshot.mode": "no_data"})
    capture.execute("create table t (id int primary key)")
    caught_up(replica, primary)
    replica.execute("stop slave")
    with capture.running():
        capture.execute("insert into t values (1)")
        capture.sync()
    fail_over(capture, replica)
    failure = capture.failure()
    replica.execute("start slave")
    assert isinstance(failure, PositionLost)
    assert "does not have transactions that were read before" in str(failure)


def test_snapshot_here_and_stream_there(servers: Pair) -> None:
    primary, replica = servers
    capture = Capture(primary, {"snapshot.mode": "initial"})
    capture.execute("create table t (id int primary key, v varchar(20))", "insert into t values (1, 'a')")
    with capture.running():
        # A table altered before the snapshot comes to it waits for the next try of a worker.
        capture.until(lambda: bool(capture.rows("t")), "read")
        capture.execute("insert into t values (2, 'b')", "alter table t add w int default 7")
        capture.sync()
    # Between the servers: what is only in the new one's log, under the old one's GTIDs, and its own.
    capture.execute("insert into t values (3, 'c', 3)", "alter table t drop v")
    caught_up(replica, primary)
    primary.kill()
    promote(replica)
    # The file names of the two are the same, what is in them is not.
    replica.execute("flush binary logs")
    fail_over(capture, replica)
    capture.execute("insert into t values (4, 4)")
    with capture.running():
        capture.execute("update t set w = 5 where id = 4")
        capture.sync()
    assert capture.rows("t") == [
        ("r", 1, "a"),
        ("c", 2, "b"),
        ("c", 3, "c", 3),
        ("c", 4, 4),
        ("u", 4, 5),
    ]
