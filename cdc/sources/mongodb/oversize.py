"""Events above 16 MB, which the server refuses (10334): split by servers that can, else cut and told of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cdc.errors import PositionLost, ServerNotReady
from cdc.sources.mongodb.client import Deployment, translated
from cdc.sources.mongodb.elements import document, elements, members

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient

log = logging.getLogger(__name__)

LARGEST_EVENT: Final = 16 * 1024 * 1024
"""Bytes of a BSON document."""

OVERSIZE: Final = "oversize"
"""The member that tells of an event whose documents were too large to be sent: their size in bytes."""

SPLIT: Final = b"splitEvent"
"""The member that tells which part of an event a fragment is."""

WHOLE: Final = document((b"\x10fragment\0\1\0\0\0", b"\x10of\0\1\0\0\0"))
"""Its value in an event that is in one piece."""

SPLIT_STAGE: Final = "$changeStreamSplitLargeEvent"
"""The stage that cuts them: whoever starts behind a fragment needs it too."""

_HEADROOM: Final = 64 * 1024
"""Bytes for what an event holds besides documents: tokens, names, times."""


def splits_events(client: MongoClient[RawBSONDocument], deployment: Deployment) -> bool:
    """Ask the server whether it has `$changeStreamSplitLargeEvent`; one that may not tell is taken not to."""
    try:
        with translated(deployment):
            info = client.admin.command("buildInfo")
    except ServerNotReady as refused:
        # The strict server API (server.api.strict) has no buildInfo.
        log.info("%s", refused.message)
        return False
    return can_split(tuple(info["versionArray"][:3]))


def can_split(version: tuple[int, ...]) -> bool:
    """Whether a server of this version has `$changeStreamSplitLargeEvent`: 6.0.9, 7.0 and later."""
    return version >= (7, 0) or (6, 0, 9) <= version < (6, 1)


def large_events(*, can_split: bool) -> Mapping[str, Any]:
    """Return the stage that splits large events, or else takes out what makes them large."""
    if can_split:
        return {SPLIT_STAGE: {}}
    parts = ("fullDocument", "fullDocumentBeforeChange", "updateDescription")
    total = {"$add": [{"$ifNull": [{"$bsonSize": f"${name}"}, 0]} for name in parts]}
    too_large = {"$gt": [total, LARGEST_EVENT - _HEADROOM]}
    cut = {name: {"$cond": [too_large, "$$REMOVE", f"${name}"]} for name in parts}
    return {"$set": {**cut, OVERSIZE: {"$cond": [too_large, total, "$$REMOVE"]}}}


class Fragments:
    """Put the fragments of large events together."""

    def __init__(self) -> None:
        self._fragments: list[bytes] = []

    @property
    def waiting(self) -> bool:
        """Whether the rest of an event is still to come: the position stays before all of it."""
        return bool(self._fragments)

    def whole(self, data: bytes, found: Mapping[bytes, tuple[int, int]]) -> bytes | None:
        """Return the event that a fragment is the last of, else None; the token is then behind all of it.

        Raises PositionLost for a fragment without those before it.
        """
        start, stop = found[SPLIT]
        split = data[start:stop]
        at = members(split)
        number, of = (int.from_bytes(split[at[name][0] :][:4], "little") for name in (b"fragment", b"of"))
        if number == 1:
            self._fragments = []
        if number != len(self._fragments) + 1:
            self._fragments = []
            raise PositionLost(
                f"The change stream goes on with fragment {number} of {of} of an event, without those before",
                hint="the offset lies within the event: delete the connector's offsets",
            )
        self._fragments.append(data)
        if number < of:
            return None
        fragments, self._fragments = self._fragments, []
        pieces = {e.name: one[e.start : e.stop] for one in fragments for e in elements(one)}
        del pieces[SPLIT]
        return document(pieces.values())
