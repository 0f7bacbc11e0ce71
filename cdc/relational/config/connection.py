"""Options of the connection to a database server."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Config, Importance, Option

HIGH = Importance.HIGH


class DatabaseConnection(Config):
    """How to reach the server; a source declares its `port` and what its `user` needs."""

    port: Option[int]
    user: Option[str]

    hostname = options.string(
        "database.hostname", doc="Host name or address of the server.", importance=HIGH, group="Connection"
    )
    password = options.password(
        "database.password", doc="Password of the user.", importance=HIGH, group="Connection"
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


def port(default: int) -> Option[int]:
    """Return the option of the server's port."""
    return options.integer(
        "database.port",
        default,
        at_least=1,
        at_most=65535,
        doc="Port of the server.",
        importance=HIGH,
        group="Connection",
    )


def user(needs: str) -> Option[str]:
    """Return the option of the user; `needs`: which rights."""
    return options.string(
        "database.user", doc=f"User to connect as; needs {needs}.", importance=HIGH, group="Connection"
    )
