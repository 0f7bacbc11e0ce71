"""The server itself: product, version, settings, where its log is; what must hold before anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdc.errors import ServerNotReady

if TYPE_CHECKING:
    from pymysql import Connection

_VARIABLES = (
    "version",
    "version_comment",
    "server_id",
    "server_uuid",
    "log_bin",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_metadata",
    "gtid_mode",
    "lower_case_table_names",
    "character_set_server",
    "collation_server",
    "sql_mode",
    "time_zone",
    "system_time_zone",
    "explicit_defaults_for_timestamp",
)


@dataclass(frozen=True, slots=True)
class BinlogStatus:
    """Where the log ends; gtids: all that are in it, in the product's notation, or nothing."""

    file: str
    pos: int
    gtids: str


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says of itself; `variables` are its global ones, by their names."""

    variables: Mapping[str, str]

    @property
    def is_mariadb(self) -> bool:
        """Whether it is MariaDB; a fork of MySQL (Percona, Aurora) is MySQL."""
        return "mariadb" in f"{self['version']} {self['version_comment']}".lower()

    @property
    def product(self) -> str:
        """Name and version, as one says them."""
        return f"{'MariaDB' if self.is_mariadb else 'MySQL'} {'.'.join(map(str, self.version))}"

    @property
    def version(self) -> tuple[int, ...]:
        """The version's three numbers; MariaDB may hide them behind `5.5.5-`."""
        found = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)", self["version"])
        return tuple(map(int, found.groups())) if found else (0, 0, 0)

    @property
    def uses_gtids(self) -> bool:
        """Whether transactions have GTIDs; on MariaDB they always have."""
        return self.is_mariadb or self["gtid_mode"].upper() == "ON"

    def __getitem__(self, name: str) -> str:
        """Return a variable; empty where the server does not know it."""
        return self.variables.get(name, "")

    def require_ready(self, *, streams: bool) -> None:
        """Raise ServerNotReady for the first setting without which there is nothing to read.

        streams: whether changes are wanted as well; reading tables alone takes less.
        """
        for message, hint in self._obstacles() if streams else ():
            raise ServerNotReady(message, hint=hint)

    def _obstacles(self) -> Iterator[tuple[str, str]]:
        if self["log_bin"] not in ("ON", "1"):
            yield (
                "The server writes no binary log (log_bin is OFF)",
                "put log_bin=binlog and a server_id into its configuration file, and restart it",
            )
        if self["binlog_format"].upper() not in ("ROW", ""):
            yield (
                f"The server's binlog_format is {self['binlog_format']!r}, but changes of rows need 'ROW'",
                "run: SET GLOBAL binlog_format = 'ROW'; open sessions keep theirs until they reconnect",
            )

    def require_product(self, *, mariadb: bool) -> None:
        """Raise ServerNotReady when the connector is the other product's."""
        if self.is_mariadb != mariadb:
            mine, right = ("MySQL", "mariadb") if self.is_mariadb else ("MariaDB", "mysql")
            classes = {
                "mysql": "io.debezium.connector.mysql.MySqlConnector",
                "mariadb": "io.debezium.connector.mariadb.MariaDbConnector",
            }
            raise ServerNotReady(
                f"The server is {self.product}, and this is the connector for {mine}",
                hint=f"set connector.class={classes[right]}",
            )


def read_server(connection: Connection[Any]) -> Server:
    """Ask the server about itself."""
    names = ", ".join(f"'{name}'" for name in _VARIABLES)
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})")
        return Server({str(name).lower(): str(value) for name, value in cursor.fetchall()})


def binlog_status(connection: Connection[Any], server: Server) -> BinlogStatus:
    """Return where the log ends now. Raises ServerNotReady when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(status_statement(server))
        row = cursor.fetchone()
        if row is None:
            server.require_ready(streams=True)
            raise ServerNotReady(
                "The server says nothing about its binary log", hint="check that log_bin is ON"
            )
        file, pos = str(row[0]), int(row[1])
        if not server.is_mariadb:
            return BinlogStatus(file, pos, "".join(str(row[4]).split()) if server.uses_gtids else "")
        return mariadb_status(connection, file, pos)


def mariadb_status(connection: Connection[Any], file: str, pos: int) -> BinlogStatus:
    """Return a place in MariaDB's log with the GTIDs before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT BINLOG_GTID_POS(%s, %s)", (file, pos))
        (gtids,) = cursor.fetchone() or ("",)
        return BinlogStatus(file, pos, gtids or "")


def status_statement(server: Server) -> str:
    """Return the statement that tells where the log ends: MySQL 8.2 renamed it, 8.4 dropped the old one."""
    if not server.is_mariadb and server.version >= (8, 2, 0):
        return "SHOW BINARY LOG STATUS"
    return "SHOW MASTER STATUS"


def binlog_files(connection: Connection[Any]) -> dict[str, int]:
    """Return the files of the log that the server still has, oldest first, with their sizes in bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW BINARY LOGS")
        return {str(row[0]): int(row[1]) for row in cursor.fetchall()}


def executed_gtids(connection: Connection[Any], server: Server) -> str:
    """Return all GTIDs that are in the server's log, or were."""
    variable = "@@global.gtid_binlog_pos" if server.is_mariadb else "@@global.gtid_executed"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {variable}")
        (gtids,) = cursor.fetchone() or ("",)
        return "".join(str(gtids).split())


def purged_gtids(connection: Connection[Any]) -> str:
    """Return what MySQL's log held once and does not any more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@global.gtid_purged")
        (gtids,) = cursor.fetchone() or ("",)
        return "".join(str(gtids).split())
