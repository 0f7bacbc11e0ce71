"""Where the server no longer has what comes next: it is said, or a new snapshot is taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cdc.errors import ConnectionFailed, PositionLost
from tests.integration.mysql.binary_log import purge
from tests.integration.mysql.capture import Capture
from tests.servers.mysql import MySQLServer
from tests.servers.policy import require

NO_DATA = {"snapshot.mode": "no_data"}


@pytest.fixture(scope="module")
def no_gtids() -> Iterator[MySQLServer]:
    """Return a MySQL without GTIDs, as it comes."""
    with require("mysql"):
        server = MySQLServer(options={"gtid-mode": "OFF", "enforce-gtid-consistency": "OFF"}).start()
    yield server
    server.kill()


def stopped(server: MySQLServer, options: dict[str, str] = NO_DATA) -> Capture:
    """Return a connector that was there, and has stopped before a row that it has not seen."""
    capture = Capture(server, options)
    capture.execute("create table t (id int primary key)")
    with capture.running():
        capture.execute("insert into t values (1)")
        capture.sync()
    capture.execute("insert into t values (2)")
    return capture


def test_purged_while_down(server: MySQLServer) -> None:
    capture = stopped(server)
    purge(server)
    failure = capture.failure()
    assert isinstance(failure, PositionLost)
    assert "purged" in str(failure)
    assert "when_needed" in failure.hint


def test_when_needed_reads_the_tables_anew(server: MySQLServer) -> None:
    capture = stopped(server, {"snapshot.mode": "when_needed"})
    capture.execute("alter table t add v int")
    purge(server)
    with capture.running():
        capture.execute("insert into t values (3, 3)")
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("r", 1, None), ("r", 2, None), ("c", 3, 3)]
    with capture.running():
        capture.execute("insert into t values (4, 4)")
        capture.sync()
    assert capture.rows("t")[4:] == [("c", 4, 4)]


def test_rotated_while_down(server: MySQLServer) -> None:
    capture = stopped(server)
    capture.execute("flush binary logs", "insert into t values (3)", "flush binary logs")
    with capture.running():
        capture.execute("flush binary logs", "insert into t values (4)")
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("c", 2), ("c", 3), ("c", 4)]


def test_gtids_that_the_server_never_had(server: MySQLServer) -> None:
    capture = stopped(server)
    offset = capture.offset()
    assert offset is not None
    strange = "7-8-9" if server.name == "mariadb" else "11111111-2222-3333-4444-555555555555:1-9"
    capture.set_offset({**offset, "gtids": f"{offset['gtids']},{strange}"})
    failure = capture.failure()
    assert isinstance(failure, PositionLost)
    assert strange in str(failure)


def test_without_gtids(no_gtids: MySQLServer) -> None:
    capture = stopped(no_gtids)
    capture.execute("flush binary logs", "insert into t values (3)")
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("c", 2), ("c", 3)]
    assert [event.value["source"]["gtid"] for event in capture.events("t")] == [None] * 3
    offset = capture.offset()
    assert offset is not None
    assert "gtids" not in offset


def test_without_gtids_a_purged_file_is_named(no_gtids: MySQLServer) -> None:
    capture = stopped(no_gtids)
    file = (capture.offset() or {})["file"]
    purge(no_gtids)
    failure = capture.failure()
    assert isinstance(failure, PositionLost)
    assert file in str(failure)


def test_without_gtids_another_server_is_no_place_to_go_on(no_gtids: MySQLServer, mysql: MySQLServer) -> None:
    capture = stopped(no_gtids)
    capture.options["database.port"] = str(mysql.port)
    failure = capture.failure()
    assert isinstance(failure, PositionLost)
    assert "gtid_mode=ON" in failure.hint


def test_a_log_that_begins_anew(no_gtids: MySQLServer) -> None:
    capture = stopped(no_gtids)
    offset = capture.offset()
    assert offset is not None
    no_gtids.execute("reset master")
    capture.set_offset({**offset, "file": "binlog.000001", "pos": 100_000_000})
    failure = capture.failure()
    assert isinstance(failure, PositionLost)
    assert "behind the end of binlog.000001" in str(failure)


def test_a_server_that_restarts_in_the_stream(no_gtids: MySQLServer) -> None:
    capture = stopped(no_gtids)
    capture.start()
    capture.until(capture._started.is_set)
    capture.sync()
    no_gtids.restart()
    with pytest.raises(ConnectionFailed):
        capture.until(lambda: False)
    capture.stop()
    capture.execute("insert into t values (3)")
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("c", 2), ("c", 3)]
