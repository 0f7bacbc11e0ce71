"""What servers and the driver say when something fails, as our own errors with the way out.

Codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cdc.errors import (
    AccessDenied,
    CdcError,
    ConnectionFailed,
    PositionLost,
    ServerNotReady,
    UnsupportedValue,
)

LOST_HINT = (
    "changes are gone: delete the connector's offsets (or use a new topic.prefix) to read the collections "
    "anew, or set snapshot.mode=when_needed to let that happen by itself; a larger oplog "
    "(replSetResizeOplog) and heartbeat.interval.ms keep it from happening again"
)
TOO_LARGE_HINT = (
    "an event may have 16 MB, with pre-images a document counts twice: set "
    "cursor.oversize.handling.mode=split (MongoDB 6.0.9 and later), or skip with "
    "cursor.oversize.skip.threshold, or leave large fields out with field.exclude.list"
)
REPLICA_SET_HINT = (
    "change streams need a replica set, which may have one member: start mongod with --replSet rs0 and run "
    "rs.initiate() in mongosh"
)


@dataclass(frozen=True, slots=True)
class _Known:
    """An error of the server, by its code or a part of its text; `{user}` is the user's name."""

    error: type[CdcError]
    hint: str
    codes: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()

    def fits(self, code: int | None, text: str) -> bool:
        return code in self.codes or any(part in text for part in self.texts)


_KNOWN = (
    # ChangeStreamHistoryLost, InvalidResumeToken, ChangeStreamFatalError, CappedPositionLost,
    # OplogQueryMinTsMissing, and what 3.6 and 4.0 said instead.
    _Known(PositionLost, LOST_HINT, (286, 260, 280, 136, 326, 40576, 40585, 40615, 50811)),
    _Known(UnsupportedValue, TOO_LARGE_HINT, (10334, 17419, 17420), ("BSONObjectTooLarge", "BSONObj size:")),
    _Known(
        ServerNotReady,
        REPLICA_SET_HINT,
        (40573,),
        ("only supported on replica sets", "not running with --replSet", "no replset config"),
    ),
    _Known(
        ServerNotReady,
        "this server cannot split events (MongoDB 6.0.9 and later can): set "
        "cursor.oversize.handling.mode=auto or skip",
        texts=("$changeStreamSplitLargeEvent",),
    ),
    _Known(
        AccessDenied,
        "let the user read: db.getSiblingDB('admin').grantRolesToUser('{user}', ['readAnyDatabase']), or "
        "`read` on the database with capture.scope=database and capture.target",
        (13,),
        ("not authorized on",),
    ),
    _Known(
        AccessDenied,
        "check mongodb.user, mongodb.password and mongodb.authsource",
        (18, 11, 8000),
        ("Authentication failed", "bad auth"),
    ),
    _Known(
        ServerNotReady,
        "check mongodb.ssl.enabled, mongodb.ssl.truststore and mongodb.ssl.keystore, or tls=… in "
        "mongodb.connection.string",
        texts=(
            "CERTIFICATE_VERIFY_FAILED",
            "certificate verify failed",
            "Hostname mismatch",
            "SSL handshake",
        ),
    ),
    _Known(
        ConnectionFailed,
        "check the hosts and replicaSet in mongodb.connection.string",
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
    message: str, code: int | None, labels: Collection[str] = (), *, place: str, user: str | None = None
) -> CdcError:
    """Return our error for one of the server (code, labels) or the driver (code None).

    place: the hosts, without credentials.
    """
    text = f"MongoDB {place}: {' '.join(message.split())}"
    if "ResumableChangeStreamError" in labels or code in _RESUMABLE:
        return ConnectionFailed(text)
    for known in _KNOWN:
        if known.fits(code, message):
            return known.error(text, hint=known.hint.replace("{user}", user or "<user>"))
    return ConnectionFailed(text) if code is None else ServerNotReady(f"{text} (code {code})")
