"""What is wrong is named, with what mends it; no secret is ever shown."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import pytest

from cdc.errors import AccessDenied, CdcError, ConfigError, ConnectionFailed, ServerNotReady
from cdc.sources.postgres import PostgresConfig, PostgresSource
from tests.integration.postgres.capture import Capture, logged
from tests.servers.postgres import Database, PostgresServer
from tests.servers.process import free_port

SECRET = "s3cr3t-w0rd"


def check(capture: Capture, kind: type[CdcError], *words: str, retry: bool = False) -> None:
    with logged(0) as messages:
        error = capture.failure()
    shown = "".join(traceback.format_exception(error)) + "".join(messages) + repr(error)
    assert isinstance(error, kind), shown
    assert error.retry is retry
    for word in words:
        assert word in str(error)
    assert SECRET not in shown


def test_wrong_password(database: Database) -> None:
    check(Capture(database, {"database.password": SECRET}), AccessDenied, "database.password")


def test_unknown_user(database: Database) -> None:
    options = {"database.user": "nobody_here", "database.password": SECRET}
    check(Capture(database, options), AccessDenied, "nobody_here", "database.user")


def test_no_replication_right(database: Database) -> None:
    database.execute(f"drop role if exists plain; create role plain login password '{SECRET}'")
    capture = Capture(database, {"database.user": "plain", "database.password": SECRET})
    check(capture, AccessDenied, 'ALTER ROLE "plain" REPLICATION')
    config = PostgresConfig(capture.options)
    assert any("REPLICATION" in problem for problem in PostgresSource.check(config))


@pytest.fixture
def replicator(database: Database) -> Capture:
    """Return a connector whose user may replicate and owns nothing."""
    database.execute("drop role if exists repl")
    database.execute(f"create role repl login replication password '{SECRET}'")
    database.execute("create table t (id int primary key)")
    return Capture(database, {"database.user": "repl", "database.password": SECRET})


def test_no_right_to_publish_everything(replicator: Capture) -> None:
    check(replicator, AccessDenied, "GRANT CREATE ON DATABASE", "publication.autocreate.mode=disabled")
    replicator.database.execute(f"grant create on database {replicator.database.name} to repl")
    check(replicator, AccessDenied, "superuser", "publication.autocreate.mode=filtered")
    replicator.database.execute("drop owned by repl")


def test_no_right_to_read(replicator: Capture) -> None:
    replicator.database.execute(f"create publication {replicator.options['publication.name']} for all tables")
    check(replicator, AccessDenied, "repl", "GRANT SELECT", "table t")


def test_least_rights_are_enough(replicator: Capture) -> None:
    replicator.database.execute(f"create publication {replicator.options['publication.name']} for all tables")
    replicator.database.execute("grant select on t to repl; insert into t values (1)")
    with replicator.running():
        replicator.database.execute("insert into t values (2)")
        replicator.sync()
    assert replicator.rows("t") == [("r", 1), ("c", 2)]
    replicator.database.execute("drop owned by repl")


def test_unknown_database(database: Database) -> None:
    check(Capture(database, {"database.dbname": "nowhere"}), ServerNotReady, "nowhere", "database.dbname")


def test_unknown_host(database: Database) -> None:
    capture = Capture(database, {"database.hostname": "nowhere.invalid"})
    check(capture, ConnectionFailed, "nowhere.invalid", "database.hostname", retry=True)


def test_closed_port(database: Database) -> None:
    capture = Capture(database, {"database.port": str(free_port())})
    check(capture, ConnectionFailed, "database.port", retry=True)


def test_invalid_options(database: Database) -> None:
    options = {"table.include.list": "public.(", "slot.name": "Upper", "snapshot.mode": "sometimes"}
    with pytest.raises(ConfigError) as raised:
        PostgresConfig({**Capture(database).options, **options})
    for word in ("table.include.list", "slot.name", "snapshot.mode", "public.("):
        assert word in str(raised.value)


def test_unknown_columns_and_tables_are_warned_about(database: Database) -> None:
    database.execute("create table t (id int primary key, v int); create table nokey (v int)")
    options = {
        "column.exclude.list": "public.t.v,public.t.w",
        "message.key.columns": "public.t:id,x;public.nothing:id",
    }
    with logged() as messages, Capture(database, options).running() as capture:
        capture.sync()
    text = "\n".join(messages)
    assert "column.exclude.list: public.t.w" in text
    assert "public.t has no column x" in text
    assert "public.nothing matches no captured table" in text
    assert 'ALTER TABLE "public"."nokey" REPLICA IDENTITY FULL' in text
    assert "public.t.v matches" not in text


# -- a server that is set up badly ---------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow() -> Iterator[PostgresServer]:
    server = PostgresServer(16, settings={"max_replication_slots": "1", "max_wal_senders": "1"}).start()
    yield server
    server.stop()


def test_no_slot_left(narrow: PostgresServer) -> None:
    database = narrow.create_database()
    database.execute("select pg_create_logical_replication_slot('other', 'pgoutput')")
    check(Capture(database), ServerNotReady, "max_replication_slots")
    database.drop()


def test_no_wal_sender_left(narrow: PostgresServer) -> None:
    database = narrow.create_database()
    with Capture(database).running() as capture:
        capture.sync()
        check(Capture(database, {"slot.name": "second"}), ServerNotReady, "max_wal_senders")
    database.drop()


def test_wal_level(narrow: PostgresServer) -> None:
    narrow._settings["wal_level"] = "replica"
    narrow.restart()
    database = narrow.create_database()
    check(Capture(database), ServerNotReady, "ALTER SYSTEM SET wal_level = logical")
    database.drop()
