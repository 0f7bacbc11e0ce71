"""Resume tokens, as offsets hold them.

A token is a document, `{"_data": <hex>}`, and opaque but for its first bytes: a KeyString whose first
value is the cluster time (`0x82`, then a big-endian timestamp). Debezium stores it as base64 of BSON;
releases before 2.2 stored the text of `_data`.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode, b64encode
from typing import NamedTuple

from cdc.errors import PositionLost
from cdc.sources.mongodb.elements import document, elements, find

_TIMESTAMP = 0x82


class ClusterTime(NamedTuple):
    """A BSON timestamp: seconds since 1970, and the order within the second."""

    seconds: int
    order: int

    def __str__(self) -> str:
        return f"{self.seconds}:{self.order}"


def to_base64(token: bytes) -> str:
    """Return the text that offsets hold of a token, a BSON document."""
    return b64encode(token).decode()


def from_offset(text: str) -> bytes:
    """Return the token of an offset as a BSON document; raises PositionLost when it is none."""
    try:
        token = b64decode(text, validate=True)
        if _is_document(token):
            return token
    except binascii.Error:
        pass
    if text and set(text) <= set("0123456789abcdefABCDEF"):
        value = struct.pack("<i", len(text) + 1) + text.encode() + b"\0"
        return document([b"\x02_data\0" + value])
    raise PositionLost(
        f"The resume token of the offset cannot be read: {text[:60]!r}",
        hint="delete the connector's offsets, or set snapshot.mode=when_needed",
    )


def cluster_time(token: bytes) -> ClusterTime | None:
    """Return the time of a token's event; None where the token does not tell."""
    found = find(token, b"_data")
    if found is None or found.kind not in (2, 5):
        return None
    try:
        # Binary tokens (3.6) have a subtype byte in the place where strings have their first digit.
        data = token[found.value + 5 : found.stop] if found.kind == 5 else _unhex(token, found.value + 4)
    except ValueError:
        return None
    if len(data) < 9 or data[0] != _TIMESTAMP:
        return None
    return ClusterTime(*struct.unpack_from(">II", data, 1))


def _unhex(token: bytes, at: int) -> bytes:
    return bytes.fromhex(token[at : at + 18].decode("ascii"))


def _is_document(data: bytes) -> bool:
    if len(data) < 5 or struct.unpack_from("<i", data)[0] != len(data):
        return False
    try:
        ends = [element.stop for element in elements(data)]
    except (ValueError, IndexError, struct.error):
        return False
    return (ends[-1] if ends else 4) == len(data) - 1
