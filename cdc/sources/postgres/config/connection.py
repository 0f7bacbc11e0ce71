"""Options of the connection to the server."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Importance
from cdc.relational.config import connection

HIGH = Importance.HIGH


class PostgresConnection(connection.DatabaseConnection):
    """How to reach the server."""

    port = connection.port(5432)
    user = connection.user("the REPLICATION right")
    dbname = options.string(
        "database.dbname", doc="Name of the database to stream from.", importance=HIGH, group="Connection"
    )
    sslmode = options.choice(
        "database.sslmode",
        ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "prefer",
        doc="Whether the connection is encrypted and the server verified.",
        group="Connection",
    )
    sslcert = options.optional_string(
        "database.sslcert", doc="File with the client's certificate.", group="Connection"
    )
    sslkey = options.optional_string(
        "database.sslkey", doc="File with the client's private key (PEM).", group="Connection"
    )
    sslpassword = options.password(
        "database.sslpassword", doc="Password of the client's private key.", group="Connection"
    )
    sslrootcert = options.optional_string(
        "database.sslrootcert",
        doc="File with the root certificates that the server is verified with.",
        group="Connection",
    )
    tcp_keep_alive = options.boolean(
        "database.tcpKeepAlive", True, doc="Probe idle connections.", group="Connection"
    )
