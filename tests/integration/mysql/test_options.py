"""Options that decide what else comes than rows, and what stands in the way."""

from __future__ import annotations

import pytest

from cdc.errors import AccessDenied, ServerNotReady
from cdc.plugin import PluginKind, Source, find
from tests.integration.mysql.capture import Capture
from tests.servers.mysql import MySQLServer

NO_DATA = {"snapshot.mode": "no_data"}


def problems(capture: Capture) -> list[str]:
    """Return what `cdc validate` finds wrong."""
    plugin = find(PluginKind.SOURCE, capture.options["connector.class"])
    cls: type[Source] = plugin.cls
    return list(cls.check(plugin.config_class(capture.options)))


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_statements_behind_rows(server: MySQLServer, wanted: str) -> None:
    capture = Capture(server, {**NO_DATA, "include.query": wanted})
    capture.execute("create table t (id int primary key)")
    logs = [] if server.name == "mariadb" else ["set binlog_rows_query_log_events = on"]
    with capture.running():
        capture.execute(
            *logs, "begin", "insert into t values (1), (2)", "delete from t where id = 1", "commit"
        )
        capture.sync()
    queries = [event.value["source"]["query"] for event in capture.events("t")]
    said = ["insert into t values (1), (2)"] * 2 + ["delete from t where id = 1"]
    assert queries == (said if wanted == "true" else [None] * 3)


def test_schema_changes_are_told_or_not(server: MySQLServer) -> None:
    told = Capture(server, NO_DATA)
    silent = Capture(server, {**NO_DATA, "include.schema.changes": "false"})
    for capture in (told, silent):
        with capture.running():
            capture.execute("create table t (id int primary key)", "insert into t values (1)")
            capture.sync()
        assert capture.rows("t") == [("c", 1)]
    (change,) = [c for c in told.schema_changes() if "create table t " in c["ddl"]]
    assert change["databaseName"] == told.database
    ((found),) = change["tableChanges"]
    assert (found["type"], found["id"]) == ("CREATE", f'"{told.database}"."t"')
    assert silent.topic("p") == []


def test_heartbeats(server: MySQLServer) -> None:
    capture = Capture(server, {**NO_DATA, "heartbeat.interval.ms": "100"})
    capture.execute("create table beats (n int)")
    capture.options["heartbeat.action.query"] = f"insert into {capture.database}.beats values (1)"
    with capture.running():
        first = capture.offset()
        capture.until(lambda: len(capture.topic("__debezium-heartbeat.p")) > 3, "beating")
        capture.until(lambda: len(capture.events("beats")) > 2, "in the log")
        capture.until(lambda: capture.offset() != first, "further")
    assert capture.topic("__debezium-heartbeat.p")[0].key == {"serverName": "p"}


def test_transaction_metadata(server: MySQLServer) -> None:
    capture = Capture(server, {**NO_DATA, "provide.transaction.metadata": "true"})
    capture.execute("create table t (id int primary key)", "create table u (id int primary key)")
    with capture.running():
        capture.execute("begin", "insert into t values (1), (2)", "insert into u values (1)", "commit")
        capture.sync()
    events = [event for event in capture.events() if event.topic.endswith((".t", ".u"))]
    orders = [event.value["transaction"]["total_order"] for event in events]
    assert sorted(orders) == [1, 2, 3]
    identity = events[0].value["transaction"]["id"]
    assert identity == events[0].value["source"]["gtid"]
    begin, end = [e.value for e in capture.topic("p.transaction") if e.value["id"] == identity]
    assert (begin["status"], end["status"], end["event_count"]) == ("BEGIN", "END", 3)
    counts = {found["data_collection"]: found["event_count"] for found in end["data_collections"]}
    assert counts == {f"{capture.database}.t": 2, f"{capture.database}.u": 1}


def test_a_connector_of_the_other_product(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    other = "mariadb" if server.name == "mysql" else "mysql"
    capture.options["connector.class"] = other
    failure = capture.failure()
    assert isinstance(failure, ServerNotReady)
    assert "connector.class=io.debezium" in str(failure)
    assert problems(capture) == [str(failure)]


def test_two_connectors_with_one_id(server: MySQLServer) -> None:
    first, second = Capture(server, NO_DATA), Capture(server, NO_DATA)
    first.start()
    first.until(first._started.is_set)
    first.sync()
    try:
        with second.running():
            second.sync()
            with pytest.raises(ServerNotReady, match="server_id"):
                first.until(lambda: False)
    finally:
        first.stop()


def user(server: MySQLServer, capture: Capture, *grants: str) -> None:
    """Let the connector be somebody who may do little."""
    name = f"u_{capture.database}"
    server.execute(f"create user if not exists {name} identified by 'secret'")
    for grant in grants:
        server.execute(f"grant {grant} to {name}")
    capture.options |= {"database.user": name, "database.password": "secret"}


RIGHTS = ("select on *.*", "reload on *.*", "replication slave on *.*", "replication client on *.*")


@pytest.mark.parametrize("missing", [2, 3])
def test_rights_that_are_missing(server: MySQLServer, missing: int) -> None:
    capture = Capture(server, NO_DATA)
    user(server, capture, *(right for number, right in enumerate(RIGHTS) if number != missing))
    failure = capture.failure()
    assert isinstance(failure, AccessDenied)
    (problem,) = problems(capture)
    for text in (str(failure), problem):
        assert "GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.*" in text
        assert "secret" not in text


def test_the_rights_that_are_documented_are_enough(server: MySQLServer) -> None:
    capture = Capture(server, {"snapshot.mode": "initial"})
    capture.execute("create table t (id int primary key)", "insert into t values (1)")
    user(server, capture, *RIGHTS)
    assert problems(capture) == []
    with capture.running():
        capture.execute("insert into t values (2)")
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("c", 2)]


def test_a_format_without_rows(server: MySQLServer) -> None:
    capture = Capture(server, NO_DATA)
    server.execute("set global binlog_format = 'STATEMENT'")
    try:
        failure = capture.failure()
        assert isinstance(failure, ServerNotReady)
        assert "SET GLOBAL binlog_format = 'ROW'" in str(failure)
        assert problems(capture) == [str(failure)]
    finally:
        server.execute("set global binlog_format = 'ROW'")


@pytest.mark.parametrize(("skipped", "expected"), [("none", "cudt"), ("t,u", "cd"), ("c,d", "ut")])
def test_operations_that_are_skipped(server: MySQLServer, skipped: str, expected: str) -> None:
    capture = Capture(server, {**NO_DATA, "skipped.operations": skipped})
    capture.execute("create table t (id int primary key, v int)")
    with capture.running():
        capture.execute(
            "insert into t values (1, 1)", "update t set v = 2", "delete from t", "truncate table t"
        )
        capture.until(lambda: len(capture.events("t")) >= len(expected), "in the log")
    assert "".join(event.op for event in capture.events("t")) == expected
