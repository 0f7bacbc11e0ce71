"""Where a run starts: decided from the mode, the stored offset and what the server still has."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdc.batch import Offset
from cdc.errors import PositionLost, ServerNotReady
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.flavours import Flavour
from cdc.sources.mysql.gtid.start import LOST_HINT, start_set
from cdc.sources.mysql.positions import Position, read_offset
from cdc.sources.mysql.server import (
    BinlogStatus,
    Server,
    binlog_files,
    executed_gtids,
    mariadb_status,
    purged_gtids,
)
from cdc.sources.mysql.stream import Start as StreamStart
from snapshot.progress import SnapshotProgress

if TYPE_CHECKING:
    from pymysql import Connection

log = logging.getLogger(__name__)

_FIRST_EVENT = 4


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with.

    position: the stored one, if it still counts; without one it is that of the snapshot. data: whether tables
    are read. schema: whether the definitions come from the server, not from the history.
    """

    position: Position | None
    data: bool
    schema: bool


def find_start(
    connection: Connection[Any],
    config: BinlogConfig,
    flavour: Flavour,
    server: Server,
    offset: Offset | None,
    progress: SnapshotProgress,
) -> Start:
    """Judge the offset. Raises PositionLost, unless the mode then takes a new snapshot.

    progress: of a snapshot that is not finished; it goes on, if its position is still in the log.
    """
    mode = config.planned_mode()
    position = read_offset(offset, flavour.gtid_set) if offset is not None else None
    if position is not None and mode.stream:
        try:
            stream_start(connection, config, flavour, server, position)
        except PositionLost as lost:
            if not mode.renew and position.snapshot is None:
                raise
            log.warning("%s; taking a new snapshot (snapshot.mode=%s)", lost.message, mode.name)
            position = None
    finished = position is not None and position.snapshot is None
    data, schema = mode.takes_data(finished=finished), mode.takes_schema(finished=finished)
    if mode.name == "recovery" and not finished:
        raise ServerNotReady(
            "snapshot.mode=recovery goes on at a stored offset, and there is none",
            hint="use snapshot.mode=no_data to begin with the present, or initial to read the tables",
        )
    if not finished and not data and not schema:
        return Start(first_position(connection, flavour, server), data, schema)
    if data and position is not None and not finished and progress.tables:
        return Start(position, data, schema=False)
    return Start(position if finished and not data else None, data, schema or data)


def position_at(status: BinlogStatus, flavour: Flavour, server: Server) -> Position:
    """Return the position of a place in the server's log."""
    gtids = flavour.parse_gtids(status.gtids) if server.uses_gtids else None
    return Position(status.file, status.pos, gtids, server_uuid=server["server_uuid"] or None)


def first_position(connection: Connection[Any], flavour: Flavour, server: Server) -> Position:
    """Return the beginning of the server's log."""
    file = next(iter(binlog_files(connection)))
    return position_at(BinlogStatus(file, _FIRST_EVENT, _purged(connection, server)), flavour, server)


def stream_start(
    connection: Connection[Any], config: BinlogConfig, flavour: Flavour, server: Server, position: Position
) -> StreamStart:
    """Return where the log is asked for; raises PositionLost when the server does not have it.

    GTIDs say it on any server that has them, file and position only on the one they are from.
    """
    if position.gtids is not None and server.uses_gtids and not config.gtid_ignore_on_recovery:
        executed = flavour.parse_gtids(executed_gtids(connection, server))
        purged = flavour.parse_gtids(_purged(connection, server))
        known = start_set(position.gtids, executed, purged, config.source_filter)  # type: ignore[type-var]
        return StreamStart(position.file if _at_home(server, position) else "", position.pos, known)
    if not _at_home(server, position):
        raise PositionLost(
            f"The stored offset is of the server {position.server_uuid}, this one is "
            f"{server['server_uuid']}; without GTIDs a position means nothing on another server",
            hint=f"set gtid_mode=ON on both to be able to change servers; here {LOST_HINT}",
        )
    _check_file(binlog_files(connection), position)
    return StreamStart(position.file, position.pos)


def moved(server: Server, position: Position) -> Position:
    """Return the position as one of this server: on another one only GTIDs count."""
    uuid = server["server_uuid"] or None
    if _at_home(server, position):
        return replace(position, server_uuid=uuid)
    log.info("The server is another one than before; going on by GTID %s", position.gtids)
    return replace(position, server_uuid=uuid)


def _at_home(server: Server, position: Position) -> bool:
    return not position.server_uuid or position.server_uuid == server["server_uuid"]


def _check_file(files: dict[str, int], position: Position) -> None:
    size = files.get(position.file)
    if size is None:
        raise PositionLost(
            f"The server has no binary log {position.file} any more; its files are "
            f"{', '.join(list(files)[:1] + list(files)[-1:])}",
            hint=LOST_HINT,
        )
    if position.pos > size:
        raise PositionLost(
            f"The stored position {position.pos} lies behind the end of {position.file}, which has "
            f"{size} bytes: it is another file than before",
            hint=LOST_HINT,
        )


def _purged(connection: Connection[Any], server: Server) -> str:
    if not server.uses_gtids:
        return ""
    if not server.is_mariadb:
        return purged_gtids(connection)
    oldest = next(iter(binlog_files(connection)))
    return mariadb_status(connection, oldest, _FIRST_EVENT).gtids
