"""The server itself: version, settings, rights, identity; what must hold before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdc.errors import AccessDenied, PositionLost, ServerNotReady
from cdc.sources.postgres.config import PostgresConfig

if TYPE_CHECKING:
    from psycopg import Connection

_SERVER = """
SELECT current_setting('server_version_num')::int, current_setting('wal_level'),
       (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user),
       (SELECT system_identifier::text FROM pg_control_system()),
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'
"""
_OLDEST = 140000


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says of itself. lsn: where its log is now."""

    version: int
    wal_level: str
    may_replicate: bool
    system_id: str
    lsn: int

    def require_ready(self, config: PostgresConfig, *, streams: bool = True) -> None:
        """Raise the first thing that is wrong: ServerNotReady or AccessDenied.

        streams: whether changes are wanted as well; reading tables alone takes less.
        """
        if self.version < _OLDEST:
            raise ServerNotReady(
                f"PostgreSQL {self.version // 10000} is not supported",
                hint="14 is the oldest version that is",
            )
        if not streams:
            return
        if self.wal_level != "logical":
            raise ServerNotReady(
                f"The server's wal_level is {self.wal_level!r}, but logical decoding needs 'logical'",
                hint="run: ALTER SYSTEM SET wal_level = logical; then restart the server",
            )
        if not self.may_replicate:
            raise AccessDenied(
                f"The user {config.user!r} has no REPLICATION right",
                hint=f'run as a superuser: ALTER ROLE "{config.user}" REPLICATION '
                "(on Amazon RDS: GRANT rds_replication TO it)",
            )

    def check_identity(self, offset: Mapping[str, Any]) -> None:
        """Verify that an offset is of this server; raises PositionLost."""
        known = offset.get("system_id")
        if known is not None and known != self.system_id:
            raise PositionLost(
                f"The stored offset is of the server with system identifier {known}, "
                f"this one is {self.system_id}",
                hint="database.hostname points to another server; for a new one use a new topic.prefix or "
                "connector name, or delete the connector's offsets",
            )


def read_server(connection: Connection) -> Server:
    """Ask the server about itself."""
    row = connection.execute(_SERVER.encode()).fetchone()
    assert row is not None
    version, wal_level, may_replicate, system_id, lsn = row
    return Server(version, wal_level, bool(may_replicate), system_id, int(lsn))


def check_server(server: Server, config: PostgresConfig) -> Iterator[str]:
    """Yield what keeps the server from being captured."""
    try:
        server.require_ready(config)
    except (ServerNotReady, AccessDenied) as error:
        yield str(error)
