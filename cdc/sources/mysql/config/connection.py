"""Options of the connection to the server, by product where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from cdc import config as options
from cdc.config import Importance, Kind, Option
from cdc.relational.config import connection

HIGH = Importance.HIGH

PLAIN, PREFERRED, ENCRYPTED, VERIFIED_CA, VERIFIED_HOST = range(5)
"""How a connection is protected: not, if the server offers it, always, and the server's proof."""


class BinlogConnection(connection.DatabaseConnection):
    """How to reach the server, and who we are to it."""

    product: ClassVar[str] = "MySQL"
    protection: ClassVar[Mapping[str, int]] = {}
    """What the values of `database.ssl.mode` mean."""

    ssl_mode: Option[str]

    port = connection.port(3306)
    user = connection.user("SELECT, RELOAD, REPLICATION SLAVE and REPLICATION CLIENT")
    server_id = options.integer(
        "database.server.id",
        at_least=1,
        at_most=0xFFFFFFFF,
        kind=Kind.LONG,
        doc="Number of this reader as a replica; no other server or reader of the cluster may have it.",
        importance=HIGH,
        group="Connection",
    )
    server_id_offset = options.integer(
        "database.server.id.offset",
        10_000,
        at_least=0,
        kind=Kind.LONG,
        doc="What is added to `database.server.id` for a second stream (XA transactions read again).",
        group="Connection",
    )
    connect_timeout_ms = options.integer(
        "connect.timeout.ms",
        30_000,
        at_least=1,
        doc="Time that connecting may take, in ms.",
        group="Connection",
    )
    keep_alive = options.boolean(
        "connect.keep.alive",
        True,
        doc="Have the server send heartbeats, and give up a connection that is silent.",
        group="Connection",
    )
    keep_alive_interval_ms = options.integer(
        "connect.keep.alive.interval.ms",
        60_000,
        at_least=1,
        kind=Kind.LONG,
        doc="How long the server may be silent, in ms; heartbeats come a little more often.",
        group="Connection",
    )
    net_write_timeout = options.integer(
        "binlog.net.write.timeout",
        0,
        at_least=0,
        kind=Kind.LONG,
        doc="The session's net_write_timeout, in s; 0 keeps the server's.",
        group="Connection",
    )
    net_read_timeout = options.integer(
        "binlog.net.read.timeout",
        0,
        at_least=0,
        kind=Kind.LONG,
        doc="The session's net_read_timeout, in s; 0 keeps the server's.",
        group="Connection",
    )
    compression = options.boolean(
        "driver.useCompression",
        False,
        doc="Compress the protocol with zlib, if the server offers it.",
        group="Connection",
    )
    keystore = options.optional_string(
        "database.ssl.keystore",
        doc="PEM file with the client's certificate and private key.",
        group="Connection",
    )
    keystore_password = options.password(
        "database.ssl.keystore.password", doc="Password of the client's private key.", group="Connection"
    )
    truststore = options.optional_string(
        "database.ssl.truststore",
        doc="PEM file with the certificates that the server is verified with; the system's by default.",
        group="Connection",
    )
    truststore_password = options.password(
        "database.ssl.truststore.password", doc="Not needed: a PEM file has none.", group="Connection"
    )

    @property
    def protected(self) -> int:
        """How connections are protected."""
        return self.protection[self.ssl_mode]


class MySqlConnection(BinlogConnection):
    """MySQL's."""

    protection: ClassVar[Mapping[str, int]] = {
        "disabled": PLAIN,
        "preferred": PREFERRED,
        "required": ENCRYPTED,
        "verify_ca": VERIFIED_CA,
        "verify_identity": VERIFIED_HOST,
    }
    ssl_mode = options.choice(
        "database.ssl.mode",
        tuple(protection),
        "preferred",
        doc="Whether the connection is encrypted and the server verified.",
        group="Connection",
    )


class MariaDbConnection(BinlogConnection):
    """MariaDB's."""

    product: ClassVar[str] = "MariaDB"
    protection: ClassVar[Mapping[str, int]] = {
        "disable": PLAIN,
        "trust": ENCRYPTED,
        "verify-ca": VERIFIED_CA,
        "verify-full": VERIFIED_HOST,
    }
    ssl_mode = options.choice(
        "database.ssl.mode",
        tuple(protection),
        "disable",
        doc="Whether the connection is encrypted and the server verified.",
        group="Connection",
    )
