"""Where a run starts: by `startup.mode`, or the stored offset, tried on the server."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from cdc.batch import Offset, Offsets
from cdc.errors import PositionLost
from cdc.sources.mongodb.change_stream import ChangeStream
from cdc.sources.mongodb.mongo_kafka.config import MongoKafkaConfig
from cdc.sources.mongodb.mongo_kafka.offsets import is_copying, token_of
from cdc.sources.mongodb.positions import Position
from snapshot.progress import SnapshotProgress

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with: the open stream stands behind `position`.

    new: whether there is no offset for that yet. copies: whether collections are copied. forgotten: progress
    of a copy that counts no more.
    """

    position: Position
    new: bool
    copies: bool
    forgotten: Offsets = ()


def find_start(
    stream: ChangeStream, config: MongoKafkaConfig, offset: Offset | None, progress: SnapshotProgress
) -> Start:
    """Judge the offset, and open the stream there, or where it is now: before anything is copied.

    Raises PositionLost, unless errors are tolerated, or a copy was not finished anyway.
    """
    copying = offset is not None and is_copying(offset)
    wanted = config.mode == "copy_existing" and (copying or offset is None)
    if offset is not None and (wanted or not copying):
        try:
            token = token_of(offset)
            if token is not None:
                stream.verify(Position(token))
                stream.open(Position(token))
                return Start(Position(token), False, wanted)
        except PositionLost as lost:
            if not copying and not config.tolerates:
                raise
            log.warning("%s; starting %s", lost.message, "the copy anew" if wanted else "from now")
    return Start(fresh_start(stream, config), True, wanted, progress.forget())


def fresh_start(stream: ChangeStream, config: MongoKafkaConfig) -> Position:
    """Open the stream where it is now, or at the operation time of the options; return the place."""
    time = config.start_at_operation_time if config.mode == "timestamp" else None
    first = stream.open(Position(time=time))
    return Position(first.token, time or first.time)
