"""MySQL and MariaDB as origins: readers begin at the beginning of the log."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count

from bench import binlog_load as load
from bench.configs import WITHOUT_SCHEMA, dotted
from bench.load import CHANGES_TABLE, SNAPSHOT_TABLE
from bench.measure import BenchFailed
from bench.origins import Origin, Place
from tests.servers import mariadb
from tests.servers.mysql import PASSWORD, USER, MySQLServer

DEBEZIUM = "io.debezium.connector.mysql.MySqlConnector"
_FIRST_EVENT = 4
_ids = count(5001)


class BinlogOrigin(Origin):
    """A server with the backlog in the first file of its log."""

    def __init__(self, server: MySQLServer, rows: int, say: Callable[[str], None]) -> None:
        self.server, self.rows, self._say = server, rows, say
        self.prefix = server.name

    @cached_property
    def backlog(self) -> str:
        """The file that the backlog is in; it is made now."""
        self._say(f"making a backlog of {self.rows:,} changes on {self.server.name}")
        load.make_backlog(self.server, self.rows)
        ((file, *_), *_) = self.server.execute("show binary logs")
        return str(file)

    @cached_property
    def table(self) -> str:
        """The table to snapshot; it is made now."""
        assert self.backlog
        self._say(f"making a table of {self.rows:,} rows on {self.server.name}")
        load.make_snapshot_table(self.server, self.rows)
        return SNAPSHOT_TABLE

    def source(self, name: str, tables: str, **more: str) -> dict[str, str]:
        """Return a source of some tables."""
        return {
            "name": name,
            "connector.class": self.server.name,
            "database.hostname": self.server.host,
            "database.port": str(self.server.port),
            "database.user": USER,
            "database.password": PASSWORD,
            "database.server.id": str(next(_ids)),
            "topic.prefix": name,
            "database.include.list": load.DATABASE,
            "table.include.list": f"{load.DATABASE}.{tables}",
            "include.schema.changes": "false",
            "tombstones.on.delete": "false",
            **WITHOUT_SCHEMA,
            **dotted(more),
        }

    def stream_source(self, name: str, **more: str) -> dict[str, str]:
        """See `Origin`: the mode `never` reads the log from its beginning."""
        return self.source(name, CHANGES_TABLE, snapshot__mode="never", **more)

    def snapshot_source(self, name: str, **more: str) -> dict[str, str]:
        """See `Origin`."""
        return self.source(name, self.table, snapshot__mode="initial_only", **more)

    def topic(self, name: str, table: str) -> str:
        """See `Origin`."""
        return f"{name}.{load.DATABASE}.{table}"

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """See `Origin`: the log stays as it is."""
        assert self.backlog
        yield

    def debezium_stream(self, name: str, bootstrap: str) -> tuple[dict[str, str], Place | None]:
        """See `Origin`: no mode begins at the beginning of the log, `recovery` goes on there."""
        source = self._debezium(self.stream_source(name), bootstrap) | {"snapshot.mode": "recovery"}
        return source, Place({"server": name}, {"file": self.backlog, "pos": _FIRST_EVENT})

    def debezium_snapshot(self, name: str, bootstrap: str) -> dict[str, str]:
        """See `Origin`."""
        return self._debezium(self.snapshot_source(name), bootstrap)

    @staticmethod
    def _debezium(source: dict[str, str], bootstrap: str) -> dict[str, str]:
        history = {"kafka.bootstrap.servers": bootstrap, "kafka.topic": f"{source['name']}.history"}
        own = {f"schema.history.internal.{key}": value for key, value in history.items()}
        return {**source, **own, "connector.class": DEBEZIUM}

    # -- the server's own tools --------------------------------------------------------------

    def receive_backlog(self, name: str) -> float:
        """Run mariadb-binlog, which prints the rows."""
        command = [mariadb.client_tool("mariadb-binlog"), "--read-from-remote-server"]
        command += ["--base64-output=DECODE-ROWS", "--verbose", f"--database={load.DATABASE}"]
        return self._timed([*command, *self._login(), self.backlog])

    def copy_out(self) -> float:
        """Run MariaDB's client, which prints the rows."""
        command = [mariadb.client_tool("mariadb"), "--quick", "--skip-ssl"]
        return self._timed([*command, *self._login(), "-e", f"select * from {load.DATABASE}.{self.table}"])

    def _login(self) -> list[str]:
        server = self.server
        return [f"--host={server.host}", f"--port={server.port}", f"--user={USER}", f"--password={PASSWORD}"]

    @staticmethod
    def _timed(command: Sequence[str]) -> float:
        started = time.perf_counter()
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise BenchFailed(f"{command[0]}: {done.stderr.decode(errors='replace')[-500:]}")
        return time.perf_counter() - started
