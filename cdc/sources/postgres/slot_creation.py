"""The slot is made: that waits for open transactions, so it says for which, and it can be stopped."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdc.errors import ServerNotReady
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.positions import parse_lsn
from cdc.sources.postgres.replication import ReplicationStream
from cdc.sources.postgres.waiting import Stopping, Waiting

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)

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

    def blockers() -> Iterator[str]:
        for (text,) in connection.execute(_BLOCKERS, (stream.backend_pid,)):
            yield text

    wait = Waiting(
        f"Creating slot {name} waits for the end of transactions that were open before",
        blockers,
        stopped=f"Stopped before the replication slot {name!r} was made",
        stopping=stopping,
    )
    _, lsn, snapshot, _ = stream.command(f'CREATE_REPLICATION_SLOT "{name}" {kind}', wait)[0]
    assert lsn is not None
    assert snapshot is not None
    return CreatedSlot(parse_lsn(lsn), snapshot)
