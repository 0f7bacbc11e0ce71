"""The stream of a logical slot: START_REPLICATION, messages in, status updates out.

https://www.postgresql.org/docs/current/protocol-replication.html. The connection is used without
blocking: libpq's blocking read would hold the interpreter's lock.
"""

from __future__ import annotations

import select
import struct
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cdc.errors import ConnectionFailed
from cdc.sources.postgres.config import PostgresConnection
from cdc.sources.postgres.connection import connect_replication, translated
from cdc.sources.postgres.failures import failure
from cdc.sources.postgres.positions import POSTGRES_EPOCH_US, lsn_text

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

_KEEPALIVE, _DATA = ord("k"), ord("w")
_keepalive = struct.Struct(">QqB").unpack_from
_status = struct.Struct(">cQQQqB").pack
_COPY_BOTH, _TUPLES_OK, _COMMAND_OK = 8, 2, 1
_ENOUGH = 16 * 1024
"""A read that gave this much is followed by another one at once: there is a backlog."""


_KEEP_ALIVE_SECONDS = 1.0
_WAITING_SECONDS = 0.2
_CANCEL_SECONDS = 2.0


class ReplicationStream:
    """One replication connection; not thread-safe."""

    def __init__(self, config: PostgresConnection) -> None:
        self._config = config
        self._connection: PGconn = connect_replication(config)
        self._encrypted = bool(self._connection.ssl_in_use)
        self._poller = select.poll()
        self._poller.register(self._connection.socket, select.POLLIN)
        self._confirmed = 0
        self._reply_wanted = False
        self._last_status = 0.0
        self.wal_end = 0
        self.backlog = False

    @property
    def backend_pid(self) -> int:
        """The process of the server that serves this connection."""
        return int(self._connection.backend_pid)

    def command(self, statement: str, waiting: Callable[[], None] = lambda: None) -> list[list[str | None]]:
        """Run a replication command; return its rows as text. Raises our errors.

        `waiting` is called some times a second meanwhile; when it raises, the command is cancelled.
        """
        with translated(self._config):
            self._connection.send_query(statement.encode())
            self._await_answer(waiting)
            result = self._connection.get_result()
            while self._connection.get_result() is not None:
                pass
        if result is None or result.status not in (_TUPLES_OK, _COMMAND_OK):
            raise self._failure(result)
        rows = []
        for row in range(result.ntuples):
            values = (result.get_value(row, column) for column in range(result.nfields))
            rows.append([None if value is None else value.decode() for value in values])
        return rows

    def _await_answer(self, waiting: Callable[[], None]) -> None:
        while self._connection.is_busy():
            if self._wait(_WAITING_SECONDS):
                self._connection.consume_input()
                continue
            try:
                waiting()
            except Exception:
                self._cancel()
                raise

    def _cancel(self) -> None:
        """Cancel what the server does, and wait a little until it has: it cleans up then."""
        self._connection.get_cancel().cancel()
        if self._wait(_CANCEL_SECONDS):
            self._connection.consume_input()

    def start(self, slot: str, lsn: int, parameters: Mapping[str, str]) -> None:
        """Start streaming from `lsn`, or from the slot's position if that is later."""
        quoted = ", ".join(
            f"\"{name}\" '{value.replace(chr(39), chr(39) * 2)}'" for name, value in parameters.items()
        )
        statement = f'START_REPLICATION SLOT "{slot}" LOGICAL {lsn_text(lsn)} ({quoted})'
        result = self._connection.exec_(statement.encode())
        if result.status != _COPY_BOTH:
            raise self._failure(result)
        self._connection.nonblocking = 1
        self._confirmed = lsn

    def read(self, max_bytes: int, timeout: float) -> list[memoryview]:
        """Return XLogData messages, about `max_bytes` at most; waits for the first one.

        Answers keepalives on the way. `backlog` tells whether more is likely to be there at once,
        `wal_end` how far the server is.
        """
        with translated(self._config):
            messages = self._drain(max_bytes)
            if not messages and self._wait(timeout):
                messages = self._drain(max_bytes)
        if self._reply_wanted:
            self.confirm(self._confirmed)
        return messages

    def _drain(self, max_bytes: int) -> list[memoryview]:
        connection, poll = self._connection, self._poller.poll
        get = connection.get_copy_data
        messages: list[memoryview] = []
        add = messages.append
        total = 0
        while total < max_bytes:
            size, data = get(1)
            if size > 0:
                if data[0] == _DATA:
                    add(data)
                    total += size
                else:
                    self._keepalive(data)
            elif size == 0:
                # Under TLS bytes may wait in the library while the socket has none.
                if not (self._encrypted or poll(0)):
                    break
                connection.consume_input()
                size, data = get(1)
                if size == 0:
                    # What came is no whole message yet.
                    if not messages and poll(0):
                        continue
                    break
                if size > 0:
                    if data[0] == _DATA:
                        add(data)
                        total += size
                    else:
                        self._keepalive(data)
                    continue
                self._ended()
            else:
                self._ended()
        self.backlog = total >= _ENOUGH
        return messages

    def _keepalive(self, data: memoryview) -> None:
        wal_end, _, reply = _keepalive(data, 1)
        self.wal_end = max(self.wal_end, wal_end)
        self._reply_wanted |= bool(reply)

    def _wait(self, timeout: float) -> bool:
        return bool(self._poller.poll(max(timeout, 0) * 1000))

    def confirm(self, lsn: int) -> None:
        """Tell the server that everything up to `lsn` is durable; it may then forget it."""
        self._confirmed = max(self._confirmed, lsn)
        now = time.time_ns() // 1000 - POSTGRES_EPOCH_US
        confirmed = self._confirmed
        with translated(self._config):
            self._connection.put_copy_data(_status(b"r", confirmed, confirmed, confirmed, now, 0))
            self._connection.flush()
        self._reply_wanted = False
        self._last_status = time.monotonic()

    def keep_alive(self) -> None:
        """Say again what is durable; enough for the server not to give us up."""
        now = time.monotonic()
        if now - self._last_status >= _KEEP_ALIVE_SECONDS:
            self.confirm(self._confirmed)

    def close(self) -> None:
        """Close the connection; the slot is free when this returns or soon after."""
        self._connection.finish()

    def _ended(self) -> None:
        raise self._failure(self._connection.get_result())

    def _failure(self, result: object) -> Exception:
        if result is None:
            return ConnectionFailed(f"The server ended the stream: {self._error()}")
        message = result.get_error_message()  # type: ignore[attr-defined]
        state = result.error_field(ord("C"))  # type: ignore[attr-defined]
        return failure(message, state.decode() if state else None, self._config)

    def _error(self) -> str:
        return " ".join(self._connection.get_error_message().split())
