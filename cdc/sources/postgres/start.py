"""Where a run starts: decided from the mode, the stored offset and the slot as it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdc.batch import Offset, Offsets
from cdc.errors import PositionLost
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.failures import LOST_HINT
from cdc.sources.postgres.positions import in_snapshot, start_lsn
from cdc.sources.postgres.server import Server
from cdc.sources.postgres.slot import Slot, check_slot, drop_slot
from cdc.sources.postgres.slot_creation import CreatedSlot
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with.

    lsn: where the stream starts. offset: the stored one, if it still counts. reads: whether tables are
    read. exported: the slot just made, if any. forgotten: progress that counts no more.
    """

    lsn: int
    offset: Offset | None
    reads: bool
    exported: CreatedSlot | None
    forgotten: Offsets


def find_start(
    connection: Connection,
    config: PostgresConfig,
    server: Server,
    slot: Slot | None,
    offset: Offset | None,
    progress: SnapshotProgress,
    *,
    create: Callable[[bool], CreatedSlot],
) -> Start:
    """Judge offset and slot, and create the slot where there is none, unless the mode does not stream.

    create: makes it; told whether tables are read. Raises PositionLost, unless the mode then takes a new
    snapshot.
    """
    mode = config.planned_mode()
    try:
        if offset is not None:
            server.check_identity(offset)
        if mode.stream:
            _check_slot(slot, config, offset)
    except PositionLost as lost:
        if not mode.renew:
            raise
        log.warning("%s; taking a new snapshot (snapshot.mode=%s)", lost.message, mode.name)
        drop_slot(connection, config)
        offset, slot = None, None
    finished = offset is not None and not in_snapshot(offset)
    reads = mode.takes_data(finished=finished)
    if mode.stream and slot is None:
        created = create(reads)
        return Start(created.lsn, offset, reads, created, ())
    forgotten = progress.forget() if reads and finished else []
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
