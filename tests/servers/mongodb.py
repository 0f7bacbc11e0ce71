"""MongoDB as a replica set of one: a real `mongod` where there is one, else SecantusDB.

No registry has a mongod. SecantusDB speaks its wire protocol on WiredTiger, with an oplog. What it does
otherwise: one node without elections, post-images looked up when they are read, no
error for a start before the oplog nor for events over 16 MB, tokens of a format of its own, which it
takes back only where they were given (the same collection, database or deployment).

tests/servers/scripted_mongo.py answers as mongod does in these cases.
"""

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self

import pymongo
from pymongo.errors import PyMongoError

from tests.servers.cache import built, run_quietly
from tests.servers.process import Process, accepts, free_port, scratch
from tests.servers.server import Server
from tests.servers.tls import certificates

USER, PASSWORD = "cdc", "cdc-secret"

_SECANTUS = "secantusdb==0.7.0b3"
_serial = count(1)


def mongod() -> str | None:
    """Return the real server's program: `MONGOD`, or what is on the path."""
    return os.environ.get("MONGOD") or shutil.which("mongod")


def secantus() -> Path:
    """Return a folder with SecantusDB and what it needs: GPL, a pre-release, no business of the lock's."""

    def build(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        run_quietly([*pip, "--pre", "--only-binary", ":all:", "--target", str(folder), _SECANTUS], attempts=2)

    return built(_SECANTUS.replace("==", "-"), build)


class MongoServer(Server):
    """Run one server; what was acknowledged survives `kill -9`.

    auth: whether only :data:`USER` may come in (SCRAM). tls: whether it speaks nothing but TLS.
    arguments: more for the command line of whichever server it is; see `real`.
    """

    host = "127.0.0.1"
    replica_set = "secantus"

    def __init__(self, *, auth: bool = False, tls: bool = False, arguments: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.folder = scratch("mongodb")
        self.certificates = certificates()
        self.real = mongod() is not None
        self._auth, self._tls, self._arguments = auth, tls, list(arguments)
        self._provisioned = not auth

    def url(self, *, user: str = "", password: str = "", **options: str) -> str:
        """Return the connection string, with credentials where the server asks for some."""
        if self._auth and not user:
            user, password = USER, PASSWORD
        who = f"{user}:{password}@" if user else ""
        options = {"replicaSet": self.replica_set, **self._tls_options(), **options}
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"mongodb://{who}{self.host}:{self.port}/?{query}"

    def client(self, **options: Any) -> pymongo.MongoClient[dict[str, Any]]:
        """Open a client (use it in a `with`)."""
        return pymongo.MongoClient(self.url(), serverSelectionTimeoutMS=10_000, **options)

    def database_name(self) -> str:
        """Return the name of a database of its own for one test."""
        return f"t{os.getpid()}_{next(_serial)}"

    def start(self) -> Self:
        """Start, with the user and the replica set at the first time, and wait until there is a primary."""
        if not self._provisioned:
            self._run(auth=False)
            with self._local() as client:
                client.admin.command("createUser", USER, pwd=PASSWORD, roles=["root"])
            self.stop()
            self._provisioned = True
        self._run(auth=self._auth)
        return self

    def fail(self, commands: Sequence[str], *, times: int = 1, **data: Any) -> None:
        """Let the next commands fail: `errorCode`, `errorLabels`, or `closeConnection`."""
        with self.client() as client:
            data = {"failCommands": list(commands), **data}
            client.admin.command("configureFailPoint", "failCommand", mode={"times": times}, data=data)

    def _run(self, *, auth: bool) -> None:
        log = self.folder / "log"
        log.write_text("")
        (self.folder / "data").mkdir(exist_ok=True)
        command, env = self._real_command(auth) if self.real else self._secantus_command(auth)
        self._process = Process([*command, *self._arguments], log, cwd=self.folder, env=env)
        self._process.wait_until(lambda: accepts(self.port), what="MongoDB")
        if self.real:
            self._initiate(auth)
        self._process.wait_until(lambda: self._is_primary(auth), what="MongoDB's election")

    def _secantus_command(self, auth: bool) -> tuple[list[str], Mapping[str, str]]:
        start = "import sys; from secantus.cli import main; sys.exit(main())"
        flags = ["--host", self.host, "--port", str(self.port), "--storage-path", str(self.folder / "data")]
        flags += ["--cache-size", "128M", "--enable-test-commands", "--sync-on-commit"]
        flags += ["--auth"] if auth else []
        if self._tls:
            flags += ["--tls-cert-file", str(self.certificates.server)]
            flags += ["--tls-key-file", str(self.certificates.server_key)]
            flags += ["--tls-ca-file", str(self.certificates.ca)]
        return [sys.executable, "-c", start, *flags], {"PYTHONPATH": str(secantus())}

    def _real_command(self, auth: bool) -> tuple[list[str], Mapping[str, str]]:
        flags = ["--bind_ip", self.host, "--port", str(self.port), "--dbpath", str(self.folder / "data")]
        flags += ["--replSet", self.replica_set, "--setParameter", "enableTestCommands=1"]
        if auth:
            key = self.folder / "key"
            key.write_text("onlyForTestsOn127001")
            key.chmod(0o600)
            flags += ["--auth", "--keyFile", str(key)]
        if self._tls:
            flags += [
                "--tlsMode",
                "requireTLS",
                "--tlsCertificateKeyFile",
                str(self.certificates.server_store),
            ]
            flags += ["--tlsCAFile", str(self.certificates.ca), "--tlsAllowConnectionsWithoutCertificates"]
        return [mongod() or "mongod", *flags], {}

    def _tls_options(self) -> dict[str, str]:
        return {"tls": "true", "tlsCAFile": str(self.certificates.ca)} if self._tls else {}

    def _local(self, *, auth: bool = False) -> pymongo.MongoClient[dict[str, Any]]:
        """Open a client on the server alone, whatever it thinks of its replica set."""
        who = {"username": USER, "password": PASSWORD} if auth else {}
        options = {"directConnection": True, "serverSelectionTimeoutMS": 2000, **self._tls_options(), **who}
        return pymongo.MongoClient(self.host, self.port, **options)

    def _initiate(self, auth: bool) -> None:
        member = {"_id": 0, "host": f"{self.host}:{self.port}"}
        with self._local(auth=auth) as client:
            try:
                client.admin.command("replSetGetStatus")
            except PyMongoError:
                config = {"_id": self.replica_set, "members": [member]}
                client.admin.command("replSetInitiate", config)

    def _is_primary(self, auth: bool) -> bool:
        try:
            with self._local(auth=auth) as client:
                return bool(client.admin.command("hello").get("isWritablePrimary"))
        except PyMongoError:
            time.sleep(0.05)
            return False
