"""Connections to the server, and the one border where driver errors become our own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cdc.errors import CdcError, DriverMissing
from cdc.sources.mysql.compression import CompressedSocket
from cdc.sources.mysql.config import BinlogConnection
from cdc.sources.mysql.config.connection import PLAIN
from cdc.sources.mysql.failures import ACCESS_DENIED, MISSING_RIGHT, failure
from cdc.sources.mysql.tls import context, unverified

if TYPE_CHECKING:
    from pymysql.connections import Connection

_UNKNOWN_VARIABLE = 1193
_SESSION = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = ''",
    "SET SESSION wait_timeout = 2147483",
    # The first is MySQL's, the second MariaDB's.
    "SET SESSION max_execution_time = 0",
    "SET SESSION max_statement_time = 0",
)
"""A snapshot takes as long as it takes, and sees times and names in one form, whatever the defaults are."""


def connect(config: BinlogConnection) -> Connection[Any]:
    """Open a connection for queries, in autocommit; raises our errors."""
    with translated(config):
        connection = _open(config, config.query_timeout_ms)
        for statement in _SESSION:
            _run_if_known(connection, statement)
    for statement in _statements(config.initial_statements or ""):
        with translated(config, doing="database.initial.statements"):
            connection.query(statement)
    return connection


def connect_replication(config: BinlogConnection) -> Connection[Any]:
    """Open a connection for a dump of the binary log; raises our errors."""
    with translated(config):
        return _open(config, config.connect_timeout_ms)


@contextmanager
def translated(config: BinlogConnection, *, doing: str = "", dumping: bool = False) -> Iterator[None]:
    """Turn the driver's errors into our own.

    doing: names the option whose statement runs. dumping: the user is let in, so that a denied access
    is one of a missing right.
    """
    pymysql = driver()
    try:
        yield
    except CdcError:
        raise
    except pymysql.err.MySQLError as error:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        code = MISSING_RIGHT if dumping and code == ACCESS_DENIED else code
        text = str(error.args[1]) if len(error.args) > 1 else str(error)
        raise failure(code, f"{doing}: {text}" if doing else text, config) from error
    except OSError as error:
        raise failure(0, f"{doing}: {error}" if doing else str(error), config) from error


def driver() -> Any:
    """Return the driver; raises DriverMissing."""
    try:
        import pymysql
    except ImportError:
        raise DriverMissing("pymysql", "mysql") from None
    return pymysql


def _open(config: BinlogConnection, read_timeout_ms: int) -> Connection[Any]:
    password = config.password.reveal() if config.password else ""
    seconds = config.connect_timeout_ms / 1000
    connection: Connection[Any] = _class(config.compression)(
        host=config.hostname,
        port=config.port,
        user=config.user,
        password=password.encode(),
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=seconds,
        read_timeout=seconds,
        write_timeout=seconds,
        ssl=context(config),
        ssl_disabled=config.protected == PLAIN,
        program_name="cdc",
        max_allowed_packet=1 << 30,
        defer_connect=True,
    )
    connection.connect()
    connection._read_timeout = read_timeout_ms / 1000 or None  # type: ignore[attr-defined]
    return connection


def _class(compressed: bool) -> Any:
    pymysql = driver()

    class QuickConnection(pymysql.connections.Connection):  # type: ignore[misc, name-defined]
        """Makes no context of its own: where the driver tries TLS itself it verifies nothing."""

        def _create_ssl_ctx(self, options: Any) -> ssl.SSLContext:
            return options or unverified()

    if not compressed:
        return QuickConnection
    flag = pymysql.constants.CLIENT.COMPRESS

    class CompressedConnection(QuickConnection):
        """Compresses everything behind the authentication, if the server can."""

        def _request_authentication(self) -> None:
            self.client_flag |= self.server_capabilities & flag
            super()._request_authentication()
            if self.client_flag & flag:
                self._sock: Any = CompressedSocket(self._sock)
                self._rfile = self._sock.makefile("rb")

    return CompressedConnection


def _run_if_known(connection: Connection[Any], statement: str) -> None:
    try:
        connection.query(statement)
    except driver().err.MySQLError as error:
        if error.args[0] != _UNKNOWN_VARIABLE:
            raise


def _statements(text: str) -> Iterator[str]:
    for statement in text.replace(";;", "\0").split(";"):
        if statement.strip():
            yield statement.replace("\0", ";").strip()
