"""Connections to the server, and the one border where driver errors become our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cdc.errors import DriverMissing
from cdc.sources.postgres.config import PostgresConnection
from cdc.sources.postgres.failures import failure
from cdc.sources.postgres.types import MONEY_SCALE_QUERY, SESSION_SETTINGS

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGconn

_QUIET = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "lock_timeout": "0",
}
"""A snapshot takes as long as it takes, whatever the role's defaults are."""


def _session() -> str:
    settings = {name: value for name, value in SESSION_SETTINGS.items() if name != "client_encoding"}
    return " ".join(f"-c {name}={value.replace(' ', '')}" for name, value in (settings | _QUIET).items())


def conninfo(config: PostgresConnection, *, replication: bool) -> dict[str, Any]:
    """Return libpq's connection parameters."""
    found: dict[str, Any] = {
        "host": config.hostname,
        "port": config.port,
        "user": config.user,
        "password": config.password.reveal() if config.password else None,
        "dbname": config.dbname,
        "sslmode": config.sslmode,
        "sslcert": config.sslcert,
        "sslkey": config.sslkey,
        "sslpassword": config.sslpassword.reveal() if config.sslpassword else None,
        "sslrootcert": config.sslrootcert,
        "keepalives": int(config.tcp_keep_alive),
        "application_name": "cdc",
        "client_encoding": "UTF8",
        "connect_timeout": 10,
        "options": _session(),
    }
    if replication:
        found["replication"] = "database"
    return {name: value for name, value in found.items() if value is not None}


def connect(config: PostgresConnection) -> Connection:
    """Open a connection for queries, in autocommit; raises our errors."""
    psycopg = _driver()
    with translated(config):
        connection: Connection = psycopg.connect(**conninfo(config, replication=False), autocommit=True)
        # Server-side statements would survive a DDL between two uses and fail then.
        connection.prepare_threshold = None
        for statement in _statements(config.initial_statements or ""):
            connection.execute(statement.encode())
        return connection


def money_scale(connection: Connection) -> int:
    """Return the fraction digits of the database's own lc_monetary.

    The session itself has `C`; the text of money then has two digits whatever they mean.
    """
    row = connection.execute(
        "SELECT coalesce((SELECT split_part(s, '=', 2) FROM pg_db_role_setting, unnest(setconfig) s "
        "WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND s LIKE 'lc\\_monetary=%' LIMIT 1), "
        "(SELECT boot_val FROM pg_settings WHERE name = 'lc_monetary'), 'C')"
    ).fetchone()
    locale = row[0] if row else "C"
    if locale in ("C", "POSIX", ""):
        return 2
    with connection.transaction(force_rollback=True):
        connection.execute("SELECT set_config('lc_monetary', %s, true)", (locale,))
        scale = connection.execute(MONEY_SCALE_QUERY.encode()).fetchone()
    return int(scale[0]) if scale else 2


def connect_replication(config: PostgresConnection) -> PGconn:
    """Open a connection that speaks the replication protocol."""
    psycopg = _driver()
    info = psycopg.conninfo.make_conninfo(**conninfo(config, replication=True))
    connection: PGconn = psycopg.pq.PGconn.connect(info.encode())
    if connection.status != psycopg.pq.ConnStatus.OK:
        message = connection.get_error_message()
        connection.finish()
        raise failure(message, None, config)
    return connection


@contextmanager
def translated(config: PostgresConnection, *, doing: str = "") -> Iterator[None]:
    """Turn the driver's errors into our own; `doing` names the option whose statement runs."""
    psycopg = _driver()
    try:
        yield
    except psycopg.Error as error:
        raise failure(f"{doing}: {error}" if doing else str(error), error.sqlstate, config) from error


def _statements(text: str) -> Iterator[str]:
    for statement in text.replace(";;", "\0").split(";"):
        if statement.strip():
            yield statement.replace("\0", ";").strip()


def _driver() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
        import psycopg.pq
    except ImportError:
        raise DriverMissing("psycopg", "postgres") from None
    return psycopg
