"""Where a run starts: decided from the mode and the stored offset, and tried on the server."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from cdc.batch import Offset, Offsets
from cdc.errors import PositionLost
from cdc.sources.mongodb.change_stream import ChangeStream
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.positions import Position, in_snapshot
from cdc.sources.mongodb.tokens import ClusterTime
from snapshot.progress import SnapshotProgress

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with: the open stream stands behind `position`.

    offset: the stored one, if it still counts. reads: whether collections are read. forgotten: progress
    that counts no more.
    """

    position: Position
    offset: Offset | None
    reads: bool
    forgotten: Offsets


def find_start(
    stream: ChangeStream, config: MongoConfig, offset: Offset | None, progress: SnapshotProgress
) -> Start:
    """Judge the offset, and open the stream there, or where it is now: before anything is read.

    Raises PositionLost, unless the mode then takes a new snapshot, or one was not finished anyway.
    """
    mode = config.planned_mode()
    forgotten: Offsets = ()
    if offset is not None:
        finished = not in_snapshot(offset)
        try:
            position = Position.of(offset)
            stream.verify(position)
            stream.open(position)
        except PositionLost as lost:
            if finished and not mode.renew:
                raise
            log.warning("%s; taking a new snapshot (snapshot.mode=%s)", lost.message, mode.name)
            offset, forgotten = None, progress.forget()
        else:
            reads = mode.takes_data(finished=finished)
            if reads and finished:
                return Start(_now(stream), None, True, progress.forget())
            return Start(position, offset, reads, forgotten)
    position = _now(stream, config.capture_start_op_time)
    return Start(position, None, mode.takes_data(finished=False), forgotten)


def _now(stream: ChangeStream, operation_time: int = -1) -> Position:
    """Open the stream where it is now, or at an operation time; return the place."""
    if operation_time >= 0:
        start = Position(time=ClusterTime(operation_time >> 32, operation_time & 0xFFFFFFFF))
        stream.open(start)
        return start
    first = stream.open(Position())
    return Position(first.token, first.time)
