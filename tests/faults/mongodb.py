"""MongoDB under the crash tests: a source of `Pipeline`, a load of its own, and what has to come of it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.errors import PyMongoError

from tests.servers.mongodb import MongoServer

COLLECTION = "item"


class MongoSource:
    """What `Pipeline` and `Chaos` ask of a source."""

    connector = "mongodb"

    def __init__(self, server: MongoServer) -> None:
        self.server = server
        self.name = self.schema = server.database_name()

    def source_options(self, prefix: str, tables: Sequence[str]) -> dict[str, str]:
        """Return the options of a source connector."""
        return {
            "connector.class": self.connector,
            "mongodb.connection.string": self.server.url(serverSelectionTimeoutMS="5000"),
            "database.include.list": self.name,
        }


@dataclass
class SqliteTarget:
    """A file that is the sink's database."""

    file: Path

    def sink_options(self) -> dict[str, str]:
        """Return the options of the sink."""
        return {
            "connection.url": f"jdbc:sqlite:{self.file}",
            "primary.key.mode": "record_key",
            "insert.mode": "upsert",
            "delete.enabled": "true",
            "schema.evolution": "basic",
        }


@dataclass
class MongoLoad(threading.Thread):
    """Insert, update and delete documents in transactions, through every crash of the server.

    history: op and version (its transaction) of each change by `_id`, of what the server has acknowledged, or
    shows after a crash. Each transaction leaves a document in `journal`.
    """

    source: MongoSource
    seed: int
    history: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._random = random.Random(self.seed)
        self._ended = threading.Event()
        self._alive: list[int] = []
        self._fresh = self._version = 0
        self._client: MongoClient[dict[str, Any]] = self.source.server.client(retryWrites=False)

    def __hash__(self) -> int:
        return id(self)

    def preload(self, count: int) -> None:
        """Write what the snapshot will find."""
        rows = [{"_id": n, "v": 0, "text": "x" * 400} for n in range(count)]
        self._collection.insert_many(rows)
        self.history |= {n: [("c", 0)] for n in range(count)}
        self._alive += range(count)
        self._fresh = count

    def run(self) -> None:
        """Write until stopped."""
        try:
            while not self._ended.is_set():
                self._transaction(self._random.choice((1, 1, 1, 5)))
                time.sleep(self._random.expovariate(200))
        except BaseException as error:  # noqa: BLE001 - raised by whoever stops the load
            self.error = error

    def finish(self) -> None:
        """End; raises what went wrong."""
        self._ended.set()
        self.join(60)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """End, whatever went wrong."""
        self._ended.set()
        if self.ident is not None:
            self.join(60)
        self._client.close()

    @property
    def _collection(self) -> Any:
        journaled = WriteConcern(w=1, j=True)
        return self._client[self.source.name].get_collection(COLLECTION, write_concern=journaled)

    def _transaction(self, count: int) -> None:
        """Do some changes at once; when the connection breaks, the journal tells whether they were made."""
        self._version += 1
        changes = [self._change() for _ in range(count)]
        changes = list({change[1]: change for change in changes}.values())
        try:
            with self._client.start_session() as session, session.start_transaction():
                for op, key in changes:
                    self._apply(op, key, session)
                self._collection.database.journal.insert_one({"_id": self._version}, session=session)
        except PyMongoError:
            if not self._is_committed():
                return
        for op, key in changes:
            self.history.setdefault(key, []).append((op, self._version))
            if op == "c":
                self._alive.append(key)
            elif op == "d":
                self._alive.remove(key)

    def _change(self) -> tuple[str, int]:
        op = self._random.choice("ccuuud" if len(self._alive) > 10 else "c")
        if op == "c":
            self._fresh += 1
            return op, self._fresh
        return op, self._random.choice(self._alive)

    def _apply(self, op: str, key: int, session: Any) -> None:
        if op == "c":
            self._collection.insert_one({"_id": key, "v": self._version}, session=session)
        elif op == "u":
            self._collection.update_one({"_id": key}, {"$set": {"v": self._version}}, session=session)
        else:
            self._collection.delete_one({"_id": key}, session=session)

    def _is_committed(self) -> bool:
        deadline = time.monotonic() + 60
        while True:
            try:
                return self._client[self.source.name].journal.find_one({"_id": self._version}) is not None
            except PyMongoError:
                assert time.monotonic() < deadline, "the server does not come back"
                time.sleep(0.05)

    def documents(self) -> dict[int, dict[str, Any]]:
        """Return what is there now."""
        return {row["_id"]: row for row in self._collection.find()}


def streamed(journal: Iterable[dict[str, Any]]) -> set[int]:
    """Return the transactions whose line in the journal came behind the snapshot."""
    return {int(record["key"]["id"]) for record in journal if record["value"]["op"] == "c"}


def judge(load: MongoLoad, records: Iterable[dict[str, Any]], streamed: set[int]) -> Counter[str]:
    """Count changes that are lost, told twice, or were never written.

    streamed: the transactions that the change stream has told. All of their changes have to be there, once;
    of the others, which lie before it, the snapshot tells what was left.
    """
    told: dict[int, Counter[Any]] = {}
    counts: Counter[str] = Counter(streamed=len(streamed))
    for record in filter(lambda record: record["value"] is not None, records):
        op, version = _change(record["value"])
        told.setdefault(int(record["key"]["id"]), Counter())[op, version] += 1
        counts["events"] += 1
    for key, history in load.history.items():
        got = told.pop(key, Counter())
        changes = [(op, None if op == "d" else version) for op, version in history if version in streamed]
        counts["lost"] += sum(not got[change] for change in changes)
        counts["doubled"] += sum(count - 1 for (op, _), count in got.items() if op != "r")
        counts["read again"] += sum(count - 1 for (op, _), count in got.items() if op == "r")
        counts["never written"] += sum(op != "r" and (op, version) not in changes for op, version in got)
    counts["never written"] += len(told)
    return counts


def _change(value: dict[str, Any]) -> tuple[str, int | None]:
    if value["op"] == "u":
        return "u", json.loads(value["updateDescription"]["updatedFields"])["v"]
    return value["op"], None if value["op"] == "d" else json.loads(value["after"])["v"]
