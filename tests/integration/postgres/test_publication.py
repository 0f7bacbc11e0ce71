"""The publication: made as the mode says, kept up to date, or asked for."""

from __future__ import annotations

import pytest

from cdc.errors import ServerNotReady
from tests.integration.postgres.capture import Capture
from tests.servers.postgres import Database

MODE = "publication.autocreate.mode"


@pytest.fixture
def tables(database: Database) -> Database:
    database.execute("create table t (id int primary key); create table u (id int primary key)")
    return database


def published(capture: Capture) -> list[str]:
    query = "select tablename from pg_publication_tables where pubname = %s order by 1"
    return [name for (name,) in capture.database.execute(query, [capture.options["publication.name"]])]


def test_all_tables(tables: Database) -> None:
    with Capture(tables).running() as capture:
        assert published(capture) == ["t", "u"]
        tables.execute("create table later (id int primary key)")
        tables.execute("insert into later values (1)")
        capture.sync()
    assert capture.rows("later") == [("c", 1)]


def test_filtered_follows_the_lists(tables: Database) -> None:
    capture = Capture(tables, {MODE: "filtered", "table.include.list": "public.t"})
    with capture.running():
        assert published(capture) == ["t"]
    tables.execute("create table v (id int primary key)")
    with capture.running(table_include_list="public.(u|v)"):
        assert published(capture) == ["u", "v"]
        tables.execute("insert into t values (1); insert into v values (1)")
        capture.sync()
    assert capture.rows("t") == []
    assert capture.rows("v") == [("c", 1)]


def test_filtered_without_a_table(tables: Database) -> None:
    error = Capture(tables, {MODE: "filtered", "table.include.list": "public.nothing"}).failure()
    assert isinstance(error, ServerNotReady)
    assert "table.include.list" in str(error)


def test_no_tables(tables: Database) -> None:
    with Capture(tables, {MODE: "no_tables"}).running() as capture:
        assert published(capture) == []
        tables.execute(f"alter publication {capture.options['publication.name']} add table t")
        tables.execute("insert into t values (1)")
        capture.sync()
    assert capture.rows("t") == [("c", 1)]


def test_disabled(tables: Database) -> None:
    capture = Capture(tables, {MODE: "disabled", "table.include.list": "public.t"})
    error = capture.failure()
    assert isinstance(error, ServerNotReady)
    statement = str(error).split("run: ")[1].rstrip(")")
    assert statement == f'CREATE PUBLICATION "{capture.options["publication.name"]}" FOR TABLE "public"."t"'
    tables.execute(statement)
    with capture.running():
        tables.execute("insert into t values (1)")
        capture.sync()
    assert capture.rows("t") == [("c", 1)]


def test_only_wanted_operations_are_published(tables: Database) -> None:
    with Capture(tables, {"skipped.operations": "u,t"}).running() as capture:
        tables.execute("insert into t values (1); update t set id = 2; delete from t")
        capture.sync()
    ((updates, truncates),) = tables.execute("select pubupdate, pubtruncate from pg_publication")
    assert (updates, truncates) == (False, False)
    assert [event.op for event in capture.events("t")] == ["c", "d"]


def test_what_an_existing_publication_withholds_is_said(
    tables: Database, caplog: pytest.LogCaptureFixture
) -> None:
    capture = Capture(tables, {"skipped.operations": "none"})
    name = capture.options["publication.name"]
    tables.execute(
        f"create publication {name} for table t with (publish = 'insert', publish_via_partition_root)"
    )
    with capture.running():
        pass
    assert "has not the captured tables public.u: their changes will not come" in caplog.text
    assert f'ALTER PUBLICATION "{name}" ADD TABLE "public"."u"' in caplog.text
    assert "leaves out update, delete, truncate" in caplog.text
    assert "SET (publish_via_partition_root = false)" in caplog.text


def test_partitions_are_published_with_their_table(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.execute(
        "create table p (id int primary key) partition by range (id);"
        "create table p1 partition of p for values from (0) to (10)"
    )
    for via_root in ("true", "false"):
        options = {MODE: "filtered", "publish.via.partition.root": via_root}
        options["publication.name"] = f"via_{via_root}"
        with Capture(database, options).running():
            pass
    assert "publication" not in caplog.text


@pytest.mark.parametrize("name", ['with "quotes"', "it's", "Ünï", "a,b"])
def test_hostile_names(tables: Database, name: str) -> None:
    with Capture(tables, {"publication.name": name}).running() as capture:
        tables.execute("insert into t values (1)")
        capture.sync()
    assert capture.rows("t") == [("c", 1)]
