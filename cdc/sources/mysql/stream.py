"""The stream of a binary log: a dump is asked for, events come out.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_binlog_dump.html and
page_protocol_com_binlog_dump_gtid.html; https://mariadb.com/kb/en/com_binlog_dump/ (@slave_connect_state).
A reader that goes away is noticed by the server at its next event or heartbeat, or at once when
another one comes with the same id.
"""

from __future__ import annotations

import select
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ssl import SSLWantReadError
from typing import TYPE_CHECKING, Any

from cdc.errors import ConnectionFailed
from cdc.sources.mysql.binlog.decoder import EventDecoder
from cdc.sources.mysql.binlog.events import Event
from cdc.sources.mysql.binlog.failures import EndOfDump, RefusedByServer
from cdc.sources.mysql.config import BinlogConnection
from cdc.sources.mysql.connection import connect_replication, translated
from cdc.sources.mysql.failures import ACCESS_DENIED, MISSING_RIGHT, failure
from cdc.sources.mysql.gtid import MariaDbGtidSet, MySqlGtidSet

if TYPE_CHECKING:
    from pymysql.connections import Connection

_REGISTER, _DUMP, _DUMP_GTID = 0x15, 0x12, 0x1E
_NON_BLOCKING, _ANNOTATED, _BY_GTID = 1, 2, 4
_CHUNK = 256 * 1024
_ENOUGH = 64 * 1024
"""A read that gave this much is followed by another one at once: there is a backlog."""
_FIRST_EVENT = 4
_SILENCE = 1.5
"""Heartbeats come every 0.8 intervals; a connection that is silent for this many is dead."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where to start: a file and position, or what is known by GTID (then the file does not count)."""

    file: str = ""
    pos: int = _FIRST_EVENT
    gtids: MySqlGtidSet | MariaDbGtidSet | None = None


class BinlogStream:
    """One connection that a server sends its log to; not thread-safe. Reconnects are the source's."""

    def __init__(
        self,
        config: BinlogConnection,
        start: Start,
        *,
        server_id: int | None = None,
        queries: bool = False,
        to_the_end: bool = False,
    ) -> None:
        """Ask for the log from `start` on.

        server_id: instead of `database.server.id`. queries: MariaDB only sends the statements behind
        rows to who asks. to_the_end: end (`EndOfDump`) where the log ends now. Raises our errors.
        """
        self._config, self._to_the_end = config, to_the_end
        self._interval = config.keep_alive_interval_ms / 1000 if config.keep_alive else 0.0
        self._connection = connect_replication(config)
        try:
            with translated(config, dumping=True):
                self._prepare(start)
                self._ask(server_id or config.server_id, start, queries, to_the_end)
        except BaseException:
            self._connection._force_close()  # type: ignore[attr-defined]
            raise
        self._socket: Any = self._connection._sock  # type: ignore[attr-defined]
        self._socket.settimeout(0)
        self._pending = getattr(self._socket, "pending", None)
        self._poller = select.poll()
        self._poller.register(self._socket.fileno(), select.POLLIN)
        self._heard = time.monotonic()
        self.decoder = EventDecoder(start.file)
        self.backlog = False

    def events(self, max_bytes: int = _CHUNK, timeout: float = 0.0) -> Iterator[Event]:
        """Yield the events of about `max_bytes`; waits at most `timeout` seconds for the first bytes.

        The iterator must be used up. Raises our errors; `EndOfDump` where `to_the_end` was asked for.
        """
        data = self.read(max_bytes, timeout)
        if not data:
            return
        try:
            yield from self.decoder.decode(data)
        except RefusedByServer as error:
            code = MISSING_RIGHT if error.code == ACCESS_DENIED else error.code
            raise failure(code, error.message, self._config) from None
        except EndOfDump:
            if self._to_the_end:
                raise
            raise self._ended() from None

    def read(self, max_bytes: int, timeout: float) -> bytes:
        """Return what has come, about `max_bytes` at most; `backlog` tells whether more is likely there."""
        with translated(self._config):
            parts = self._drain(max_bytes)
            if not parts and self._wait(timeout):
                parts = self._drain(max_bytes)
        if not parts:
            self._check_silence()
            return b""
        self._heard = time.monotonic()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the connection."""
        self._connection._force_close()  # type: ignore[attr-defined]

    # -- reading -----------------------------------------------------------------------------

    def _drain(self, max_bytes: int) -> list[bytes]:
        parts: list[bytes] = []
        total = 0
        receive = self._socket.recv
        while total < max_bytes:
            try:
                data = receive(max_bytes - total)
            except (BlockingIOError, SSLWantReadError):
                break
            if not data:
                if parts:
                    break
                raise self._ended()
            parts.append(data)
            total += len(data)
        self.backlog = total >= min(max_bytes, _ENOUGH)
        return parts

    def _ended(self) -> ConnectionFailed:
        server = f"{self._config.product} {self._config.hostname}:{self._config.port}"
        return ConnectionFailed(f"{server} ended the stream of its binary log")

    def _wait(self, timeout: float) -> bool:
        # Under TLS bytes may wait in the library while the socket has none.
        if self._pending is not None and self._pending():
            return True
        return bool(self._poller.poll(max(timeout, 0) * 1000))

    def _check_silence(self) -> None:
        silent = time.monotonic() - self._heard
        if self._interval and silent > self._interval * _SILENCE:
            raise ConnectionFailed(
                f"{self._config.product} {self._config.hostname}:{self._config.port} has sent nothing for "
                f"{silent:.0f} s, not even a heartbeat",
                hint="the connection is dead; see connect.keep.alive.interval.ms",
            )

    # -- asking ------------------------------------------------------------------------------

    def _prepare(self, start: Start) -> None:
        heartbeat = int(self._interval * 0.8e9)
        timeouts = {
            "net_write_timeout": self._config.net_write_timeout,
            "net_read_timeout": self._config.net_read_timeout,
        }
        settings = [
            # Whoever says CRC32 gets checksums as the files have them.
            "@master_binlog_checksum = 'CRC32'",
            "@source_binlog_checksum = 'CRC32'",
            f"@master_heartbeat_period = {heartbeat}",
            f"@source_heartbeat_period = {heartbeat}",
            # What MariaDB needs to know before it sends its own events.
            "@mariadb_slave_capability = 4",
            *(f"SESSION {name} = {seconds}" for name, seconds in timeouts.items() if seconds),
        ]
        if isinstance(start.gtids, MariaDbGtidSet):
            settings += [f"@slave_connect_state = '{start.gtids}'", "@slave_gtid_strict_mode = 0"]
        self._connection.query(f"SET {', '.join(settings)}")

    def _ask(self, server_id: int, start: Start, queries: bool, to_the_end: bool) -> None:
        register = struct.pack("<IB3sBBHII", server_id, 3, b"cdc", 0, 0, 0, 0, 0)
        _command(self._connection, _REGISTER, register)
        self._connection._read_packet()  # type: ignore[no-untyped-call]
        flags = (_NON_BLOCKING if to_the_end else 0) | (_ANNOTATED if queries else 0)
        file = start.file.encode()
        if isinstance(start.gtids, MySqlGtidSet):
            known = start.gtids.encoded()
            head = struct.pack("<HII", flags & ~_ANNOTATED | _BY_GTID, server_id, 0)
            _command(
                self._connection, _DUMP_GTID, head + struct.pack("<QI", _FIRST_EVENT, len(known)) + known
            )
        else:
            by_state = isinstance(start.gtids, MariaDbGtidSet)
            pos, file = (_FIRST_EVENT, b"") if by_state else (start.pos, file)
            _command(self._connection, _DUMP, struct.pack("<IHI", pos, flags, server_id) + file)


def _command(connection: Connection[Any], code: int, body: bytes) -> None:
    connection._execute_command(code, body)  # type: ignore[attr-defined]


__all__ = ["BinlogStream", "EndOfDump", "Start"]
