"""What the server and the driver say when something fails, as our own errors with the way out."""

from __future__ import annotations

from dataclasses import dataclass

from cdc.errors import (
    AccessDenied,
    CdcError,
    ConnectionFailed,
    PositionLost,
    ResourceBusy,
    ServerNotReady,
)
from cdc.sources.mysql.config import BinlogConnection
from cdc.sources.mysql.gtid.start import LOST_HINT

ACCESS_DENIED, MISSING_RIGHT = 1045, 1227
FATAL_DUMP = 1236
"""ER_MASTER_FATAL_ERROR_READING_BINLOG: whatever is wrong with a dump; the text tells what."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Codes or parts of the text, our error for them, the way out (`{user}`, `{server_id}`)."""

    error: type[CdcError]
    hint: str
    codes: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()

    def fits(self, code: int, text: str) -> bool:
        by_text = not self.texts or any(part in text for part in self.texts)
        return by_text and (not self.codes or code in self.codes)


_KNOWN = (
    _Known(
        ServerNotReady,
        "database.server.id={server_id} is in use by another replica or connector: give each its own",
        (),
        ("same server_uuid/server_id",),
    ),
    _Known(
        PositionLost,
        LOST_HINT,
        (FATAL_DUMP, 1220, 1373, 1789),
        (
            "purged required binary logs",
            "Could not find first log",
            "Could not find target log",
            "Could not find GTID state",
            "not in the master's binlog",
            "requested to start from GTID",
            "impossible position",
            "position > file size",
            "more GTIDs than",
            "missing",
        ),
    ),
    _Known(
        ServerNotReady,
        "raise the server's max_allowed_packet to its maximum, 1G",
        (FATAL_DUMP,),
        ("max_allowed_packet",),
    ),
    _Known(
        ServerNotReady,
        "set log_bin, server_id and binlog_format=ROW in the server's configuration, and restart it",
        (FATAL_DUMP, 1381),
        ("Binary log is not open", "not using binary logging", "server id", "server_id"),
    ),
    _Known(ServerNotReady, LOST_HINT, (FATAL_DUMP,)),
    _Known(
        AccessDenied,
        "run: GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{user}'@'%'",
        (MISSING_RIGHT,),
    ),
    _Known(
        ServerNotReady,
        "repair or drop the table, or leave it out (table.exclude.list)",
        # What cannot be opened: its file, its engine, or what it is made of.
        (1033, 1034, 1168, 1194, 1195, 1286, 1696, 1812, 1932),
    ),
    _Known(AccessDenied, "run: GRANT SELECT ON *.* TO '{user}'@'%'", (1142, 1143, 1044)),
    _Known(
        AccessDenied,
        "set the password anew: ALTER USER '{user}'@'%' IDENTIFIED BY '…'",
        (1820, 1862),
    ),
    _Known(AccessDenied, "run: ALTER USER '{user}'@'%' ACCOUNT UNLOCK", (3118, 4151)),
    _Known(
        AccessDenied,
        "check database.user and database.password, and the hosts that the user may come from",
        (ACCESS_DENIED, 1698, 1130, 1251, 1275),
    ),
    _Known(AccessDenied, "set database.ssl.mode so that the connection is encrypted", (3159,)),
    _Known(ServerNotReady, "run FLUSH HOSTS on the server", (1129,)),
    _Known(ServerNotReady, "check the name of the database", (1049,)),
    _Known(
        ConnectionFailed, "raise the server's max_connections or max_user_connections", (1040, 1203, 1226)
    ),
    _Known(ResourceBusy, "", (1205, 1213)),
    _Known(
        ServerNotReady,
        "check database.ssl.mode, database.ssl.truststore and database.ssl.keystore",
        (),
        (
            "CERTIFICATE_VERIFY_FAILED",
            "certificate verify failed",
            "SSL is required but",
            "HANDSHAKE_FAILURE",
            "Hostname mismatch",
            "IP address mismatch",
        ),
    ),
    _Known(
        ServerNotReady,
        "give the user an authentication plugin that is supported: caching_sha2_password, "
        "mysql_native_password, client_ed25519 (MariaDB), sha256_password",
        (2059,),
    ),
    _Known(
        ConnectionFailed,
        "check database.hostname and database.port, and that the server runs",
        (2003, 2005),
    ),
    _Known(ConnectionFailed, "", (0, 1053, 1080, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 1317)),
    _Known(ConnectionFailed, "", (3024, 1969)),
)


def failure(code: int, message: str, config: BinlogConnection) -> CdcError:
    """Return our error for what the server, or the driver, says under an error code."""
    text = " ".join(message.split())
    number = f" (error {code})" if code else ""
    full = f"{config.product} {config.hostname}:{config.port}: {text}{number}"
    for known in _KNOWN:
        if known.fits(code, text):
            hint = known.hint.replace("{user}", config.user).replace("{server_id}", str(config.server_id))
            return known.error(full, hint=hint or None)
    return ServerNotReady(full)
