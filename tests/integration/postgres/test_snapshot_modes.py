"""What each snapshot mode reads at the first start, at the next, and when the slot is gone."""

from __future__ import annotations

import pytest

from cdc.errors import PositionLost, ResourceBusy
from tests.integration.postgres.capture import PREFIX, Capture, config_warnings, logged
from tests.servers.postgres import Database


@pytest.fixture
def table(database: Database) -> Database:
    database.execute("create table t (id int primary key); insert into t values (1), (2)")
    return database


def test_initial_reads_once(table: Database) -> None:
    capture = Capture(table)
    with capture.running():
        table.execute("insert into t values (3)")
        capture.sync()
    table.execute("insert into t values (4)")
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2), ("c", 3), ("c", 4)]
    assert [event.value["source"]["snapshot"] for event in capture.events("t")] == [
        "first",
        "last",
        "false",
        "false",
    ]


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ({"table.include.list": "publik.t"}, " that fits table.include.list=publik.t"),
        (
            {"schema.include.list": "public", "snapshot.include.collection.list": "public.u"},
            " that fits schema.include.list=public, snapshot.include.collection.list=public.u",
        ),
    ],
)
def test_a_snapshot_that_reads_nothing_names_the_lists(
    table: Database, lists: dict[str, str], told: str
) -> None:
    with logged() as messages:
        Capture(table, {"snapshot.mode": "initial_only", **lists}).finish()
    assert f"The snapshot reads nothing: there is no table in database {table.name}{told}" in messages


def test_a_database_without_tables(database: Database) -> None:
    with logged() as messages:
        Capture(database, {"snapshot.mode": "initial_only"}).finish()
    assert f"The snapshot reads nothing: there is no table in database {database.name}" in messages


def test_initial_only_ends_and_needs_no_slot(table: Database) -> None:
    capture = Capture(table, {"snapshot.mode": "initial_only"})
    capture.finish()
    capture.finish()
    assert capture.rows("t") == [("r", 1), ("r", 2)]
    assert table.slots() == []
    assert table.execute("select count(*) from pg_publication") == [(0,)]


def test_initial_only_needs_no_replication_right(table: Database) -> None:
    table.execute("drop role if exists reader; create role reader login password 'r'")
    table.execute("grant select on all tables in schema public to reader")
    capture = Capture(
        table, {"snapshot.mode": "initial_only", "database.user": "reader", "database.password": "r"}
    )
    capture.finish()
    table.execute("drop owned by reader")
    assert capture.rows("t") == [("r", 1), ("r", 2)]


def test_always_reads_at_every_start(table: Database) -> None:
    capture = Capture(table, {"snapshot.mode": "always"})
    with capture.running():
        table.execute("insert into t values (3)")
        capture.sync()
    table.execute("insert into t values (4); delete from t where id = 1")
    with capture.running():
        capture.sync()
        table.execute("insert into t values (5)")
        capture.sync()
    first, second = [("r", 1), ("r", 2), ("c", 3)], [("r", 2), ("r", 3), ("r", 4)]
    # The insert of 4 is in the snapshot; the delete of 1 is not to be seen in it, so it is told.
    assert capture.rows("t") == [*first, *second, ("d", 1), ("c", 5)]
    assert capture.progress() == {}


@pytest.mark.parametrize("mode", ["no_data", "never", "schema_only"])
def test_no_data(table: Database, mode: str) -> None:
    capture = Capture(table, {"snapshot.mode": mode})
    with capture.running():
        table.execute("insert into t values (3)")
        capture.sync()
    assert capture.rows("t") == [("c", 3)]
    warned = [text for text in config_warnings(capture.options) if "snapshot.mode" in text]
    assert len(warned) == (mode != "no_data")


def test_when_needed_reads_again_when_the_slot_is_gone(table: Database) -> None:
    capture = Capture(table, {"snapshot.mode": "when_needed"})
    with capture.running():
        capture.sync()
    table.execute("select pg_drop_replication_slot(%s)", [capture.slot])
    table.execute("insert into t values (3)")
    with logged() as messages, capture.running():
        table.execute("insert into t values (4)")
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2), ("r", 1), ("r", 2), ("r", 3), ("c", 4)]
    assert any("taking a new snapshot" in message for message in messages)


def test_when_needed_replaces_a_slot_that_was_made_anew(table: Database) -> None:
    capture = Capture(table, {"snapshot.mode": "when_needed"})
    with capture.running():
        capture.sync()
    table.execute("select pg_drop_replication_slot(%s)", [capture.slot])
    table.execute("insert into t values (3)")
    table.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", [capture.slot])
    with capture.running():
        capture.sync()
    assert capture.rows("t")[2:] == [("r", 1), ("r", 2), ("r", 3)]


@pytest.mark.parametrize(("data", "stream"), [(True, True), (True, False), (False, True)])
def test_configuration_based(table: Database, data: bool, stream: bool) -> None:
    prefix = "snapshot.mode.configuration.based"
    capture = Capture(
        table,
        {
            "snapshot.mode": "configuration_based",
            f"{prefix}.snapshot.data": str(data).lower(),
            f"{prefix}.start.stream": str(stream).lower(),
        },
    )
    if not stream:
        capture.finish()
    else:
        with capture.running():
            table.execute("insert into t values (3)")
            capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2)] * data + [("c", 3)] * stream


def test_configuration_based_on_data_error(table: Database) -> None:
    prefix = "snapshot.mode.configuration.based"
    options = {
        "snapshot.mode": "configuration_based",
        f"{prefix}.snapshot.data": "true",
        f"{prefix}.start.stream": "true",
    }
    capture = Capture(table, options)
    with capture.running():
        capture.sync()
    table.execute("select pg_drop_replication_slot(%s)", [capture.slot])
    assert isinstance(capture.failure(), PositionLost)
    capture.options[f"{prefix}.snapshot.on.data.error"] = "true"
    with capture.running():
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2)] * 2


def test_include_list(table: Database) -> None:
    table.execute("create table u (id int primary key); insert into u values (1)")
    with Capture(table, {"snapshot.include.collection.list": "public\\.[T]"}).running() as capture:
        table.execute("insert into u values (2)")
        capture.sync()
    assert capture.rows("t") == [("r", 1), ("r", 2)]
    assert capture.rows("u") == [("c", 2)]


def test_select_override(table: Database) -> None:
    option = "snapshot.select.statement.overrides"
    options = {option: "public.t", f"{option}.public.t": "select * from t where id > 1;"}
    with Capture(table, options).running() as capture:
        capture.sync()
    assert capture.rows("t") == [("r", 2)]


def test_fetch_size_is_accepted_and_nothing_is_read_of_an_empty_database(database: Database) -> None:
    with Capture(database, {"snapshot.fetch.size": "1"}).running() as capture:
        capture.sync()
    assert capture.events() == []
    assert capture.offset()
    assert "snapshot" not in (capture.offset() or {})


def test_a_table_altered_before_its_turn_is_read_by_the_next_try(table: Database) -> None:
    """Its columns were looked up before the snapshot came to it."""
    table.execute("create table z (id int primary key, v int); insert into z values (1, 1)")
    capture = Capture(table)
    task = capture.task()
    source = task.source
    source.open(task._context())
    table.execute("alter table z drop column v")
    with pytest.raises(ResourceBusy, match="altered"):
        list(iter(lambda: source.read(1 << 20, 0.1), None))
    source.close()
    with capture.running():
        capture.sync()
    assert capture.rows("z") == [("r", 1)]


def test_snapshot_includes_generated_columns_and_the_stream_says_what_it_has(database: Database) -> None:
    database.execute("create table g (id int primary key, d int generated always as (id * 2) stored)")
    database.execute("insert into g values (1)")
    with Capture(database).running() as capture:
        database.execute("insert into g values (2)")
        capture.sync()
    snapshot, stream = capture.events("g")
    assert snapshot.row == {"id": 1, "d": 2}
    assert stream.row == {"id": 2}
    assert snapshot.topic == f"{PREFIX}.public.g"
