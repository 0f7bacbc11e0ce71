"""The view that a snapshot reads in: a connection of its own, at one point of the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    """An open view.

    position: what progress calls it, see `segment_position`. estimates: rows by table. schema: the
    definitions in it.
    """

    connection: Connection[Any]
    point: Point
    position: str
    schema: ServerSchema
    estimates: Mapping[TableId, int]
    _read: ConsistentRead

    @property
    def global_lock(self) -> bool:
        """Whether all tables of the server are locked for as long as the view is open."""
        return self._read.global_lock

    def run(self, statement: str) -> None:
        """Run a statement in the view."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def close(self) -> None:
        """End the view, and give up what is locked."""
        self._read.release()
        self.connection._force_close()  # type: ignore[attr-defined]


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
    connection = connect(config)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_PATIENCE)
        tables = [table for table in catalog.tables() if captured(table.id)]
        read = _consistent_read(config, server, connection)
        names = [table.id for table in tables]

        def point() -> Point:
            read.release()
            return read.begin(names)

        try:
            found, schema = schema_at(point, catalog, in_schema)
        except BaseException:
            read.release()
            raise
    except BaseException:
        connection._force_close()  # type: ignore[attr-defined]
        raise
    if config.snapshot_locking_mode != "extended":
        _warn(tables)
    estimates = {table.id: table.rows for table in tables}
    return SnapshotView(connection, found, segment_position(found.since, server), schema, estimates, read)


def _consistent_read(config: BinlogConfig, server: Server, connection: Connection[Any]) -> ConsistentRead:
    timeout = config.snapshot_lock_timeout_ms / 1000
    return ConsistentRead(connection, lambda: connect(config), server, config.snapshot_locking_mode, timeout)


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
