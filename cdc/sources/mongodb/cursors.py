"""Cursors over collections: the server's answers as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cdc.sources.mongodb.client import Deployment, run
from cdc.sources.mongodb.elements import members

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient


def answers(
    client: MongoClient[RawBSONDocument],
    deployment: Deployment,
    database: str,
    collection: str,
    command: Mapping[str, Any],
    fetch_size: int = 0,
) -> Iterator[bytes]:
    """Yield what a command's cursor has, an array of documents an answer, in a session of its own.

    fetch_size: documents in an answer at most; 0 leaves it to the server.
    """
    from bson import Int64

    fetch = {"batchSize": fetch_size} if fetch_size else {}
    with client.start_session(causal_consistency=False) as session:
        next_command = dict(command)
        while True:
            cursor, batch = _answer(run(client, deployment, database, next_command, session))
            yield batch
            if not cursor:
                return
            next_command = {"getMore": Int64(cursor), "collection": collection, **fetch}


def along_id(
    client: MongoClient[RawBSONDocument],
    deployment: Deployment,
    database: str,
    collection: str,
    *,
    after: bytes | None,
    only: Mapping[str, Any] | None = None,
    fetch_size: int = 0,
) -> Iterator[bytes]:
    """Yield a collection's documents by `_id`, whatever its types.

    after: a document of `_id` alone to begin with, it included. only: a filter.
    """
    from bson.raw_bson import RawBSONDocument

    find: dict[str, Any] = {
        "find": collection,
        "filter": only or {},
        "sort": {"_id": 1},
        "hint": {"_id": 1},
        "noCursorTimeout": True,
    }
    if fetch_size:
        find["batchSize"] = fetch_size
    if after is not None:
        # Bounds of the index hold across types, which comparisons in a filter do not.
        find["min"] = RawBSONDocument(after)
    return answers(client, deployment, database, collection, find, fetch_size)


def _answer(data: bytes) -> tuple[int, bytes]:
    """Return the cursor's id and the documents of an answer."""
    start, stop = members(data)[b"cursor"]
    cursor = data[start:stop]
    found = members(cursor)
    at, end = found[b"id"]
    batch = found.get(b"firstBatch") or found[b"nextBatch"]
    return int.from_bytes(cursor[at:end], "little", signed=True), cursor[batch[0] : batch[1]]
