"""Envelopes as JSON text: where the new image stands, and what the operation is, without a parser.

JSON has no unescaped quote inside a string, so `,"source":{` is always a member; and what stands
before it is a JSON value of its own only if the member is the envelope's. So a cut is right if
its pieces can be parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from cdc.columns import EventColumns

__all__ = ["EventColumns", "Operations", "members", "shared", "split"]

_NEW = b'{"before":null,"after":'
_SOURCE = b',"source":{'
_SHAPE = bytes.maketrans(b"0123456789", b"1111111111")
_MOST = 1000
_HOLE = "\0"


def shared(head: bytes, tail: bytes) -> dict[str, Any] | None:
    """Return the envelope that images stand in, between these; None where it is something else."""
    try:
        envelope = orjson.loads(head + b'"\\u0000"' + tail)
    except orjson.JSONDecodeError:
        return None
    right = isinstance(envelope, dict) and envelope.get("after") == _HOLE and "op" in envelope
    return envelope if right else None


@lru_cache(maxsize=1000)
def members(frame: tuple[bytes, ...]) -> tuple[str, ...] | None:
    """Return the names of the members that cells stand for in this frame; None where it is no such object."""
    numbered = (b"%d%b" % (at, piece) for at, piece in enumerate(frame[1:]))
    try:
        found = orjson.loads(frame[0] + b"".join(numbered))
    except orjson.JSONDecodeError:
        return None
    right = isinstance(found, dict) and [*found.values()] == [*range(len(frame) - 1)]
    return tuple(found) if right else None


class Operations(dict[bytes, str | None]):
    """The operation by the shape of what stands behind the image: every digit a one, so that there are few.

    None for what is no JSON, or has no plain operation on a row.
    """

    def __missing__(self, tail: bytes) -> str | None:
        if len(self) >= _MOST:
            self.clear()
        try:
            rest = orjson.loads(b"{" + tail[1:])
        except orjson.JSONDecodeError:
            rest = {}
        op = rest.get("op")
        found = self[tail] = op if op in ("r", "c", "u") else None
        return found


def split(payloads: Sequence[bytes | None], operations: Operations) -> tuple[list[str], list[bytes]] | None:
    """Return operations and texts of the new images, if every payload is a new row without an old one."""
    ops: list[str] = []
    images: list[bytes] = []
    start = len(_NEW)
    for payload in payloads:
        if payload is None or not payload.startswith(_NEW):
            return None
        at = payload.find(_SOURCE, start)
        op = operations[payload[at:].translate(_SHAPE)]
        if op is None or at < 0:
            return None
        ops.append(op)
        images.append(payload[start:at])
    return ops, images
