"""What each snapshot mode reads at the first start and at the next, and what else decides about the rows."""

from __future__ import annotations

import time

import pytest

from cdc.errors import ServerNotReady
from cdc.sources.mysql import select_rows
from tests.integration.mysql.capture import Capture, logged
from tests.servers.mysql import MySQLServer

BASED = "snapshot.mode.configuration.based"


@pytest.fixture(params=["mysql", "mariadb", "mariadb11"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def captured(server: MySQLServer, options: dict[str, str] | None = None) -> Capture:
    """Return a connector on two rows of a table `t`."""
    capture = Capture(server, options)
    capture.execute("create table t (id int primary key)", "insert into t values (1), (2)")
    return capture


def markers(capture: Capture, table: str) -> list[str]:
    return [event.value["source"]["snapshot"] for event in capture.events(table)]


# -- modes ---------------------------------------------------------------------------------------


def test_initial_reads_once(server: MySQLServer) -> None:
    capture = captured(server)
    with capture.running():
        capture.execute("insert into t values (3)")
        capture.sync()
    capture.execute("insert into t values (4)")
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2), ("c", 3), ("c", 4)]
    # The harness's own table comes before it, and is empty.
    assert markers(capture, "t") == ["first_in_data_collection", "last", "false", "false"]
    source = capture.events("t")[0].value["source"]
    assert (source["server_id"], source["row"], source["thread"]) == (0, 0, None)
    assert source["pos"] > 0


def test_initial_only_ends(server: MySQLServer) -> None:
    capture = captured(server, {"snapshot.mode": "initial_only"})
    capture.finish()
    capture.execute("insert into t values (3)")
    capture.finish()
    assert capture.rows("t") == [("r", 1), ("r", 2)]


def test_always_reads_at_every_start(server: MySQLServer) -> None:
    capture = captured(server, {"snapshot.mode": "always"})
    with capture.running():
        capture.execute("insert into t values (3)")
        capture.sync()
    capture.execute("delete from t where id = 1")
    with capture.running():
        capture.execute("insert into t values (5)")
        capture.sync()
    # The second snapshot begins where it reads: what was before is in its rows.
    assert capture.rows("t") == [("r", 1), ("r", 2), ("c", 3), ("r", 2), ("r", 3), ("c", 5)]


@pytest.mark.parametrize("mode", ["no_data", "schema_only"])
def test_the_definitions_alone(server: MySQLServer, mode: str) -> None:
    capture = captured(server, {"snapshot.mode": mode})
    with capture.running():
        capture.execute("insert into t values (3)")
        capture.sync()
    assert capture.rows("t") == [("c", 3)]
    assert any(change["ddl"].startswith("CREATE TABLE `t`") for change in capture.schema_changes())


def test_never_reads_the_log_from_its_beginning(server: MySQLServer) -> None:
    capture = captured(server, {"snapshot.mode": "never"})
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("c", 2)]
    with capture.running():
        capture.execute("insert into t values (3)")
        capture.sync()
    assert capture.rows("t") == [("c", 1), ("c", 2), ("c", 3)]


@pytest.mark.parametrize("mode", ["recovery", "schema_only_recovery"])
def test_a_recovery_needs_an_offset(server: MySQLServer, mode: str) -> None:
    capture = captured(server, {"snapshot.mode": mode})
    failure = capture.failure()
    assert isinstance(failure, ServerNotReady)
    assert "no_data" in failure.hint
    with capture.running(**{"snapshot.mode": "initial"}):
        capture.sync()
    capture.execute("insert into t values (3)")
    with capture.running(**{"snapshot.mode": mode}):
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2), ("c", 3)]


@pytest.mark.parametrize(("data", "stream"), [(True, True), (True, False), (False, True)])
def test_configuration_based(server: MySQLServer, data: bool, stream: bool) -> None:
    options = {
        "snapshot.mode": "configuration_based",
        f"{BASED}.snapshot.schema": "true",
        f"{BASED}.snapshot.data": str(data).lower(),
        f"{BASED}.start.stream": str(stream).lower(),
    }
    capture = captured(server, options)
    if not stream:
        capture.finish()
    else:
        with capture.running():
            capture.execute("insert into t values (3)")
            capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2)] * data + [("c", 3)] * stream


# -- which rows ----------------------------------------------------------------------------------


def test_tables_that_are_included(server: MySQLServer) -> None:
    capture = captured(server, {"snapshot.include.collection.list": r".*\.[T]"})
    capture.execute("create table u (id int primary key)", "insert into u values (1)")
    with capture.running():
        capture.execute("insert into u values (2)")
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2)]
    assert capture.rows("u") == [("c", 2)]


def test_a_snapshot_that_reads_nothing_names_the_lists(server: MySQLServer) -> None:
    capture = captured(server, {"snapshot.mode": "initial_only", "snapshot.include.collection.list": "b.t"})
    with logged() as messages:
        capture.finish()
    (warning,) = [message for message in messages if "reads nothing" in message]
    assert "there is no table on 127.0.0.1:" in warning
    assert "snapshot.include.collection.list=b.t" in warning


def test_a_statement_instead_of_the_table(server: MySQLServer) -> None:
    capture = captured(server)
    name = f"{capture.database}.t"
    capture.options |= {
        "snapshot.select.statement.overrides": name,
        f"snapshot.select.statement.overrides.{name}": f"SELECT * FROM {name} WHERE id > 1 ORDER BY id;",
    }
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("r", 2)]


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_the_order_by_row_count(server: MySQLServer, order: str) -> None:
    capture = Capture(server, {"snapshot.tables.order.by.row.count": order})
    for table, count in (("a", 400), ("b", 2), ("c", 90)):
        rows = ", ".join(f"({number})" for number in range(count))
        capture.execute(f"create table {table} (id int primary key)", f"insert into {table} values {rows}")
        capture.execute(f"analyze table {table}")
    with capture.running():
        capture.sync()
    told = dict.fromkeys(event.topic.rpartition(".")[2] for event in capture.events() if event.op == "r")
    found = [table for table in told if table in ("a", "b", "c")]
    assert found == (["b", "c", "a"] if order == "ascending" else ["a", "c", "b"])


@pytest.mark.parametrize("rows", ["1", "100000"])
def test_the_sizes_of_fetches_change_nothing(server: MySQLServer, rows: str) -> None:
    capture = captured(server, {"snapshot.fetch.size": rows, "min.row.count.to.stream.results": rows})
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2)]


def test_a_table_without_a_key_that_is_cut_comes_again_from_its_start(
    server: MySQLServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(select_rows, "READ_BYTES", 1 << 12)
    capture = Capture(server)
    capture.execute("create table blind (id int, pad char(200) default 'x')")
    numbers = ", ".join(f"({number})" for number in range(600))
    capture.execute(f"insert into blind (id) values {numbers}")
    task = capture.task()
    task.source.open(task._context())
    while not (told := len(capture.events("blind"))):
        window = task.source.read(1, 0.1)
        assert window is not None
        task._deliver(window)
        task._commit()
    task._close()
    assert told < 600
    with capture.running():
        capture.sync()
    assert [event.row["id"] for event in capture.events("blind")] == [*range(told), *range(600)]


# -- locks and patience --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["minimal", "extended"])
def test_a_table_without_transactions(server: MySQLServer, mode: str) -> None:
    """What has no transactions is read as it is; the extended lock keeps it as it was."""
    capture = Capture(server, {"snapshot.locking.mode": mode})
    capture.execute("create table t (id int primary key) engine = MyISAM", "insert into t values (1)")
    task = capture.task()
    with logged() as messages:
        task.source.open(task._context())
    change = "insert into t values (2)"
    impatient = server.connect(capture.database, init_command="set lock_wait_timeout = 1")
    with impatient, impatient.cursor() as cursor:
        if mode == "extended":
            with pytest.raises(Exception, match="Lock wait timeout"):
                cursor.execute(change)
        else:
            cursor.execute(change)
    task._close()
    assert any("no transactions" in message for message in messages) == (mode == "minimal")


@pytest.mark.parametrize("mode", ["minimal_percona", "minimal_percona_no_table_locks"])
def test_perconas_lock_needs_percona(mysql: MySQLServer, mode: str) -> None:
    capture = captured(mysql, {"snapshot.locking.mode": mode})
    failure = capture.failure()
    assert isinstance(failure, ServerNotReady)
    assert "Percona Server" in str(failure)
    assert "snapshot.locking.mode=minimal" in failure.hint


def test_the_server_does_not_lose_patience(server: MySQLServer) -> None:
    """The log of changes may be slower than what the server waits for a reader by default."""
    capture = Capture(server)
    digits = "(select 0 d union select 1 union select 2 union select 3 union select 4)"
    many = " cross join ".join(f"{digits} d{number}" for number in range(6))
    capture.execute(
        "create table t (id int primary key auto_increment, pad varchar(2000))",
        f"insert into t (pad) select repeat('x', 2000) from {many}",
    )
    settings = ("wait_timeout", "net_write_timeout", "interactive_timeout")
    before = {name: server.execute(f"select @@global.{name}")[0][0] for name in settings}
    try:
        for name in settings:
            server.execute(f"set global {name} = 1")
        task = capture.task()
        task.source.open(task._context())
        count, windows = 0, 0
        while (window := task.source.read(1, 0.1)) is not None:
            count += sum(len(batch) for batch in window.batches if batch.topic.endswith(".t"))
            windows += 1
            if windows in (20, 40):
                time.sleep(2)
            if count == 15625:
                break
        task._close()
    finally:
        for name, value in before.items():
            server.execute(f"set global {name} = {value}")
    assert count == 15625
