"""What servers and the driver say when something fails, as our own errors with the way out.

Codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from cdc.errors import (
    AccessDenied,
    CdcError,
    ConnectionFailed,
    PositionLost,
    ServerNotReady,
    UnsupportedValue,
)

REPLICA_SET_HINT = (
    "change streams need a replica set, which may have one member: start mongod with --replSet rs0 and run "
    "rs.initiate() in mongosh"
)


@dataclass(frozen=True, slots=True)
class Hints:
    """The ways out, in the words of the options that the operator sets; `{user}` is the user's name.

    address: the option with the connection string. lost: the position. too_large: an event. cannot_split:
    a server. rights: of the user. credentials, tls, hosts: of the connection.
    """

    address: str
    lost: str
    too_large: str
    cannot_split: str
    rights: str
    credentials: str
    tls: str
    hosts: str


@dataclass(frozen=True, slots=True)
class _Known:
    """An error of the server, by its code or a part of its text."""

    error: type[CdcError]
    hint: Callable[[Hints], str]
    codes: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()

    def fits(self, code: int | None, text: str) -> bool:
        return code in self.codes or any(part in text for part in self.texts)


_KNOWN = (
    # ChangeStreamHistoryLost, InvalidResumeToken, ChangeStreamFatalError, CappedPositionLost,
    # OplogQueryMinTsMissing, and what 3.6 and 4.0 said instead.
    _Known(
        PositionLost,
        lambda hints: hints.lost,
        (286, 260, 280, 136, 326, 40576, 40585, 40615, 50811),
        ("resume token string was not a valid hex string",),
    ),
    _Known(
        UnsupportedValue,
        lambda hints: hints.too_large,
        (10334, 17419, 17420),
        ("BSONObjectTooLarge", "BSONObj size:"),
    ),
    _Known(
        ServerNotReady,
        lambda hints: REPLICA_SET_HINT,
        (40573,),
        ("only supported on replica sets", "not running with --replSet", "no replset config"),
    ),
    _Known(
        ServerNotReady,
        lambda hints: hints.cannot_split,
        texts=("$changeStreamSplitLargeEvent",),
    ),
    _Known(
        AccessDenied,
        lambda hints: hints.rights,
        (13,),
        ("not authorized on",),
    ),
    _Known(
        AccessDenied,
        lambda hints: hints.credentials,
        (18, 11, 8000),
        ("Authentication failed", "bad auth"),
    ),
    _Known(
        ServerNotReady,
        lambda hints: hints.tls,
        texts=(
            "CERTIFICATE_VERIFY_FAILED",
            "certificate verify failed",
            "Hostname mismatch",
            "SSL handshake",
        ),
    ),
    _Known(
        ConnectionFailed,
        lambda hints: hints.hosts,
        texts=("No replica set members", "Connection refused", "nodename nor servname", "timed out"),
    ),
)

_RESUMABLE = {
    *(6, 7, 63, 89, 91, 133, 134, 150, 189, 234, 262, 9001),  # hosts, networks, time-outs, shards
    *(10107, 11600, 11602, 13388, 13435, 13436),  # the primary stepped down or shuts down
    *(43, 222, 237),  # the cursor is gone or was killed, the stream was closed
}
"""Errors after which the stream is opened again where it was (change streams specification)."""


def failure(
    message: str,
    code: int | None,
    labels: Collection[str] = (),
    *,
    place: str,
    hints: Hints,
    user: str | None = None,
) -> CdcError:
    """Return our error for one of the server (code, labels) or the driver (code None).

    place: the hosts, without credentials.
    """
    text = f"MongoDB {place}: {' '.join(message.split())}"
    if "ResumableChangeStreamError" in labels or code in _RESUMABLE:
        return ConnectionFailed(text)
    for known in _KNOWN:
        if known.fits(code, message):
            return known.error(text, hint=known.hint(hints).replace("{user}", user or "<user>"))
    return ConnectionFailed(text) if code is None else ServerNotReady(f"{text} (code {code})")
