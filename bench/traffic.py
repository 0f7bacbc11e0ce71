"""Single-row transactions at a steady rate, by pgbench."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.measure import BenchFailed
from tests.servers.postgres import PostgresServer, client_tool
from tests.servers.process import Process, scratch

_INSERT = "insert into ticks(t) values (repeat('x', 100));\n"


def make_table(server: PostgresServer) -> None:
    """Make the table `ticks` anew; `made` is the clock of the insert."""
    server.execute("drop table if exists ticks")
    server.execute(
        "create table ticks(id bigserial primary key, t text, made timestamptz default clock_timestamp())"
    )


def wait_for_slot(server: PostgresServer, slot: str, healthy: Callable[[], None]) -> None:
    """Wait until somebody reads from the slot."""
    query = "select 1 from pg_replication_slots where slot_name = %s and active"
    deadline = time.monotonic() + 60
    while not server.execute(query, [slot]):
        healthy()
        if time.monotonic() > deadline:
            raise BenchFailed(f"nobody reads from {slot}")
        time.sleep(0.05)


@contextmanager
def running(server: PostgresServer, rate: int, seconds: float) -> Iterator[None]:
    """Insert rows at this rate in the background; pgbench draws the moments at random."""
    folder = scratch("bench-traffic")
    script = folder / "insert.sql"
    script.write_text(_INSERT)
    command = [str(client_tool("pgbench")), "--no-vacuum", "--client", "2", "--rate", str(rate)]
    command += ["--time", str(int(seconds) + 2), "--file", str(script), "--protocol", "prepared"]
    command += ["-h", server.host, "-p", str(server.port), "-U", "postgres", "postgres"]
    process = Process(command, folder / "log", env={**os.environ, "PGPASSWORD": "postgres"})
    try:
        yield
    finally:
        process.kill()
