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
    """Insert, update and delete documents, some in transactions, through every crash of the server.

    history: (op, version) of each `_id`, of what the server has acknowledged, or shows after a crash.
    """

    source: MongoSource
    seed: int
    history: dict[int, list[tuple[str, int | None]]] = field(default_factory=dict)
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
            self.history.setdefault(key, []).append((op, None if op == "d" else self._version))
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


def judge(load: MongoLoad, records: Iterable[dict[str, Any]]) -> Counter[str]:
    """Count events that are lost, told twice (by the stream), or were never written.

    A read stands for the changes up to the version that it shows; the stream may tell those behind the
    resume token once more.
    """
    told: dict[int, Counter[Any]] = {}
    counts: Counter[str] = Counter()
    for record in records:
        value = record["value"]
        if value is None:
            continue
        key, op = int(record["key"]["id"]), value["op"]
        if op == "u":
            version = json.loads(value["updateDescription"]["updatedFields"])["v"]
        else:
            version = None if op == "d" else json.loads(value["after"])["v"]
        told.setdefault(key, Counter())[op, version] += 1
        counts["events"] += 1
    for key, history in load.history.items():
        got = told.pop(key, Counter())
        read = max((version for op, version in got if op == "r"), default=-1)
        for number, change in enumerate(history):
            covered = any(v is not None and v <= read for _, v in history[number:]) if read >= 0 else False
            counts["lost"] += not got[change] and not covered
        counts["doubled"] += sum(n - 1 for (op, v), n in got.items() if op in "cu")
        counts["read again"] += sum(n - 1 for (op, _), n in got.items() if op == "r")
        counts["never written"] += sum((op, v) not in history for op, v in got if op != "r")
    counts["never written"] += len(told)
    return counts
