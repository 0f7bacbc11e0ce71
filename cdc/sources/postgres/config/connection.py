"""Options of the connection to the server."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Config, Importance

HIGH = Importance.HIGH


class PostgresConnection(Config):
    """How to reach the server."""

    hostname = options.string(
        "database.hostname", doc="Host name or address of the server.", importance=HIGH, group="Connection"
    )
    port = options.integer(
        "database.port",
        5432,
        at_least=1,
        at_most=65535,
        doc="Port of the server.",
        importance=HIGH,
        group="Connection",
    )
    user = options.string(
        "database.user",
        doc="User to connect as; needs the REPLICATION right.",
        importance=HIGH,
        group="Connection",
    )
    password = options.password(
        "database.password", doc="Password of the user.", importance=HIGH, group="Connection"
    )
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
    initial_statements = options.optional_string(
        "database.initial.statements",
        doc="Statements, separated by `;` (`;;` is a semicolon), to run on each connection that is not "
        "for replication.",
        group="Connection",
    )
    query_timeout_ms = options.integer(
        "database.query.timeout.ms",
        600_000,
        at_least=0,
        doc="Time a query of the catalog may take, in ms; 0 waits for ever.",
        group="Connection",
    )
