"""The view of a snapshot and its point in the log, under load: the GTIDs count what must be visible."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
import pytest

from cdc.errors import ServerNotReady
from cdc.sources.mysql.consistent_read import ConsistentRead
from cdc.sources.mysql.server import BinlogStatus, binlog_files, binlog_status, read_server
from schemas.table import TableId
from tests.servers.mysql import MySQLServer

WRITERS = 3


@pytest.fixture(params=["mysql", "mariadb"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@contextmanager
def load(server: MySQLServer, database: str) -> Iterator[None]:
    """Insert single rows, a transaction each, from several connections."""
    stop = threading.Event()

    def write() -> None:
        with server.connect(database) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("INSERT INTO t VALUES ()")

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def transactions(status: BinlogStatus) -> int:
    """Count the transactions of a set of GTIDs with one source."""
    if ":" not in status.gtids:
        return int(status.gtids.rsplit("-", 1)[1])
    intervals = status.gtids.split(":")[1:]
    ends = [interval.split("-") for interval in intervals]
    return sum(int(end[-1]) - int(end[0]) + 1 for end in ends)


def user_with(server: MySQLServer, grants: str) -> str:
    server.execute("DROP USER IF EXISTS 'reader'@'%'")
    server.execute("CREATE USER 'reader'@'%' IDENTIFIED BY 'reader'")
    server.execute(f"GRANT {grants} ON *.* TO 'reader'@'%'")
    return "reader"


def connected(server: MySQLServer, user: str) -> pymysql.Connection[Any]:
    return pymysql.connect(host=server.host, port=server.port, user=user, password=user, autocommit=True)


ALL = "SELECT, RELOAD, LOCK TABLES, REPLICATION CLIENT, REPLICATION SLAVE"
SOME = "SELECT, LOCK TABLES, REPLICATION CLIENT, REPLICATION SLAVE"
NONE = "SELECT, REPLICATION CLIENT, REPLICATION SLAVE"


@pytest.mark.parametrize(
    ("grants", "mode", "exact"),
    [
        (ALL, "minimal", True),
        (ALL, "extended", True),
        (SOME, "minimal", True),
        (NONE, "minimal", False),
        (NONE, "extended", False),
        (ALL, "none", False),
    ],
)
def test_what_is_visible_is_what_the_log_says(
    server: MySQLServer, grants: str, mode: str, exact: bool, caplog: pytest.LogCaptureFixture
) -> None:
    database = server.create_database()
    server.execute("CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT)", database=database)
    user = user_with(server, grants)
    with connected(server, user) as connection:
        facts = read_server(connection)
        before = transactions(binlog_status(connection, facts))
    with load(server, database):
        for _ in range(4):
            with connected(server, user) as reader, reader.cursor() as cursor:
                view = ConsistentRead(reader, lambda: connected(server, user), facts, mode, 5.0)
                point = view.begin([TableId(database, "", "t")])
                cursor.execute(f"SELECT count(*) FROM {database}.t")
                ((visible,),) = cursor.fetchall()
                view.release()
            # Rows can be seen a moment before the server counts their GTID, unless it is locked.
            seen_early = 0 if point.exact else WRITERS
            known = transactions(point.until) - before
            assert transactions(point.since) - before <= visible <= known + seen_early
            assert point.exact or not (exact or facts.is_mariadb)
    assert visible > 0
    if grants is SOME and not facts.is_mariadb:
        assert "FLUSH TABLES WITH READ LOCK was refused" in caplog.text


def test_a_view_can_be_opened_again(server: MySQLServer) -> None:
    database = server.create_database()
    server.execute("CREATE TABLE t (id int PRIMARY KEY)", database=database)
    with connected(server, user_with(server, "ALL")) as reader, reader.cursor() as cursor:
        read = ConsistentRead(reader, lambda: connected(server, "reader"), read_server(reader), "minimal", 5)
        for number in range(2):
            server.execute(f"INSERT INTO t VALUES ({number})", database=database)
            point = read.begin([TableId(database, "", "t")])
            cursor.execute(f"SELECT count(*) FROM {database}.t")
            assert cursor.fetchall() == ((number + 1,),)
            assert point.exact


def test_an_extended_lock_lasts_until_it_is_released(mysql: MySQLServer) -> None:
    database = mysql.create_database()
    mysql.execute("CREATE TABLE t (id int PRIMARY KEY)", database=database)
    with mysql.connect() as reader:
        view = ConsistentRead(reader, mysql.connect, read_server(reader), "extended", 5.0)
        view.begin([])
        impatient = mysql.connect(database, init_command="SET lock_wait_timeout = 1")
        with impatient, impatient.cursor() as cursor:
            with pytest.raises(pymysql.err.OperationalError, match="Lock wait timeout"):
                cursor.execute("INSERT INTO t VALUES (1)")
            view.release()
            cursor.execute("INSERT INTO t VALUES (1)")


def test_a_lock_that_does_not_come_is_not_waited_for_longer_than_asked(
    mysql: MySQLServer, caplog: pytest.LogCaptureFixture
) -> None:
    database = mysql.create_database()
    mysql.execute("CREATE TABLE t (id int PRIMARY KEY)", database=database)
    with mysql.connect(database) as busy, mysql.connect() as reader, busy.cursor() as cursor:
        cursor.execute("LOCK TABLES t WRITE")
        with caplog.at_level(logging.WARNING):
            view = ConsistentRead(reader, mysql.connect, read_server(reader), "minimal", 1.0)
            point = view.begin([TableId(database, "", "t")])
    assert not point.exact or point.since == point.until
    assert caplog.text.count("was refused") == 2


def test_what_a_server_is(server: MySQLServer) -> None:
    with server.connect() as connection:
        facts = read_server(connection)
        status = binlog_status(connection, facts)
        assert binlog_files(connection)[status.file] >= status.pos
    assert facts.is_mariadb == (server.name == "mariadb")
    assert facts.product.startswith("MariaDB 1" if facts.is_mariadb else "MySQL 8.0.")
    facts.require_ready(streams=True)
    facts.require_product(mariadb=facts.is_mariadb)
    with pytest.raises(ServerNotReady, match=r"connector.class=io\.debezium"):
        facts.require_product(mariadb=not facts.is_mariadb)
