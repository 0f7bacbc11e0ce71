"""The definitions of a snapshot: asked for once, and those of its point in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cdc.errors import ResourceBusy, ServerNotReady
from cdc.sources.mysql.catalog import Catalog
from cdc.sources.mysql.schema_snapshot import schema_at
from schemas.table import TableId
from tests.integration.mysql.capture import Capture, logged
from tests.servers.mysql import MySQLServer

TABLE = (
    "create table t (id int primary key, a varchar(9) not null, b varchar(9) character set latin1, "
    "e enum('x', 'y'), unique key u (a))"
)
ALTERATIONS = (
    "alter table t add c int",
    "alter table t add c int invisible",
    "alter table t add c int generated always as (id + 1) virtual",
    "alter table t drop b",
    "alter table t rename column b to c",
    "alter table t modify b varchar(9) character set latin1 after id",
    "alter table t modify id bigint unsigned",
    "alter table t modify a varchar(9) null",
    "alter table t modify b varchar(9) character set gbk",
    "alter table t modify b varchar(9) character set latin1 collate latin1_bin",
    "alter table t modify e enum('y', 'x')",
    "alter table t modify id int auto_increment",
    "alter table t alter b set default 'x'",
    "alter table t modify b varchar(9) character set latin1 comment 'x'",
    "alter table t comment 'x'",
    "alter table t default character set latin1",
    "alter table t engine = MyISAM",
    "alter table t drop primary key",
    "alter table t drop primary key, add primary key (id, a)",
    "alter table t drop key u, add key u (a)",
    "alter table t drop key u, add unique key u (a(3))",
    "alter table t drop key u, add unique key u (b, a)",
    "alter database character set latin1",
    "rename table t to T",
    "drop table t",
    "create table s like t",
)


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def shown(catalog: Catalog, capture: Capture) -> dict[str, Any]:
    """Return what the server says of every table now."""
    names = [name for (name,) in capture.execute("show tables")]
    return {name: catalog.create_statement(TableId(capture.database, "", name)) for name in names}


def test_what_alters_a_table_meanwhile_is_seen(server: MySQLServer) -> None:
    for alteration in ALTERATIONS:
        capture = Capture(server)
        capture.execute(TABLE)
        assert taken(capture, [alteration]) == 2, alteration


def taken(capture: Capture, meanwhile: list[str]) -> int:
    """Run statements while the first point is taken; return how many points it took to have what is now."""
    points = list[int]()

    def point() -> None:
        if not points:
            capture.execute(*meanwhile)
        points.append(1)

    with capture.server.connect() as connection:
        catalog = Catalog(connection)
        _, schema = schema_at(point, catalog, *_all_of(capture))
        assert {table.table: sql for table, sql in schema.statements.items()} == shown(catalog, capture)
    return len(points)


def _all_of(capture: Capture) -> tuple[Callable[[TableId], bool], Callable[[TableId], bool]]:
    """Return which tables are wanted, and which of them are captured."""
    return lambda table: table.catalog == capture.database, lambda table: True


def test_rows_are_no_alteration(server: MySQLServer) -> None:
    capture = Capture(server)
    capture.execute("create table t (id int primary key, v int, key (v))")
    assert taken(capture, ["insert into t values (1, 1), (2, 2)", "analyze table t"]) == 1


def test_alterations_without_end(server: MySQLServer) -> None:
    capture, points = Capture(server), list[int]()
    capture.execute("create table t (id int primary key)")

    def point() -> None:
        points.append(1)
        capture.execute(f"alter table t comment '{len(points)}'")

    with server.connect() as connection, pytest.raises(ResourceBusy, match="altered all the time"):
        schema_at(point, Catalog(connection), *_all_of(capture))


@pytest.mark.parametrize("mode", ["initial", "no_data"])
def test_each_table_is_asked_for_once(server: MySQLServer, mode: str) -> None:
    only = {"snapshot.mode": mode, "schema.history.internal.store.only.captured.databases.ddl": "true"}
    capture = Capture(server, only)
    capture.execute(*(f"create table t{number} (id int primary key)" for number in range(5)))
    query = "show global status like 'Com_show_create_table'"
    before = int(capture.execute(query)[0][1])
    with capture.running():
        capture.sync()
    assert int(capture.execute(query)[0][1]) - before == len(capture.execute("show tables"))


@pytest.mark.parametrize("mode", ["initial", "no_data"])
def test_a_table_that_cannot_be_opened_stops_only_who_captures_it(server: MySQLServer, mode: str) -> None:
    capture = Capture(server, {"snapshot.mode": mode})
    capture.execute(
        "create table part (id int) engine=myisam",
        "create table broken (id int) engine=merge union=(part)",
        "drop table part",
        "create table t (id int primary key)",
    )
    failure = capture.failure()
    assert isinstance(failure, ServerNotReady)
    assert f"SHOW CREATE TABLE `{capture.database}`.`broken`: " in str(failure)
    assert "table.exclude.list" in failure.hint
    with logged() as messages, capture.running(table_exclude_list=f"{capture.database}.broken"):
        capture.execute("insert into t values (1)")
        capture.sync()
    assert capture.rows("t") == [("c", 1)]
    assert any(f"{capture.database}.broken, which is not captured" in message for message in messages)
