"""Read what a SELECT gives, straight from the socket: the driver's own cursors cost more than the row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cdc.sources.mysql.text_rows import RowChunk, RowPackets

if TYPE_CHECKING:
    from pymysql.connections import Connection

READ_BYTES = 256 * 1024
"""How much text makes one batch."""
_QUERY = 0x03


def select_rows(connection: Connection[Any], statement: str) -> Iterator[list[RowChunk]]:
    """Run a SELECT; yield about `READ_BYTES` of rows at a time.

    Raises the driver's errors. A reader that stops early loses the connection: the rest would have to be
    read, however much it is.
    """
    packets = _ask(connection, statement)
    try:
        yield from _pieces(connection, packets)
    finally:
        if not packets.finished:
            connection._force_close()  # type: ignore[attr-defined]
    if packets.error is not None:
        from pymysql.err import raise_mysql_exception

        raise_mysql_exception(packets.error)


def _ask(connection: Any, statement: str) -> RowPackets:
    """Send the query; read what comes before the rows: the number of columns, the columns, their end."""
    connection._execute_command(_QUERY, statement)
    columns = connection._read_packet().read_length_encoded_integer()
    for _ in range(columns + 1):
        connection._read_packet()
    return RowPackets()


def _pieces(connection: Any, packets: RowPackets) -> Iterator[list[RowChunk]]:
    from pymysql.constants import CR
    from pymysql.err import OperationalError

    # Rows that the driver has read ahead come first; behind them every call is one of the socket's.
    read = connection._rfile.read1
    chunks: list[RowChunk] = []
    size = 0
    while not packets.finished:
        data = read(READ_BYTES)
        if not data:
            raise OperationalError(CR.CR_SERVER_LOST, "Lost connection to MySQL server during query")
        chunks += packets.feed(data)
        size += len(data)
        if size >= READ_BYTES and chunks:
            yield chunks
            chunks, size = [], 0
    if chunks:
        yield chunks
