"""What the database's own tools reach: the limits that the measures are held against."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence

from bench.load import PUBLICATION
from bench.measure import BenchFailed
from tests.servers.postgres import Connectable, client_tool


def _environment(database: Connectable) -> dict[str, str]:
    return {
        **os.environ,
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGUSER": "postgres",
        "PGPASSWORD": "postgres",
        "PGDATABASE": database.name,
    }


def _timed(database: Connectable, command: Sequence[str], *, shell: bool = False) -> float:
    """Run a tool over TCP; return its seconds."""
    started = time.perf_counter()
    done = subprocess.run(
        command if not shell else command[0],
        env=_environment(database),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        shell=shell,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"{command[0]}: {done.stderr.decode(errors='replace')[-500:]}")
    return time.perf_counter() - started


def receive_backlog(database: Connectable, slot: str, end: int) -> float:
    """Return how many seconds pg_recvlogical takes for the backlog, into nothing."""
    command = [str(client_tool("pg_recvlogical")), "--slot", slot, "--start", "--no-loop"]
    command += ["-d", database.name, "-f", "/dev/null"]
    command += ["-o", "proto_version=1", "-o", f"publication_names={PUBLICATION}"]
    command += ["--endpos", f"{end >> 32:X}/{end & 0xFFFFFFFF:X}"]
    return _timed(database, command)


def copy_out(database: Connectable, table: str) -> float:
    """Return how many seconds psql takes to COPY a table out, into nothing."""
    return _timed(database, [str(client_tool("psql")), "-qc", f"copy {table} to stdout"])


def dump_and_load(source: Connectable, target: Connectable, table: str) -> float:
    """Return how many seconds `pg_dump | psql` takes to bring a table over."""
    dump = f"{client_tool('pg_dump')} --table {table} --no-publications"
    load = f"{client_tool('psql')} -q --set ON_ERROR_STOP=1 --dbname {target.name}"
    return _timed(source, [f"{dump} | {load}"], shell=True)
