"""Row images that say less than the whole row, and values in forms that servers rarely write."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cdc.batch import UNAVAILABLE
from cdc.sources.mysql.types import Modes
from tests.property.mysql_reader import (
    Log,
    definition,
    event_rows,
    logged_table,
    selected,
    text_table,
    value_template,
)
from tests.servers.mysql import MySQLServer

MODES = Modes()


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """Return each of the products."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def database(server: MySQLServer) -> Iterator[str]:
    """Return a database of its own."""
    name = server.create_database()
    yield name
    server.execute(f"drop database {name}")


def run(server: MySQLServer, database: str, *statements: str) -> None:
    """Run statements in one session."""
    with server.connect(database, charset="utf8mb4") as session, session.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def changes(server: MySQLServer, database: str, log: Log, name: str = "t") -> list[tuple[Any, Any, Any]]:
    """Return (before, after, key) of every row since the mark, as Connect values."""
    defined = definition(server, database, name)
    found: list[tuple[Any, Any, Any]] = []
    for event in log.rows(database):
        table = logged_table(defined, event.shape.table, MODES)
        images = event_rows([event], defined, MODES, table).render(value_template(table))
        found += zip(images.before, images.after, images.key, strict=True)
    return found


def test_a_minimal_image_borrows_what_has_not_changed(server: MySQLServer, database: str) -> None:
    """The key is in the old image only; what is in neither is the placeholder's mark."""
    run(server, database, "create table t (id int primary key, a int, b varchar(9), c text)")
    run(server, database, "insert into t values (1, 2, 'x', 'long'), (2, null, null, null)")
    log = Log(server)
    update = (
        "update t set a = 5 where id = 1",
        "update t set id = 3, b = 'y' where id = 2",
        "delete from t where id = 1",
    )
    run(server, database, "set binlog_row_image = 'MINIMAL'", *update)
    unknown = UNAVAILABLE
    assert changes(server, database, log) == [
        ((1, unknown, unknown, unknown), (1, 5, unknown, unknown), (1,)),
        ((2, unknown, unknown, unknown), (3, unknown, "y", unknown), (3,)),
        ((1, unknown, unknown, unknown), None, (1,)),
    ]


def test_noblob_leaves_out_unchanged_blobs(server: MySQLServer, database: str) -> None:
    """What the old image has and the new one lacks has not changed."""
    run(
        server,
        database,
        "create table t (id int primary key, a int, c text)",
        "insert into t values (1, 2, 'long')",
    )
    log = Log(server)
    run(server, database, "set binlog_row_image = 'NOBLOB'", "update t set a = 3", "update t set c = 'new'")
    (_, first, _), (_, second, _) = changes(server, database, log)
    assert first == (1, 3, UNAVAILABLE)
    assert second == (1, 3, "new")


CHANGES = [
    "json_set(j, '$.a', 7)",
    "json_set(j, '$.list[1]', json_object('deep', true))",
    "json_remove(j, '$.a')",
    "json_remove(j, '$.list[0]')",
    r"""json_replace(j, '$."odd \\"key"', 1.5)""",
    "json_set(j, '$.new', json_array(1, 2))",
    "json_array_insert(j, '$.list[1]', 'between')",
    "json_set(j, '$.list[last]', null)",
]


@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
def test_partial_json_updates_give_whole_documents(mysql: MySQLServer, image: str) -> None:
    """Each difference, applied to the old document, is what the database has then."""
    database = mysql.create_database()
    run(mysql, database, "create table t (id int primary key, j json, k json, v int)")
    document = {"a": 1, "list": [1, "zwei", 3.5, 4], 'odd "key': "é😀", "pad": "x" * 200}
    log = Log(mysql)
    options = ("set binlog_row_value_options = 'PARTIAL_JSON'", f"set binlog_row_image = '{image}'")
    with mysql.connect(database, charset="utf8mb4") as session, session.cursor() as cursor:
        cursor.execute("insert into t values (1, %s, '[1]', 1)", (json.dumps(document),))
        for option in options:
            cursor.execute(option)
        wanted = []
        for change in CHANGES:
            cursor.execute(f"update t set j = {change}, v = v + 1")
            cursor.execute("select j from t")
            wanted.append(json.loads(cursor.fetchall()[0][0]))
    assert any(event.shape.partial for event in log.rows(database))
    found = [after[1] for _, after, _ in changes(mysql, database, log)[1:]]
    mysql.execute(f"drop database {database}")
    if image == "FULL":
        assert [json.loads(one) for one in found] == wanted
    else:
        assert all(one is UNAVAILABLE or json.loads(one) == w for one, w in zip(found, wanted, strict=True))


def test_old_temporal_formats_of_mariadb(mariadb: MySQLServer) -> None:
    """Without mysql56_temporal_format values are stored otherwise; they are the same."""
    database = mariadb.create_database()
    kinds = ("time", "datetime", "timestamp null")
    columns = ", ".join(
        f"{k.split()[0]}{p} {k.replace(k.split()[0], f'{k.split()[0]}({p})')}"
        for k in kinds
        for p in range(7)
    )
    moments = ("'-12:34:56.789123'", "'2016-11-04 13:51:30.123456'", "'2016-11-04 13:51:30.123456'")
    row = ", ".join(moment for moment in moments for _ in range(7))
    mariadb.execute("set global mysql56_temporal_format = off")
    try:
        run(mariadb, database, f"create table t (id int primary key, {columns})")
    finally:
        mariadb.execute("set global mysql56_temporal_format = on")
    log = Log(mariadb)
    run(mariadb, database, "set time_zone = '+00:00'", f"insert into t values (1, {row})")
    defined = definition(mariadb, database, "t")
    ((_, streamed, _),) = changes(mariadb, database, log)
    table = text_table(defined, MODES)
    (read,) = selected(mariadb, defined, MODES).render(value_template(table)).after
    mariadb.execute(f"drop database {database}")
    for column, ours, theirs in zip(table.columns, streamed, read, strict=True):
        if isinstance(ours, str):  # a SELECT's fraction ends with its last digit
            theirs = theirs if len(theirs) == len(ours) else ours[: len(theirs) - 1] + "Z"
        assert ours == theirs, column.name
