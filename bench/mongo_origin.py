"""MongoDB as an origin: readers begin at the operation time before the backlog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property

from bson import Timestamp

from bench import mongo_load as load
from bench.configs import WITHOUT_SCHEMA, dotted
from bench.load import CHANGES_TABLE, SNAPSHOT_TABLE
from bench.origins import Origin
from tests.servers.mongodb import MongoServer

DEBEZIUM = "io.debezium.connector.mongodb.MongoDbConnector"


class MongoOrigin(Origin):
    """A server with the backlog in its oplog."""

    prefix = "mongo"

    def __init__(self, server: MongoServer, rows: int, say: Callable[[str], None]) -> None:
        self.server, self.rows, self._say = server, rows, say

    @cached_property
    def backlog(self) -> int:
        """The operation time before the backlog, which is made now."""
        self._say(f"making a backlog of {self.rows:,} changes on MongoDB")
        return load.make_backlog(self.server, self.rows)

    @cached_property
    def table(self) -> str:
        """The collection to snapshot, which is made now."""
        assert self.backlog
        self._say(f"making a collection of {self.rows:,} documents")
        load.make_collection(self.server, self.rows)
        return SNAPSHOT_TABLE

    def stream_source(self, name: str, **more: str) -> dict[str, str]:
        """See `Origin`."""
        place = {"snapshot__mode": "no_data", "capture__start__op__time": str(self.backlog)}
        return self._source(name, CHANGES_TABLE, **place, tombstones__on__delete="false", **more)

    def snapshot_source(self, name: str, **more: str) -> dict[str, str]:
        """See `Origin`."""
        return self._source(name, self.table, snapshot__mode="initial_only", **more)

    def _source(self, name: str, collection: str, **more: str) -> dict[str, str]:
        return {
            "name": name,
            "connector.class": DEBEZIUM,
            "mongodb.connection.string": self.server.url(),
            "topic.prefix": name,
            "collection.include.list": f"{load.DATABASE}.{collection}",
            **WITHOUT_SCHEMA,
            **dotted(more),
        }

    def topic(self, name: str, table: str) -> str:
        """See `Origin`."""
        return f"{name}.{load.DATABASE}.{table}"

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """See `Origin`: the oplog stays as it is."""
        assert self.backlog
        yield

    # -- the driver's raw cursors --------------------------------------------------------------

    def receive_backlog(self, name: str) -> float:
        """Drain the same change stream with pymongo, without decoding."""
        moment = Timestamp(self.backlog >> 32, self.backlog & 0xFFFFFFFF)
        stage = {"$changeStream": {"startAtOperationTime": moment, "fullDocument": "updateLookup"}}
        with self.server.client() as client:
            changes = client[load.DATABASE][CHANGES_TABLE]
            return load.drained(changes.aggregate_raw_batches([stage]), self.rows)

    def copy_out(self) -> float:
        """Drain the collection with pymongo, without decoding."""
        with self.server.client() as client:
            return load.drained(client[load.DATABASE][self.table].find_raw_batches(), self.rows)
