"""The replication slot: found, judged, dropped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdc.errors import Interrupted, PositionLost, ResourceBusy, ServerNotReady
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.failures import LOST_HINT
from cdc.sources.postgres.positions import lsn_text, parse_lsn

if TYPE_CHECKING:
    from psycopg import Connection

_SLOT = """
SELECT plugin, database, active_pid, confirmed_flush_lsn, wal_status
  FROM pg_replication_slots WHERE slot_name = %s
"""
_NAP = 0.2


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot as the server has it."""

    plugin: str
    database: str
    active_pid: int | None
    confirmed_lsn: int
    wal_status: str | None


def find_slot(connection: Connection, config: PostgresConfig) -> Slot | None:
    """Return the slot, or None; raises ServerNotReady for one that cannot be ours."""
    row = connection.execute(_SLOT, (config.slot_name,)).fetchone()
    if row is None:
        return None
    plugin, database, active_pid, confirmed, wal_status = row
    if plugin != "pgoutput" or database != config.dbname:
        raise ServerNotReady(
            f"The replication slot {config.slot_name!r} is of plug-in {plugin} and database {database}",
            hint=f"choose another slot.name, or run: SELECT pg_drop_replication_slot('{config.slot_name}')",
        )
    return Slot(plugin, database, active_pid, parse_lsn(confirmed) if confirmed else 0, wal_status)


def await_free_slot(
    connection: Connection, config: PostgresConfig, stopping: Callable[[], bool] = lambda: False
) -> Slot | None:
    """Return the slot once nobody uses it.

    Raises ResourceBusy after `slot.max.retries`, Interrupted once a stop is asked for.
    """
    for attempt in range(config.slot_max_retries + 1):
        slot = find_slot(connection, config)
        if slot is None or slot.active_pid is None:
            return slot
        if attempt < config.slot_max_retries:
            # A former run's walsender is gone within moments, so the first tries come quickly.
            _pause(min(config.slot_retry_delay_ms / 1000, 0.1 * 4**attempt), stopping)
    assert slot is not None
    raise ResourceBusy(
        f"The replication slot {config.slot_name!r} is active for PID {slot.active_pid}",
        hint="stop the other connector, or choose another slot.name",
    )


def _pause(seconds: float, stopping: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if stopping():
            raise Interrupted("Stopped before the replication slot was free")
        time.sleep(min(left, _NAP))


def drop_slot(connection: Connection, config: PostgresConfig) -> None:
    """Drop the slot if it is there."""
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s",
        (config.slot_name,),
    )


def check_slot(slot: Slot, config: PostgresConfig, offset_lsn: int | None) -> None:
    """Verify that the slot still has everything after the stored offset, if any; raises PositionLost.

    We confirm only what is durable in the log, so a slot that is ahead of the offset was recreated,
    or advanced by somebody else.
    """
    if slot.wal_status == "lost":
        raise PositionLost(
            f"The replication slot {config.slot_name!r} was invalidated: the server removed the WAL it needs",
            hint=f"run: SELECT pg_drop_replication_slot('{config.slot_name}'); raise max_slot_wal_keep_size; "
            + LOST_HINT,
        )
    if offset_lsn is None or config.offset_mismatch_strategy != "trust_offset":
        return
    if slot.confirmed_lsn > offset_lsn:
        raise PositionLost(
            f"The replication slot {config.slot_name!r} starts at {lsn_text(slot.confirmed_lsn)}, after the "
            f"stored offset {lsn_text(offset_lsn)}: it was dropped and created anew, or advanced by others",
            hint=LOST_HINT + "; offset.mismatch.strategy=trust_slot goes on without the changes in between",
        )
