"""Options of the connection to the deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdc import config as options
from cdc.config import Config, Importance, Option
from cdc.errors import Problem
from cdc.sources.mongodb.config.connection import store_problems, tls_options
from cdc.sources.mongodb.failures import Hints

_HINTS = Hints(
    address="connection.uri",
    lost="changes are gone: set a new offset.partition.name, or delete the connector's offsets, to start "
    "from now (startup.mode=copy_existing reads the collections anew before), or set errors.tolerance=all "
    "to let that happen by itself; a larger oplog (replSetResizeOplog) and heartbeat.interval.ms keep it "
    "from happening again",
    too_large="an event may have 16 MB, with pre-images a document counts twice: leave large fields out "
    'with pipeline=[{"$project": …}], or use MongoDB 6.0.9 or later, which splits such events',
    cannot_split="take $changeStreamSplitLargeEvent out of pipeline: this server does not have it "
    "(MongoDB 6.0.9 and later do)",
    rights="let the user read: db.getSiblingDB('admin').grantRolesToUser('<user>', ['readAnyDatabase']), or "
    "`read` on the database with the option database",
    credentials="check user, password and authSource in connection.uri",
    tls="check connection.ssl.truststore and connection.ssl.keystore, or tls=… in connection.uri",
    hosts="check the hosts and replicaSet in connection.uri",
)


def _store(name: str, doc: str) -> Option[str | None]:
    return options.optional_string(f"connection.ssl.{name}", doc=doc, group="SSL")


class ConnectionOptions(Config):
    """How to reach the deployment."""

    connection_uri = options.password(
        "connection.uri",
        "mongodb://localhost:27017,localhost:27018,localhost:27019",
        doc="Connection string: `mongodb://user:password@host:port,…/?replicaSet=…` or `mongodb+srv://…`.",
        importance=Importance.HIGH,
        group="Connection",
    )
    server_api_version = options.choice(
        "server.api.version",
        ("", "1"),
        "",
        doc="Version of the server API to ask for (MongoDB 5.0 and later); empty: none.",
        group="Server Api",
    )
    server_api_deprecation_errors = options.boolean(
        "server.api.deprecation.errors",
        False,
        doc="Whether the use of deprecated parts of the server API is an error.",
        group="Server Api",
    )
    server_api_strict = options.boolean(
        "server.api.strict",
        False,
        doc="Whether the server refuses what is not in its API.",
        group="Server Api",
    )
    ssl_truststore = _store("truststore", "PEM file with the certificates that servers are verified with.")
    ssl_truststore_password = options.password(
        "connection.ssl.truststorePassword",
        doc="Accepted for compatibility: PEM files with certificates have none.",
        group="SSL",
    )
    ssl_keystore = _store("keystore", "PEM file with the client's certificate and private key.")
    ssl_keystore_password = options.password(
        "connection.ssl.keystorePassword", doc="Password of the private key.", group="SSL"
    )
    custom_auth = options.boolean(
        "mongo.custom.auth.mechanism.enable",
        False,
        doc="Not possible here: the credentials would come from a Java class. MONGODB-AWS, MONGODB-OIDC and "
        "GSSAPI work through `connection.uri`.",
        importance=Importance.LOW,
        group="Connection",
    )

    user = None
    hints = _HINTS

    @property
    def address(self) -> str:
        """The connection string; it may hold credentials."""
        return self.connection_uri.reveal() if self.connection_uri else ""

    def driver_options(self) -> dict[str, Any]:
        """Return pymongo's options beside the connection string."""
        found: dict[str, Any] = {}
        if self.ssl_truststore or self.ssl_keystore:
            found |= tls_options(self.ssl_truststore, self.ssl_keystore, self.ssl_keystore_password)
        if self.server_api_version:
            from pymongo.server_api import ServerApi

            found["server_api"] = ServerApi(
                self.server_api_version,
                strict=self.server_api_strict,
                deprecation_errors=self.server_api_deprecation_errors,
            )
        return {name: value for name, value in found.items() if value is not None}

    def connection_problems(self) -> Iterator[Problem]:
        """Yield what is wrong between the options of the connection."""
        if self.address.partition("://")[0] not in ("mongodb", "mongodb+srv"):
            message = "The connection string is invalid: it has to start with mongodb:// or mongodb+srv://"
            yield Problem("connection.uri", message)
        for store in ("connection.ssl.truststore", "connection.ssl.keystore"):
            yield from store_problems(store, self.values.get(store) or "")
        if self.custom_auth:
            yield Problem(
                "mongo.custom.auth.mechanism.enable",
                "mongo.custom.auth.mechanism.enable=true has a Java class make the credentials, which cannot "
                "run here: put authMechanism into connection.uri",
            )
