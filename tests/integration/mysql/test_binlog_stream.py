"""The stream of a binary log on real servers: authentication, TLS, positions, what ends it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pymysql
import pytest
from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.event import GtidEvent as TheirGtid
from pymysqlreplication.event import MariadbGtidEvent as TheirMariaDbGtid
from pymysqlreplication.row_event import DeleteRowsEvent, UpdateRowsEvent, WriteRowsEvent

from cdc.errors import AccessDenied, CdcError, ConnectionFailed, PositionLost, ServerNotReady
from cdc.sources.mysql.binlog.events import Event, FormatDescription, GtidEvent, Heartbeat, Rows
from cdc.sources.mysql.config import BinlogConnection, MariaDbConnection, MySqlConnection
from cdc.sources.mysql.connection import connect
from cdc.sources.mysql.gtid import MariaDbGtidSet, MySqlGtidSet
from cdc.sources.mysql.stream import BinlogStream, EndOfDump, Start
from tests.integration.mysql import binary_log
from tests.servers.mysql import MySQLServer


@pytest.fixture(params=["mysql", "mariadb", "mariadb11", "mysql9"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def database(server: MySQLServer) -> str:
    name = server.create_database()
    server.execute("create table t (id int primary key, v longblob)", database=name)
    return name


def config_of(server: MySQLServer, **options: str) -> BinlogConnection:
    kind = MariaDbConnection if server.dialect == "mariadb" else MySqlConnection
    given = {name.replace("__", "."): value for name, value in options.items()}
    return kind(
        {
            "database.hostname": server.host,
            "database.port": str(server.port),
            "database.user": "cdc",
            "database.password": "cdc",
            "database.server.id": "990001",
        }
        | given
    )


def end_of_log(server: MySQLServer) -> Start:
    return Start(*binary_log.end(server))


def read(stream: BinlogStream, until: Callable[[list[Event]], bool], seconds: float = 20) -> list[Event]:
    """Return events until there is what is waited for, or the log ends."""
    found: list[Event] = []
    deadline = time.monotonic() + seconds
    try:
        while not until(found):
            assert time.monotonic() < deadline, f"not in {len(found)} events"
            found.extend(stream.events(timeout=0.2))
    except EndOfDump:
        pass
    return found


def dump(server: MySQLServer, start: Start, **options: str) -> list[Event]:
    stream = BinlogStream(config_of(server, **options), start, to_the_end=True)
    try:
        return read(stream, lambda found: False)
    finally:
        stream.close()


def contents(events: list[Event], database: str) -> list[bytes]:
    return [
        e.chunk.data[e.start : e.stop]
        for e in events
        if isinstance(e, Rows) and e.shape.table.database == database
    ]


def test_what_happens_is_followed(server: MySQLServer, database: str) -> None:
    stream = BinlogStream(config_of(server), end_of_log(server))
    assert [e for e in read(stream, lambda found: len(found) > 1) if isinstance(e, FormatDescription)]
    for number in (1, 2, 3):
        server.execute("insert into t values (%s, 'live')", (number,), database=database)
        started = time.monotonic()
        found = read(stream, lambda found: bool(contents(found, database)))
        assert number in contents(found, database)[0]
        assert time.monotonic() - started < 2
    started = time.monotonic()
    assert list(stream.events(timeout=0.1)) == []
    assert time.monotonic() - started < 1
    stream.close()


def test_a_row_of_twenty_megabytes(server: MySQLServer, database: str) -> None:
    start = end_of_log(server)
    server.execute("insert into t values (1, repeat('x', 20 << 20)), (2, 'y')", database=database)
    rows = b"".join(contents(dump(server, start), database))
    assert rows.count(b"x") == 20 << 20
    assert rows.endswith(b"\1\0\0\0y")


def test_with_and_without_checksums(server: MySQLServer, database: str) -> None:
    start = end_of_log(server)
    try:
        for number, setting in enumerate(("NONE", "CRC32")):
            server.execute(f"set global binlog_checksum = {setting}")
            server.execute("insert into t values (%s, 'sum')", (number,), database=database)
        found = dump(server, start)
    finally:
        server.execute("set global binlog_checksum = CRC32")
    assert [e.checksum for e in found if isinstance(e, FormatDescription)][-2:] == [0, 4]
    assert [row[-3:] for row in contents(found, database)] == [b"sum", b"sum"]


def test_compression_of_the_log_and_of_the_protocol(server: MySQLServer, database: str) -> None:
    start = end_of_log(server)
    mariadb = server.dialect == "mariadb"
    with server.connect(database) as connection, connection.cursor() as cursor:
        switch = "global log_bin_compress" if mariadb else "session binlog_transaction_compression"
        cursor.execute(f"set {switch} = 1")
        cursor.execute("insert into t values (1, repeat('x', 5000000)), (2, 'y')")
        cursor.execute(f"set {switch} = 0")
    found = dump(server, start, driver__useCompression="true")
    rows = b"".join(contents(found, database))
    assert rows.count(b"x") == 5_000_000
    assert rows.endswith(b"y")
    sizes = [e.end - e.pos for e in found if isinstance(e, Rows) and e.shape.table.database == database]
    assert max(sizes) < 100_000
    with connect(config_of(server, driver__useCompression="true")) as connection:
        assert type(connection._sock).__name__ == "CompressedSocket"
        with connection.cursor() as cursor:
            cursor.execute("select repeat('z', 3000000)")
            assert cursor.fetchone() == ("z" * 3_000_000,)
            cursor.execute("show session status like 'Compression'")
            assert cursor.fetchone() == ("Compression", "ON")


def test_by_gtid_what_is_known_is_not_sent(server: MySQLServer, database: str) -> None:
    kind = MariaDbGtidSet if server.dialect == "mariadb" else MySqlGtidSet
    variable = "@@gtid_binlog_pos" if server.dialect == "mariadb" else "@@global.gtid_executed"
    if server.name == "mysql9":
        server.execute("grant transaction_gtid_tag on *.* to cdc")
        with server.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("set gtid_next = 'automatic:tagged'")
            cursor.execute("insert into t values (0, 'tagged')")
            cursor.execute("set gtid_next = 'automatic'")
    known = kind.parse(server.execute(f"select {variable}")[0][0])
    assert known
    server.execute("insert into t values (1, 'new')", database=database)
    found = dump(server, Start(gtids=known))
    assert [row[-3:] for row in contents(found, database)] == [b"new"]
    for event in found:
        if isinstance(event, GtidEvent) and event.gtid:
            known.add(event.gtid)
    assert known == kind.parse(server.execute(f"select {variable}")[0][0])


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
def test_the_log_as_mysql_replication_reads_it(server: MySQLServer, database: str) -> None:
    start = end_of_log(server)
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("insert into t values (1, 'a'), (2, 'b')")
        cursor.execute("update t set v = 'c' where id < 3")
        cursor.execute("delete from t")
        cursor.execute("create table u (id int)")
        cursor.execute("insert into u values (7)")
    gtids = TheirMariaDbGtid if server.dialect == "mariadb" else TheirGtid
    address = {"host": server.host, "port": server.port, "user": "cdc", "password": "cdc"}
    theirs = BinLogStreamReader(
        connection_settings=address,
        server_id=990002,
        log_file=start.file,
        log_pos=start.pos,
        resume_stream=True,
        is_mariadb=False,
        only_events=[WriteRowsEvent, UpdateRowsEvent, DeleteRowsEvent, gtids],
        only_schemas=[database],
    )
    kinds = {WriteRowsEvent: "c", UpdateRowsEvent: "u", DeleteRowsEvent: "d"}
    expected = [
        (kinds[type(e)], e.schema, e.table, e.packet.log_pos, e.timestamp) for e in theirs if type(e) in kinds
    ]
    theirs.close()
    found = [e for e in dump(server, start) if isinstance(e, Rows) and e.shape.table.database == database]
    # Within transactions of MariaDB 11.4 headers have no position; ours is counted.
    ends = [e.end if known[3] else 0 for e, known in zip(found, expected, strict=True)]
    ours = [
        (e.shape.op, database, e.shape.table.table, end, e.timestamp)
        for e, end in zip(found, ends, strict=True)
    ]
    assert ours == expected
    assert len(ours) == 4


# -- what ends it ----------------------------------------------------------------------------


def test_two_readers_with_one_id(server: MySQLServer, database: str) -> None:
    first = BinlogStream(config_of(server), end_of_log(server))
    read(first, lambda found: len(found) > 1)
    second = BinlogStream(config_of(server), end_of_log(server))
    read(second, lambda found: len(found) > 1)
    with pytest.raises(ServerNotReady, match=r"database\.server\.id=990001 is in use by another"):
        read(first, lambda found: False)
    first.close()
    second.close()


def test_a_purged_file_and_a_position_that_never_was(server: MySQLServer, database: str) -> None:
    start = end_of_log(server)
    server.execute("insert into t values (1, 'x')", database=database)
    binary_log.purge(server)
    for lost in (start, Start("nothing.000001", 4), Start(end_of_log(server).file, 99_999_999)):
        with pytest.raises(PositionLost, match=r"error 1236.*snapshot\.mode=when_needed"):
            dump(server, lost)
    kind = MariaDbGtidSet if server.dialect == "mariadb" else MySqlGtidSet
    with pytest.raises(PositionLost, match="error 1236"):
        dump(server, Start(gtids=kind()))


def test_a_server_that_restarts_is_a_lost_connection(request: pytest.FixtureRequest) -> None:
    mariadb: MySQLServer = request.getfixturevalue("mariadb")
    stream = BinlogStream(config_of(mariadb), end_of_log(mariadb))
    read(stream, lambda found: len(found) > 1)
    mariadb.restart()
    with pytest.raises(ConnectionFailed):
        read(stream, lambda found: False)
    with pytest.raises(ConnectionFailed, match="1"):
        BinlogStream(config_of(mariadb, database__port="1"), Start("x", 4))


@pytest.fixture
def frozen(server: MySQLServer) -> Iterator[Callable[[], None]]:
    """Return a way to stop the server without a word; it goes on after the test."""
    yield lambda: os.kill(server.pid, signal.SIGSTOP)
    os.kill(server.pid, signal.SIGCONT)


def test_heartbeats_and_the_want_of_them(server: MySQLServer, frozen: Callable[[], None]) -> None:
    config = config_of(server, connect__keep__alive__interval__ms="1000")
    stream = BinlogStream(config, end_of_log(server))
    beats = read(stream, lambda found: any(isinstance(e, Heartbeat) for e in found), 5)
    beat = next(e for e in beats if isinstance(e, Heartbeat))
    assert (beat.file, beat.end) == (end_of_log(server).file, end_of_log(server).pos)
    frozen()
    with pytest.raises(ConnectionFailed, match="has sent nothing for"):
        read(stream, lambda found: False, 10)
    stream.close()


# -- who may, and how ------------------------------------------------------------------------


@pytest.fixture
def user(server: MySQLServer) -> Iterator[Callable[..., dict[str, str]]]:
    """Return a way to make a user, as options."""
    made: list[str] = []

    def make(
        identified: str, grants: str = "replication slave, replication client", **more: str
    ) -> dict[str, str]:
        name = f"u{len(made)}"
        server.execute(f"create user {name}@'%' identified {identified}")
        server.execute(f"grant {grants} on *.* to {name}@'%'")
        made.append(name)
        return {"database__user": name, "database__password": "pä ss", **more}

    yield make
    for name in made:
        server.execute(f"drop user {name}@'%'")


def test_plugins_that_authenticate(server: MySQLServer, user: Callable[..., dict[str, str]]) -> None:
    plain = {"database__ssl__mode": "disable" if server.dialect == "mariadb" else "disabled"}
    if server.dialect == "mariadb":
        ways = ["by 'pä ss'", "via mysql_native_password using password('pä ss')"]
        with suppress(pymysql.Error):  # Debian's core package is without the plugin
            server.execute("install soname 'auth_ed25519'")
        if server.execute("select 1 from information_schema.plugins where plugin_name = 'ed25519'"):
            ways.append("via ed25519 using password('pä ss')")
    else:
        ways = ["with caching_sha2_password by 'pä ss'"]
        ways += ["with mysql_native_password by 'pä ss'"] * (server.name == "mysql")
    for way in ways:
        options = user(way)
        for more in (plain, {}):
            BinlogStream(config_of(server, **options | more), end_of_log(server)).close()
        with pytest.raises(AccessDenied, match=r"check database\.user and database\.password") as raised:
            connect(config_of(server, **options | {"database__password": "wrong"}))
        assert "wrong" not in str(raised.value)


def test_missing_rights_name_the_grant(server: MySQLServer, user: Callable[..., dict[str, str]]) -> None:
    options = user("by 'pä ss'", grants="select")
    with pytest.raises(AccessDenied, match=r"GRANT SELECT, RELOAD, REPLICATION SLAVE.* TO 'u0'@'%'"):
        dump(server, end_of_log(server), **options)


def test_modes_of_tls(server: MySQLServer, user: Callable[..., dict[str, str]]) -> None:
    mariadb = server.dialect == "mariadb"
    encrypted = "trust" if mariadb else "required"
    by_ca, by_name = ("verify-ca", "verify-full") if mariadb else ("verify_ca", "verify_identity")
    ca = str(server.certificates.ca if mariadb else server.data / "ca.pem")
    modes = [(encrypted, {}), (by_ca, {"database__ssl__truststore": ca})]
    modes += [(by_name, {"database__ssl__truststore": ca})] * mariadb + [("preferred", {})] * (not mariadb)
    for mode, more in modes:
        options = {"database__ssl__mode": mode, **more}
        with connect(config_of(server, **options)) as connection, connection.cursor() as cursor:
            cursor.execute("show session status like 'Ssl_cipher'")
            assert (cursor.fetchone() or ("", ""))[1]
        assert isinstance(dump(server, end_of_log(server), **options)[-1], FormatDescription)
    for mode in (by_ca, by_name):
        with pytest.raises(CdcError, match=r"check database\.ssl\.mode, database\.ssl\.truststore"):
            connect(config_of(server, database__ssl__mode=mode))


def test_a_client_with_a_certificate(server: MySQLServer, user: Callable[..., dict[str, str]]) -> None:
    options = user("by 'pä ss'")
    server.execute("alter user u0@'%' require x509")
    folder = server.certificates
    keys = (folder.client, folder.client_key)
    if server.dialect == "mysql":
        keys = (server.data / "client-cert.pem", server.data / "client-key.pem")
    store = server.folder / "client-store.pem"
    store.write_text("\n".join(key.read_text() for key in keys))
    encrypted = "trust" if server.dialect == "mariadb" else "required"
    with pytest.raises(AccessDenied):
        connect(config_of(server, **options, database__ssl__mode=encrypted))
    connect(
        config_of(server, **options, database__ssl__mode=encrypted, database__ssl__keystore=str(store))
    ).close()
