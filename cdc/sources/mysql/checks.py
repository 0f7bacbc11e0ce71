"""What keeps a server from being captured, as `cdc validate` tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cdc.errors import AccessDenied, ServerNotReady
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.connection import translated
from cdc.sources.mysql.flavours import Flavour
from cdc.sources.mysql.server import binlog_status, read_server
from cdc.sources.mysql.stream import BinlogStream, EndOfDump, Start

if TYPE_CHECKING:
    from pymysql import Connection


def check_server(connection: Connection[Any], config: BinlogConfig, flavour: Flavour) -> Iterator[str]:
    """Yield what is missing: product, settings, rights."""
    try:
        with translated(config):
            server = read_server(connection)
            server.require_product(mariadb=flavour.mariadb)
            if not config.planned_mode().stream:
                return
            server.require_ready(streams=True)
            status = binlog_status(connection, server)
        _try_stream(config, Start(status.file, status.pos))
    except (ServerNotReady, AccessDenied) as error:
        yield str(error)


def _try_stream(config: BinlogConfig, start: Start) -> None:
    """Ask for the end of the log: no other statement tells whether the user may have it."""
    other_id = config.server_id + config.server_id_offset
    seconds = config.connect_timeout_ms / 1000
    with closing(BinlogStream(config, start, server_id=other_id, to_the_end=True)) as stream:
        try:
            for _ in stream.events(timeout=seconds):
                pass
        except EndOfDump:
            pass
