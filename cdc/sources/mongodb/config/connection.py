"""Options of the connection to the deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdc import config as options
from cdc.config import Config, Importance, Option, Secret
from cdc.errors import Problem
from cdc.sources.mongodb.failures import Hints

HIGH, LOW = Importance.HIGH, Importance.LOW


def _milliseconds(name: str, default: int, doc: str) -> Option[int]:
    return options.integer(name, default, at_least=0, doc=doc, importance=LOW, group="Connection")


def _store(name: str, doc: str) -> Option[str | None]:
    return options.optional_string(f"mongodb.ssl.{name}", doc=doc, group="Connection")


def _secret(name: str, doc: str) -> Option[Secret | None]:
    return options.password(name, doc=doc, group="Connection")


_HINTS = Hints(
    address="mongodb.connection.string",
    lost="changes are gone: delete the connector's offsets (or use a new topic.prefix) to read the "
    "collections anew, or set snapshot.mode=when_needed to let that happen by itself; a larger oplog "
    "(replSetResizeOplog) and heartbeat.interval.ms keep it from happening again",
    too_large="an event may have 16 MB, with pre-images a document counts twice: set "
    "cursor.oversize.handling.mode=split (MongoDB 6.0.9 and later), or skip with "
    "cursor.oversize.skip.threshold, or leave large fields out with field.exclude.list",
    cannot_split="this server cannot split events (MongoDB 6.0.9 and later can): set "
    "cursor.oversize.handling.mode=auto or skip",
    rights="let the user read: db.getSiblingDB('admin').grantRolesToUser('{user}', ['readAnyDatabase']), or "
    "`read` on the database with capture.scope=database and capture.target",
    credentials="check mongodb.user, mongodb.password and mongodb.authsource",
    tls="check mongodb.ssl.enabled, mongodb.ssl.truststore and mongodb.ssl.keystore, or tls=… in "
    "mongodb.connection.string",
    hosts="check the hosts and replicaSet in mongodb.connection.string",
)


class MongoConnection(Config):
    """How to reach the deployment."""

    connection_string = options.password(
        "mongodb.connection.string",
        doc="Connection string: `mongodb://host:port,…/?replicaSet=…` or `mongodb+srv://…`.",
        importance=HIGH,
        group="Connection",
    )
    hosts = options.optional_string(
        "mongodb.hosts",
        doc="Old form of mongodb.connection.string: `[replica set/]host:port,…`.",
        importance=LOW,
        group="Connection",
    )
    user = options.optional_string(
        "mongodb.user", doc="User to connect as.", importance=HIGH, group="Connection"
    )
    password = options.password(
        "mongodb.password", doc="Password of the user.", importance=HIGH, group="Connection"
    )
    auth_source = options.string(
        "mongodb.authsource", "admin", doc="Database that holds the user's credentials.", group="Connection"
    )
    ssl_enabled = options.boolean(
        "mongodb.ssl.enabled", False, doc="Whether connections are encrypted.", group="Connection"
    )
    ssl_invalid_hostname_allowed = options.boolean(
        "mongodb.ssl.invalid.hostname.allowed",
        False,
        doc="Whether the server's certificate may be for another host name.",
        group="Connection",
    )
    ssl_keystore = _store("keystore", "PEM file with the client's certificate and private key.")
    ssl_keystore_password = _secret("mongodb.ssl.keystore.password", "Password of the private key.")
    ssl_keystore_type = _store("keystore.type", "Type of the key store; PEM is the one understood here.")
    ssl_truststore = _store("truststore", "PEM file with the certificates that servers are verified with.")
    ssl_truststore_password = _secret(
        "mongodb.ssl.truststore.password", "Accepted for compatibility: PEM files have none."
    )
    ssl_truststore_type = _store(
        "truststore.type", "Type of the trust store; PEM is the one understood here."
    )
    connect_timeout_ms = _milliseconds(
        "mongodb.connect.timeout.ms", 10_000, "Time that connecting may take, in ms."
    )
    socket_timeout_ms = _milliseconds(
        "mongodb.socket.timeout.ms", 0, "Time that an answer may take, in ms; 0 waits for ever."
    )
    server_selection_timeout_ms = _milliseconds(
        "mongodb.server.selection.timeout.ms", 30_000, "Time to wait for a server that fits, in ms."
    )
    heartbeat_frequency_ms = _milliseconds(
        "mongodb.heartbeat.frequency.ms", 10_000, "How often the servers' state is looked at, in ms."
    )
    poll_interval_ms = _milliseconds(
        "mongodb.poll.interval.ms",
        30_000,
        "Accepted for compatibility: the driver follows the members by itself.",
    )
    members_auto_discover = options.boolean(
        "mongodb.members.auto.discover",
        True,
        doc="Accepted for compatibility: the driver discovers members, unless the connection string has "
        "`directConnection=true`.",
        importance=LOW,
        group="Connection",
    )
    connect_max_attempts = options.integer(
        "connect.max.attempts", 16, at_least=1, doc="Tries to connect before giving up.", group="Connection"
    )
    connect_backoff_initial_delay_ms = _milliseconds(
        "connect.backoff.initial.delay.ms", 1_000, "Time before the second try, in ms; it doubles each time."
    )
    connect_backoff_max_delay_ms = _milliseconds(
        "connect.backoff.max.delay.ms", 120_000, "Longest time between two tries, in ms."
    )

    hints = _HINTS

    def driver_options(self) -> dict[str, Any]:
        """Return pymongo's options beside the connection string."""
        found: dict[str, Any] = {
            "connectTimeoutMS": self.connect_timeout_ms,
            "serverSelectionTimeoutMS": self.server_selection_timeout_ms,
            "heartbeatFrequencyMS": self.heartbeat_frequency_ms,
        }
        if self.socket_timeout_ms:
            found["socketTimeoutMS"] = self.socket_timeout_ms
        if self.user:
            found["username"] = self.user
            if self.password is not None:
                found["password"] = self.password.reveal()
            found["authSource"] = "$external" if "X509" in self.address.upper() else self.auth_source
        if self.ssl_enabled:
            found["tlsAllowInvalidHostnames"] = self.ssl_invalid_hostname_allowed or None
            found |= tls_options(self.ssl_truststore, self.ssl_keystore, self.ssl_keystore_password)
        return {name: value for name, value in found.items() if value is not None}

    @property
    def address(self) -> str:
        """Return the connection string; it may hold credentials."""
        if self.connection_string is not None:
            return self.connection_string.reveal()
        replica_set, slash, hosts = (self.hosts or "").rpartition("/")
        return f"mongodb://{hosts}/" + (f"?replicaSet={replica_set}" if slash else "")

    def connection_problems(self) -> Iterator[Problem]:
        """Yield what is wrong between the options of the connection."""
        if self.connection_string is None and not self.hosts:
            yield Problem(
                "mongodb.connection.string",
                "The 'mongodb.connection.string' value is invalid: A connection string is required",
            )
        if ";" in (self.hosts or ""):
            yield Problem(
                "mongodb.hosts",
                "mongodb.hosts names several replica sets: connect to the cluster's mongos, with "
                "mongodb.connection.string",
            )
        scheme = self.address.partition("://")[0]
        if self.connection_string is not None and scheme not in ("mongodb", "mongodb+srv"):
            yield Problem(
                "mongodb.connection.string",
                "The 'mongodb.connection.string' value is invalid: it has to start with mongodb:// or "
                "mongodb+srv://",
            )
        for store in ("keystore", "truststore"):
            option = f"mongodb.ssl.{store}"
            kind = self.values.get(f"{option}.type") or "PEM"
            yield from store_problems(option, self.values.get(option) or "", kind)
        if self.user and self.password is None and "MONGODB-X509" not in self.address.upper():
            yield Problem("mongodb.password", "mongodb.user is set, mongodb.password is not")


def tls_options(truststore: str | None, keystore: str | None, password: Secret | None) -> dict[str, Any]:
    """Return pymongo's options of an encrypted connection, from PEM files."""
    return {
        "tls": True,
        "tlsCAFile": truststore,
        "tlsCertificateKeyFile": keystore,
        "tlsCertificateKeyFilePassword": password.reveal() if password else None,
    }


def store_problems(option: str, path: str, kind: str = "PEM") -> Iterator[Problem]:
    """Yield what is wrong with a file of keys or certificates."""
    if kind.upper() != "PEM" or path.lower().endswith((".jks", ".p12", ".pfx")):
        yield Problem(
            option,
            f"{option} has to be a PEM file; convert a Java key store with "
            f"keytool -importkeystore -deststoretype PKCS12, then openssl pkcs12 -nodes",
        )
