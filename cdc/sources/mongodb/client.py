"""The driver's client, and the one border where its errors become our own."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from cdc.errors import ConfigError, DriverMissing, Problem, ServerNotReady
from cdc.sources.mongodb.failures import REPLICA_SET_HINT, Hints, failure

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient
    from pymongo.client_session import ClientSession

log = logging.getLogger(__name__)


class Deployment(Protocol):
    """Where a deployment is, and how it is reached: what the options say."""

    @property
    def address(self) -> str:
        """The connection string; it may hold credentials."""
        ...

    @property
    def user(self) -> str | None:
        """Who connects, where that is not in the connection string."""
        ...

    @property
    def hints(self) -> Hints:
        """What to do about failures."""
        ...

    def driver_options(self) -> dict[str, Any]:
        """Return pymongo's options beside the connection string."""
        ...


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
_QUOTED = re.compile(r"""(["']).*\1""")


def options(deployment: Deployment) -> dict[str, Any]:
    """Return pymongo's options beside the connection string, whose own options win."""
    given = {name.lower() for name in re.findall(r"[?&]([^=&]+)=", deployment.address)}
    found = {"appname": "cdc", **deployment.driver_options()}
    return {name: value for name, value in found.items() if name.lower() not in given}


def place(deployment: Deployment) -> str:
    """Return the hosts of the connection string, without credentials and options."""
    behind = deployment.address.partition("://")[2]
    return _CREDENTIALS.sub("", behind.partition("?")[0]).rstrip("/") or "?"


def connect(deployment: Deployment) -> MongoClient[RawBSONDocument]:
    """Return a client whose documents stay BSON; raises our errors, standalone servers included."""
    client = _client(deployment)
    with translated(deployment):
        try:
            hello = client.admin.command("hello")
        except BaseException:
            client.close()
            raise
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        client.close()
        raise ServerNotReady(f"MongoDB {place(deployment)} is a standalone server", hint=REPLICA_SET_HINT)
    if client.read_preference.mode:
        # A snapshot from a secondary that lags behind the resume token would lose what lies between.
        log.warning(
            "readPreference=%s of %s has no effect: everything is read from the primary",
            client.read_preference.mongos_mode,
            deployment.hints.address,
        )
    return client


def _client(deployment: Deployment) -> MongoClient[RawBSONDocument]:
    """Return a client that has not been used. Raises ConfigError for a connection string that is none.

    Where credentials are not percent-encoded, what the driver says has parts of them, in quotes.
    """
    pymongo, raw = _driver()
    hints = deployment.hints
    with translated(deployment):
        try:
            client: MongoClient[RawBSONDocument] = pymongo.MongoClient(
                deployment.address, document_class=raw, server_selector=_Sticky(), **options(deployment)
            )
        except OSError as error:
            raise ServerNotReady(f"A certificate cannot be read: {error}", hint=hints.tls) from None
        except (pymongo.errors.InvalidURI, ValueError) as error:
            said = _QUOTED.sub("…", str(error))
            message = f"The '{hints.address}' value is invalid: {said}; credentials in it are percent-encoded"
            raise ConfigError([Problem(hints.address, message)]) from None
    return client


def run(
    client: MongoClient[RawBSONDocument],
    deployment: Deployment,
    database: str,
    command: dict[str, Any],
    session: ClientSession | None = None,
) -> bytes:
    """Run a command and return the server's answer as BSON."""
    with translated(deployment):
        options = client.codec_options
        answer = client[database].command(command, session=session, codec_options=options)
    data: bytes = answer.raw
    return data


@contextmanager
def translated(deployment: Deployment) -> Iterator[None]:
    """Turn the driver's errors into our own."""
    import pymongo.errors as driver

    try:
        yield
    except driver.PyMongoError as error:
        details = getattr(error, "details", None)
        said = details if isinstance(details, Mapping) else {}
        code = getattr(error, "code", None) or said.get("code")
        labels = [label for label in _LABELS if error.has_error_label(label)]
        raise failure(
            str(said.get("errmsg") or error),
            code,
            labels,
            place=place(deployment),
            hints=deployment.hints,
            user=deployment.user,
        ) from error


_LABELS = ("ResumableChangeStreamError", "NonResumableChangeStreamError")


def _driver() -> Any:
    try:
        import pymongo
        from bson.raw_bson import RawBSONDocument
    except ImportError:
        raise DriverMissing("pymongo", "mongodb") from None
    return pymongo, RawBSONDocument
