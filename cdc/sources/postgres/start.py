"""Where a run starts: decided from the mode, the stored offset and the slot as it is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdc.batch import Offset, Offsets
from cdc.errors import PositionLost
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.failures import LOST_HINT
from cdc.sources.postgres.positions import in_snapshot, start_lsn
from cdc.sources.postgres.replication import ReplicationStream
from cdc.sources.postgres.server import Server
from cdc.sources.postgres.slot import Slot, await_free_slot, check_slot, create_slot, drop_slot
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with.

    lsn: where the stream starts. offset: the stored one, if it still counts. reads: whether tables are
    read. exported: the snapshot of a slot just made. forgotten: progress that counts no more.
    """

    lsn: int
    offset: Offset | None
    reads: bool
    exported: str | None
    forgotten: Offsets


def find_start(
    connection: Connection,
    stream: ReplicationStream | None,
    config: PostgresConfig,
    server: Server,
    offset: Offset | None,
    progress: SnapshotProgress,
) -> Start:
    """Judge offset and slot, and create the slot where there is none.

    stream: None when the mode does not stream; then there is no slot. Raises PositionLost, unless the
    mode then takes a new snapshot.
    """
    mode = config.planned_mode()
    slot = await_free_slot(connection, config) if stream is not None else None
    forgotten: Offsets = ()
    try:
        if offset is not None:
            server.check_identity(offset)
        if stream is not None:
            _check_slot(slot, config, offset)
    except PositionLost as lost:
        if not mode.renew:
            raise
        log.warning("%s; taking a new snapshot (snapshot.mode=%s)", lost.message, mode.name)
        drop_slot(connection, config)
        offset, slot = None, None
    finished = offset is not None and not in_snapshot(offset)
    reads = mode.takes_data(finished=finished)
    if stream is not None and slot is None:
        log.info("Creating slot %s; this waits for the transactions that are open now", config.slot_name)
        created = create_slot(stream, config, server.version)
        # What an earlier run read is of no use: what changed before this slot is not in it.
        return Start(created.lsn, offset, reads, created.snapshot, progress.forget())
    if reads and finished:
        forgotten = progress.forget()
    lsn = start_lsn(offset) if offset is not None else 0
    return Start(lsn or (slot.confirmed_lsn if slot else server.lsn), offset, reads, None, forgotten)


def _check_slot(slot: Slot | None, config: PostgresConfig, offset: Offset | None) -> None:
    if slot is not None:
        check_slot(slot, config, start_lsn(offset) if offset is not None else None)
    elif offset is not None and not config.slot_drop_on_stop:
        raise PositionLost(
            f"The replication slot {config.slot_name!r} is gone, and with it all changes since the "
            f"stored offset",
            hint=LOST_HINT,
        )
    elif offset is not None:
        log.warning("slot.drop.on.stop: what changed since the last stop is not captured")
