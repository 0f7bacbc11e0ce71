"""The driver's client, and the one border where its errors become our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cdc.errors import DriverMissing, ServerNotReady
from cdc.sources.mongodb.config import MongoConnection
from cdc.sources.mongodb.failures import REPLICA_SET_HINT, failure

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient
    from pymongo.client_session import ClientSession


class _Sticky:
    """Choose the same server as long as it is there: a cursor lives on one mongos."""

    def __init__(self) -> None:
        self._address: Any = None

    def __call__(self, servers: Any) -> Any:
        chosen = [server for server in servers if server.address == self._address] or servers[:1]
        if chosen:
            self._address = chosen[0].address
        return chosen


_CREDENTIALS = re.compile(r"^.*@")


def options(config: MongoConnection) -> dict[str, Any]:
    """Return pymongo's options beside the connection string, whose own options win."""
    found: dict[str, Any] = {
        "appname": "cdc",
        "connectTimeoutMS": config.connect_timeout_ms,
        "serverSelectionTimeoutMS": config.server_selection_timeout_ms,
        "heartbeatFrequencyMS": config.heartbeat_frequency_ms,
    }
    if config.socket_timeout_ms:
        found["socketTimeoutMS"] = config.socket_timeout_ms
    if config.user:
        found["username"] = config.user
        if config.password is not None:
            found["password"] = config.password.reveal()
        found["authSource"] = "$external" if "X509" in config.address.upper() else config.auth_source
    if config.ssl_enabled:
        found |= _tls(config)
    given = {name.lower() for name in re.findall(r"[?&]([^=&]+)=", config.address)}
    return {name: value for name, value in found.items() if name.lower() not in given}


def _tls(config: MongoConnection) -> dict[str, Any]:
    password = config.ssl_keystore_password
    found = {
        "tls": True,
        "tlsAllowInvalidHostnames": config.ssl_invalid_hostname_allowed or None,
        "tlsCAFile": config.ssl_truststore,
        "tlsCertificateKeyFile": config.ssl_keystore,
        "tlsCertificateKeyFilePassword": password.reveal() if password else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def place(config: MongoConnection) -> str:
    """Return the hosts of the connection string, without credentials and options."""
    behind = config.address.partition("://")[2]
    return _CREDENTIALS.sub("", behind.partition("?")[0]).rstrip("/") or "?"


def connect(config: MongoConnection) -> MongoClient[RawBSONDocument]:
    """Return a client whose documents stay BSON; raises our errors, standalone servers included."""
    pymongo, raw = _driver()
    with translated(config):
        client: MongoClient[RawBSONDocument] = pymongo.MongoClient(
            config.address, document_class=raw, server_selector=_Sticky(), **options(config)
        )
        try:
            hello = client.admin.command("hello")
        except BaseException:
            client.close()
            raise
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        client.close()
        raise ServerNotReady(f"MongoDB {place(config)} is a standalone server", hint=REPLICA_SET_HINT)
    return client


def run(
    client: MongoClient[RawBSONDocument],
    config: MongoConnection,
    database: str,
    command: dict[str, Any],
    session: ClientSession | None = None,
) -> bytes:
    """Run a command and return the server's answer as BSON."""
    with translated(config):
        options = client.codec_options
        answer = client[database].command(command, session=session, codec_options=options)
    data: bytes = answer.raw
    return data


@contextmanager
def translated(config: MongoConnection) -> Iterator[None]:
    """Turn the driver's errors into our own."""
    import pymongo.errors as driver

    try:
        yield
    except driver.PyMongoError as error:
        details = getattr(error, "details", None)
        code = getattr(error, "code", None) or (details.get("code") if isinstance(details, dict) else None)
        labels = [label for label in _LABELS if error.has_error_label(label)]
        raise failure(str(error), code, labels, place=place(config), user=config.user) from error


_LABELS = ("ResumableChangeStreamError", "NonResumableChangeStreamError")


def _driver() -> Any:
    try:
        import pymongo
        from bson.raw_bson import RawBSONDocument
    except ImportError:
        raise DriverMissing("pymongo", "mongodb") from None
    return pymongo, RawBSONDocument
