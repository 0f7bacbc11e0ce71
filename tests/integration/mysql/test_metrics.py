"""What is counted of a real server, under the names of Debezium's metrics."""

from tests.integration.mysql.capture import SYNC, Capture
from tests.servers.mysql import MySQLServer


def test_snapshot_stream_and_schema_history(server: MySQLServer) -> None:
    capture = Capture(server, {"snapshot.mode": "initial", "snapshot.locking.mode": "extended"})
    capture.execute(
        "create table t (id int primary key)",
        "create table ignored (id int primary key)",
        "insert into t values (1), (2)",
    )
    capture.options["table.exclude.list"] = f"{capture.database}.ignored"
    with capture.running():
        capture.until(lambda: len(capture.rows("t")) == 2, "the snapshot")
        capture.execute(
            "insert into t values (3), (4)",
            "insert into ignored values (1)",
            "update t set id = 5 where id = 3",
        )
        capture.execute("alter table t add n int")
        capture.sync()
        running = dict(capture.metrics.values)
    table = f"{capture.database}.t"
    assert sorted(running["snapshot.CapturedTables"]) == [f"{capture.database}.{SYNC}", table]
    assert running["snapshot.TotalNumberOfEventsSeen"] == 2
    assert running["snapshot.LastEvent"] == f"operation: READ, table: {table}"
    assert (running["SnapshotCompleted"], running["HoldingGlobalLock"]) == (True, False)
    assert "SnapshotSkipped" not in running
    assert table in running["CapturedTables"]
    assert running["TotalNumberOfCreateEventsSeen"] >= 3
    assert running["NumberOfEventsFiltered"] == 1
    assert running["BinlogFilename"].startswith("binlog.")
    assert running["BinlogPosition"] > 4
    assert running["GtidSet"]
    assert running["IsGtidModeEnabled"] is True
    assert (running["Connected"], capture.metrics.values["Connected"]) == (True, False)
    assert (running["Status"], running["StatusCode"]) == ("RUNNING", 2)
    assert {"MilliSecondsSinceLastEvent", "MilliSecondsSinceLastAppliedChange"} <= set(capture.metrics.since)

    with capture.running():
        capture.sync()
        again = dict(capture.metrics.values)
    assert again["SnapshotSkipped"] is True
    assert again["ChangesRecovered"] >= again["ChangesApplied"] > 0
    assert again["RecoveryStartTime"] > 0
    assert capture.metrics.values["Status"] == "STOPPED"
