"""What the server and libpq say when something fails, as our own errors with the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdc.errors import (
    AccessDenied,
    CdcError,
    ConnectionFailed,
    PositionLost,
    ResourceBusy,
    ServerNotReady,
)
from cdc.sources.postgres.config import PostgresConnection


@dataclass(frozen=True, slots=True)
class _Known:
    """What the server or libpq says, our error for it, and the way out; `{user}` is the user's name.

    It is known by SQLSTATE or by a part of the text: libpq gives no SQLSTATE while it connects.
    """

    error: type[CdcError]
    hint: str
    states: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def fits(self, state: str, text: str, names: Mapping[str, str]) -> bool:
        by_state = bool(self.states) and state.startswith(self.states)
        return by_state or any(part.format(**names) in text for part in self.texts)


LOST_HINT = (
    "changes are gone: delete the connector's offsets (or use a new topic.prefix) to read the tables "
    "anew, or set snapshot.mode=when_needed to let that happen by itself"
)

_KNOWN = (
    _Known(
        AccessDenied,
        'run: ALTER ROLE "{user}" REPLICATION',
        texts=("must be superuser or replication role", "permission denied to start WAL sender"),
    ),
    _Known(
        AccessDenied,
        "let a superuser create the publication, or set publication.autocreate.mode=filtered",
        texts=("must be superuser to create FOR ALL TABLES publication",),
    ),
    _Known(
        AccessDenied,
        "to create the publication: GRANT CREATE ON DATABASE {dbname} TO {user}; or have it created, and set "
        "publication.autocreate.mode=disabled",
        texts=("permission denied for database",),
    ),
    _Known(
        AccessDenied,
        "add a line for this user and database to the server's pg_hba.conf",
        texts=("no pg_hba.conf entry",),
    ),
    _Known(
        AccessDenied,
        "check database.user and database.password, and the server's pg_hba.conf",
        ("28",),
        (
            "password authentication failed",
            "no password supplied",
            "certificate authentication failed",
            "requires a valid client certificate",
            'role "{user}" does not exist',
        ),
    ),
    _Known(
        ServerNotReady,
        "check database.sslmode, database.sslrootcert, database.sslcert and database.sslkey",
        texts=(
            "certificate verify failed",
            "does not match host name",
            "server does not support SSL",
            "root certificate file",
            "could not load private key file",
            "could not read certificate file",
            "private key file",
        ),
    ),
    _Known(ServerNotReady, "check database.dbname", ("3D000",), ('database "{dbname}" does not exist',)),
    _Known(
        ServerNotReady,
        "raise max_replication_slots, or drop a slot that is not used",
        texts=("all replication slots are in use",),
    ),
    _Known(
        ServerNotReady, "raise max_wal_senders", texts=("number of requested standby connections exceeds",)
    ),
    _Known(
        ServerNotReady,
        "set wal_level = logical and restart the server",
        texts=("logical decoding requires",),
    ),
    _Known(
        PositionLost,
        LOST_HINT,
        texts=(
            "can no longer get changes from replication slot",
            "can no longer access replication slot",
            "requested WAL segment",
            "This slot has been invalidated",
        ),
    ),
    _Known(
        ResourceBusy,
        "another connector or a former run uses the slot; choose another slot.name",
        ("55006",),
        ("is active for PID",),
    ),
    _Known(AccessDenied, 'grant the right to "{user}", e.g. GRANT SELECT ON TABLE …', ("42501",)),
    _Known(ConnectionFailed, "raise the server's max_connections", ("53300",), ("too many clients",)),
    _Known(
        ConnectionFailed,
        "check database.hostname and database.port, and that the server runs",
        texts=(
            "could not translate host name",
            "failed to resolve host",
            "Connection refused",
            "timeout expired",
            "No route to host",
        ),
    ),
    _Known(ConnectionFailed, "", ("08", "57P01", "57P02", "57P03")),
)


def failure(message: str, sqlstate: str | None, config: PostgresConnection) -> CdcError:
    """Return our error for a message of the server and its SQLSTATE (None: from libpq)."""
    text = " ".join(message.split())
    full = f"PostgreSQL {config.hostname}:{config.port}, database {config.dbname}: {text}"
    names = {"user": config.user, "dbname": config.dbname}
    for known in _KNOWN:
        if known.fits(sqlstate or "", text, names):
            return known.error(full, hint=known.hint.format(**names) or None)
    return ServerNotReady(full) if sqlstate else ConnectionFailed(full)
