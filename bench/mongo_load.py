"""The same data for MongoDB: a backlog in one collection, a collection to snapshot."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

from bson import Decimal128, Int64
from pymongo.collection import Collection

from bench.load import CHANGES_IN_TRANSACTION, CHANGES_TABLE, SNAPSHOT_TABLE
from tests.servers.mongodb import MongoServer, mongod

DATABASE = "bench"
MOST_ROWS = 100_000
"""What the server of the tests makes in reasonable time."""
_TOGETHER = 1000
"""How many transactions' worth of changes one command makes."""
_EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def arguments(rows: int) -> list[str]:
    """Return what the server is started with, so that its oplog keeps the whole backlog."""
    return [] if mongod() else ["--oplog-max-entries", str(4 * rows)]


def document(number: int) -> dict[str, Any]:
    """Return the nine fields of a document."""
    return {
        "_id": Int64(number),
        "acct": number % 1000,
        "name": None if number % 5 == 0 else f'Név "{number}" Kovács',
        "amount": Decimal128(f"{number * 7 % 1_000_000 / 100:.2f}"),
        "created": _EPOCH + dt.timedelta(seconds=number * 1.000123),
        "active": number % 2 == 0,
        "score": number / 3.0,
        "doc": {"a": number, "b": 'x"y'},
        "status": f"status-{number % 7}",
    }


def make_backlog(server: MongoServer, rows: int) -> int:
    """Make `rows` changes of one collection; return the operation time before them, as one number."""
    with server.client() as client:
        reply = client.admin.command("ping")
        started = reply["operationTime"]
        changes = client[DATABASE][CHANGES_TABLE]
        for first in range(0, rows // CHANGES_IN_TRANSACTION, _TOGETHER):
            _change(changes, first * 5, min(_TOGETHER, rows // CHANGES_IN_TRANSACTION - first) * 5)
        return int(started.time) << 32 | int(started.inc)


def _change(changes: Collection[dict[str, Any]], first: int, count: int) -> None:
    """Insert, update four of five, delete the others: the server of the tests is slow to find single ones."""
    kept, end = first + count * 4 // 5, first + count
    changes.insert_many([document(number) for number in range(first, end)])
    changes.update_many({"_id": {"$gte": first, "$lt": kept}}, {"$inc": {"acct": 1}, "$mul": {"score": 1.5}})
    changes.delete_many({"_id": {"$gte": kept, "$lt": end}})


def make_collection(server: MongoServer, rows: int) -> None:
    """Make the collection to snapshot."""
    with server.client() as client:
        documents = (document(number) for number in range(rows))
        for batch in iter(lambda: list(islice(documents, 5 * _TOGETHER)), []):
            client[DATABASE][SNAPSHOT_TABLE].insert_many(batch)


def drained(batches: Iterable[Any], rows: int) -> float:
    """Return how many seconds it takes until so many documents are there, counted by their lengths alone."""
    started, seen = time.perf_counter(), 0
    for batch in batches:
        at = 0
        while at < len(batch):
            at += int.from_bytes(batch[at : at + 4], "little")
            seen += 1
        if seen >= rows:
            break
    return time.perf_counter() - started
