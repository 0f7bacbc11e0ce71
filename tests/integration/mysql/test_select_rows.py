"""Rows from the socket equal the driver's, however long they are and however the connection is made."""

from __future__ import annotations

import threading
import time
from typing import Any

import pymysql
import pytest

from cdc.batch import Cell, ImageTemplate, Part
from cdc.sources.mysql.config import MariaDbConnection, MySqlConnection
from cdc.sources.mysql.connection import connect
from cdc.sources.mysql.select_rows import READ_BYTES, select_rows
from cdc.sources.mysql.text_rows import TextLayout, TextRows
from schemas.connect import STRING
from schemas.table import Codec, Column, Table, TableId
from tests.servers.mysql import PASSWORD, USER, MySQLServer


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


def opened(server: MySQLServer, **more: str) -> pymysql.Connection[Any]:
    kind = MariaDbConnection if server.name == "mariadb" else MySqlConnection
    options = {
        "database.hostname": server.host,
        "database.port": str(server.port),
        "database.user": USER,
        "database.password": PASSWORD,
        "database.server.id": "4711",
    }
    return connect(kind(options | {name.replace("__", "."): value for name, value in more.items()}))


def layout(names: str) -> TextLayout:
    columns = tuple(Column(name, STRING, Codec("v"), "TEXT") for name in names.split())
    return TextLayout(Table(TableId("d", "", "t"), columns), [column.name for column in columns])


def rows(connection: pymysql.Connection[Any], statement: str, names: str) -> list[tuple[Any, ...]]:
    found = layout(names)
    cells = (Cell("v.encode('latin-1')", "None", "None", "None"),) * len(found.table.columns)
    template = ImageTemplate(found.table, Part(cells, lambda v: f"({', '.join(v)},)"), None, {})
    got: list[tuple[Any, ...]] = []
    for chunks in select_rows(connection, statement):
        got += TextRows(found, chunks).render(template).after
    return got


@pytest.mark.parametrize("options", [{}, {"database__ssl__mode": "disabled"}, {"compress": "1"}])
def test_rows_equal_the_drivers(server: MySQLServer, options: dict[str, str]) -> None:
    if server.name == "mariadb" and "database__ssl__mode" in options:
        options = {"database__ssl__mode": "disable"}
    if "compress" in options:
        options = {"driver.useCompression": "true"}
    database = server.create_database()
    server.execute("CREATE TABLE t (id int PRIMARY KEY, a longtext, b longblob)", database=database)
    sizes = [0, 1, 249, 250, 251, 252, 65535, 65536, 300_000, 17_000_000, 2]
    with server.connect(database) as writer, writer.cursor() as cursor:
        for number, size in enumerate(sizes):
            cursor.execute("INSERT INTO t VALUES (%s, repeat('é', %s), repeat('x', %s))", (number, 3, size))
        cursor.execute("INSERT INTO t VALUES (100, NULL, x'00ff0d0a'), (101, '', NULL)")
        cursor.execute("SELECT CAST(id AS char), a, b FROM t ORDER BY t.id")
        expected = [tuple(_octets(value) for value in row) for row in cursor.fetchall()]
    statement = f"SELECT id, a, b FROM {database}.t ORDER BY id"
    with opened(server, **options) as connection:
        assert rows(connection, statement, "id a b") == expected
        # The connection is whole: it takes the next query, and one that gives nothing.
        assert rows(connection, f"{statement} LIMIT 0", "id a b") == []
        assert rows(connection, f"{statement} LIMIT 1", "id a b") == expected[:1]


def _octets(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def test_a_batch_is_bounded(server: MySQLServer) -> None:
    with opened(server) as connection:
        pieces = select_rows(connection, _many(400_000))
        sizes = [sum(len(chunk.data) for chunk in chunks) for chunks in pieces]
    assert len(sizes) > 5
    assert max(sizes) < 3 * READ_BYTES


def test_a_query_that_fails_in_the_middle_raises(server: MySQLServer) -> None:
    with opened(server) as connection:
        number = connection.thread_id()  # type: ignore[no-untyped-call]
        pieces = select_rows(connection, _many(100_000_000))
        next(pieces)
        threading.Timer(0.2, server.execute, (f"KILL QUERY {number}",)).start()
        with pytest.raises(pymysql.err.MySQLError, match="interrupted"):
            for _ in pieces:
                pass
        assert rows(connection, "SELECT 1", "one") == [(b"1",)]


def test_a_connection_that_is_lost_raises(server: MySQLServer) -> None:
    connection = opened(server)
    number = connection.thread_id()  # type: ignore[no-untyped-call]
    pieces = select_rows(connection, _many(100_000_000))
    next(pieces)
    server.execute(f"KILL {number}")
    with pytest.raises((pymysql.err.MySQLError, OSError)):
        for _ in pieces:
            pass


def test_a_reader_that_stops_gives_the_connection_up(server: MySQLServer) -> None:
    connection = opened(server)
    number = connection.thread_id()  # type: ignore[no-untyped-call]
    pieces = select_rows(connection, _many(100_000_000))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert not connection.open
    deadline = time.monotonic() + 10
    running = f"SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = {number}"
    while server.execute(running):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _many(count: int) -> str:
    digits = "(SELECT 0 UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5)"
    tables = ", ".join(f"{digits} d{number}" for number in range(11))
    return f"SELECT repeat('x', 20) FROM {tables} LIMIT {count}"
