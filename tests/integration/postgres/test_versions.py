"""Every supported version: snapshot and stream over TLS, verified, with password or certificate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cdc.errors import AccessDenied, ServerNotReady
from tests.integration.postgres.capture import Capture
from tests.servers.postgres import VERSIONS, Database, PostgresServer

every_version = pytest.mark.parametrize("postgres_version", VERSIONS, indirect=True)


@every_version
def test_snapshot_and_stream(database: Database, postgres: PostgresServer) -> None:
    database.execute("create table t (id int primary key, v text); insert into t values (1, 'ä'), (2, null)")
    options = {"database.sslmode": "verify-full", "database.sslrootcert": str(postgres.certificates.ca)}
    with Capture(database, options).running() as capture:
        database.execute("insert into t values (3, 'x'); update t set v = 'y' where id = 1")
        database.execute("delete from t where id = 2")
        capture.sync()
    expected = [("r", 1, "ä"), ("r", 2, None), ("c", 3, "x"), ("u", 1, "y")]
    assert capture.rows("t", "rcu") == expected
    assert [event.key for event in capture.events("t", "d")] == [{"id": 2}]
    assert [event.key for event in capture.topic("p.public.t") if event.value is None] == [{"id": 2}]


def test_the_connections_are_encrypted(database: Database) -> None:
    database.execute("create table t (id int primary key)")
    with Capture(database, {"database.sslmode": "require"}).running():
        encrypted = database.execute(
            "select ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where application_name = 'cdc'"
            " and a.datname = current_database()"
        )
    assert encrypted == [(True,), (True,)]


def test_client_certificate(database: Database, postgres: PostgresServer, tmp_path: Path) -> None:
    if not postgres.execute("select 1 from pg_roles where rolname = 'client'"):
        postgres.execute("create role client login superuser replication")
    key = tmp_path / "client.key"
    shutil.copyfile(postgres.certificates.client_key, key)
    key.chmod(0o600)
    options = {
        "database.user": "client",
        "database.password": "",
        "database.sslmode": "verify-ca",
        "database.sslrootcert": str(postgres.certificates.ca),
        "database.sslcert": str(postgres.certificates.client),
        "database.sslkey": str(key),
    }
    database.execute("create table t (id int primary key); insert into t values (1)")
    with Capture(database, options).running() as capture:
        capture.sync()
    assert capture.rows("t") == [("r", 1)]
    without = {name: value for name, value in options.items() if name not in ("database.sslcert",)}
    error = Capture(database, without | {"database.sslkey": ""}).failure()
    assert isinstance(error, AccessDenied)


def test_unknown_authority(database: Database, postgres: PostgresServer) -> None:
    options = {
        "database.sslmode": "verify-full",
        "database.sslrootcert": str(postgres.certificates.client),
    }
    error = Capture(database, options).failure()
    assert isinstance(error, ServerNotReady)
    assert "database.sslrootcert" in str(error)
    error = Capture(database, options | {"database.sslrootcert": "/nowhere/ca.pem"}).failure()
    assert isinstance(error, ServerNotReady)
    assert "database.sslrootcert" in str(error)


def test_big_rows_over_tls(database: Database) -> None:
    """Rows larger than TLS records: what waits in the library must not wait for the next packet."""
    database.execute("create table t (id int primary key, v text)")
    with Capture(database, {"database.sslmode": "require"}).running() as capture:
        database.execute(
            "insert into t select i, repeat('x', 1000 * (1 + i % 60)) from generate_series(1, 500) i"
        )
        capture.sync()
    assert len(capture.rows("t")) == 500
