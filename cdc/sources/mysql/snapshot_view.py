"""The view that a snapshot reads in: connections of its own, at one point of the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cdc.capture.side_by_side import Lent
from cdc.errors import CdcError
from cdc.sources.mysql.catalog import Catalog, CatalogTable
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.connection import connect
from cdc.sources.mysql.consistent_read import ConsistentRead, Point
from cdc.sources.mysql.schema_snapshot import ServerSchema, schema_at
from cdc.sources.mysql.server import BinlogStatus, Server
from schemas.table import TableId

if TYPE_CHECKING:
    from pymysql import Connection

log = logging.getLogger(__name__)

_PATIENCE = "SET SESSION net_write_timeout = 31536000"
"""The server waits while the log of changes is slow: it would end the connection after a minute."""


@dataclass(slots=True)
class SnapshotView:
    """An open view, in one connection or in several that show the same.

    position: what progress calls it, see `segment_position`. estimates: rows by table. schema: the
    definitions in it.
    """

    connections: Sequence[Connection[Any]]
    point: Point
    position: str
    schema: ServerSchema
    estimates: Mapping[TableId, int]
    _config: BinlogConfig
    _read: ConsistentRead
    lent: Lent[Connection[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.lent = Lent(self.connections)

    @property
    def global_lock(self) -> bool:
        """Whether all tables of the server are locked for as long as the view is open."""
        return self._read.global_lock

    def cancel(self) -> None:
        """End what the server does for any of them, if it can be reached; they are lost with it."""
        from pymysql.err import MySQLError

        with suppress(CdcError), connect(self._config) as killer, killer.cursor() as cursor:
            for connection in self.connections:
                with suppress(MySQLError):  # it is gone already
                    cursor.execute(f"KILL {connection.thread_id()}")  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """End the view, and give up what is locked."""
        self._read.release()
        _close(self.connections)


def open_view(
    config: BinlogConfig,
    server: Server,
    catalog: Catalog,
    captured: Callable[[TableId], bool],
    in_schema: Callable[[TableId], bool],
) -> SnapshotView:
    """Open a view of the captured tables; raises our errors, or the driver's.

    catalog: over another connection, see `schema_at`. in_schema: the tables whose definitions are asked for.
    """
    tables = [table for table in catalog.tables() if captured(table.id)]
    names = [table.id for table in tables]
    with ExitStack() as undo:
        readers: list[Connection[Any]] = []
        undo.callback(_close, readers)
        for _ in range(max(1, min(config.snapshot_max_threads, len(tables)))):
            readers.append(connect(config))
            _run(readers[-1], _PATIENCE)
        read = _consistent_read(config, server, readers)
        undo.callback(read.release)

        def point() -> Point:
            read.release()
            return read.begin(names)

        found, schema = schema_at(point, catalog, in_schema, captured)
        undo.pop_all()
    if config.snapshot_locking_mode != "extended":
        _warn(tables)
    if len(readers) > 1 and not read.shared:
        log.warning(
            "snapshot.max.threads=%d: tables are read one after the other; that several connections show "
            "the same moment takes a lock, and there is none (snapshot.locking.mode=%s)",
            *(config.snapshot_max_threads, config.snapshot_locking_mode),
        )
        _close(readers[1:])
        del readers[1:]
    estimates = {table.id: table.rows for table in tables}
    position = segment_position(found.since, server)
    return SnapshotView(readers, found, position, schema, estimates, config, read)


def _consistent_read(
    config: BinlogConfig, server: Server, readers: Sequence[Connection[Any]]
) -> ConsistentRead:
    first, *others = readers
    timeout = config.snapshot_lock_timeout_ms / 1000
    return ConsistentRead(
        first, lambda: connect(config), server, config.snapshot_locking_mode, timeout, others
    )


def _run(connection: Connection[Any], statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _close(connections: Sequence[Connection[Any]]) -> None:
    for connection in connections:
        connection._force_close()  # type: ignore[attr-defined]


def _warn(tables: Sequence[CatalogTable]) -> None:
    for table in tables:
        if not table.transactional:
            log.warning(
                "%s is a table of %s, which has no transactions: what changes in it during the snapshot may "
                "be in its rows already when the log tells it (snapshot.locking.mode=extended prevents that)",
                *(table.id, table.engine),
            )


def segment_position(status: BinlogStatus, server: Server) -> str:
    """Return what a segment of progress says of a place in the log: its GTIDs, else `file:position`."""
    return status.gtids if server.uses_gtids else f"{status.file}:{status.pos}"
