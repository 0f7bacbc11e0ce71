"""The slot is made: that waits for open transactions, so it says for which, and it can be stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdc.errors import Interrupted, ServerNotReady
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.positions import parse_lsn
from cdc.sources.postgres.replication import ReplicationStream

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)

Stopping = Callable[[], bool]
_FIRST_WORD, _LATER_WORDS = 1.0, 30.0
"""Seconds after which it is said what is waited for, and is said again."""
_NAME_LENGTH = 50
"""Of a slot's name (63 at most), so that the PID fits in behind it."""
# A prepared transaction has no process; pg_blocking_pids has 0 for it.
_BLOCKERS = """
SELECT CASE WHEN pid = 0 THEN
         'prepared transactions (' || (SELECT string_agg(gid, ', ') FROM pg_prepared_xacts) || ')'
       ELSE format('PID %%s (user %%s, application %%s, %%s, for %%s s)', pid, usename, application_name,
         state, extract(epoch FROM clock_timestamp() - xact_start)::int) END
  FROM unnest(pg_blocking_pids(%s)) AS blocking (pid) LEFT JOIN pg_stat_activity USING (pid)
"""


@dataclass(frozen=True, slots=True)
class CreatedSlot:
    """A slot just made: its consistent point, and the snapshot that shows the database there."""

    lsn: int
    snapshot: str


def create_slot(
    connection: Connection,
    stream: ReplicationStream,
    config: PostgresConfig,
    server_version: int,
    stopping: Stopping,
) -> CreatedSlot:
    """Create the slot and export its snapshot; the snapshot lives until the stream's next command.

    connection: a second one, to ask who keeps us waiting. Raises Interrupted once a stop is asked for;
    then there is no slot.
    """
    if config.slot_failover:
        if server_version < 170000:
            raise ServerNotReady(
                f"slot.failover needs PostgreSQL 17; the server is {server_version // 10000}",
                hint="set slot.failover=false",
            )
        options = "(SNAPSHOT 'export', FAILOVER true)"
    else:
        options = "EXPORT_SNAPSHOT"
    return _create(connection, stream, config.slot_name, f"LOGICAL pgoutput {options}", stopping)


@contextmanager
def exported_snapshot(
    connection: Connection, stream: ReplicationStream, config: PostgresConfig, stopping: Stopping
) -> Iterator[CreatedSlot]:
    """Export a snapshot as a new slot's, of a temporary one; it may be taken over within the block.

    What any other snapshot says of itself leaves out the subtransactions of those that run, whose ids
    rows bear. Waits and raises like `create_slot`.
    """
    name = f"{config.slot_name[:_NAME_LENGTH]}_{stream.backend_pid}"
    yield _create(connection, stream, name, "TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT", stopping)
    stream.command(f'DROP_REPLICATION_SLOT "{name}"')


def _create(
    connection: Connection, stream: ReplicationStream, name: str, kind: str, stopping: Stopping
) -> CreatedSlot:
    log.info("Creating slot %s", name)
    wait = _Wait(connection, stream.backend_pid, name, stopping)
    _, lsn, snapshot, _ = stream.command(f'CREATE_REPLICATION_SLOT "{name}" {kind}', wait)[0]
    assert lsn is not None
    assert snapshot is not None
    return CreatedSlot(parse_lsn(lsn), snapshot)


class _Wait:
    """What is done meanwhile, some times a second."""

    def __init__(self, connection: Connection, pid: int, slot_name: str, stopping: Stopping) -> None:
        self._connection, self._pid, self._slot_name = connection, pid, slot_name
        self._stopping = stopping
        self._due = time.monotonic() + _FIRST_WORD

    def __call__(self) -> None:
        if self._stopping():
            raise Interrupted(f"Stopped before the replication slot {self._slot_name!r} was made")
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _LATER_WORDS
            found = [text for (text,) in self._connection.execute(_BLOCKERS, (self._pid,)).fetchall()]
            log.warning(
                "Creating slot %s waits for the end of transactions that were open before: %s",
                self._slot_name,
                ", ".join(found) or "the server does not tell which",
            )
