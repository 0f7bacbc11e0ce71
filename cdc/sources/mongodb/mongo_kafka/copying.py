"""`startup.mode=copy_existing`: what is there, as if it were inserted (mongo-kafka's MongoCopyDataManager).

Without stages of the user's, collections are read along `_id`, and a copy that is cut goes on behind the
last document told. Stages may leave anything of that: a collection that they were run over halfway is
copied anew.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cdc.batch import Window
from cdc.capture.side_by_side import side_by_side
from cdc.capture.snapshot_metrics import SnapshotMetrics
from cdc.dead_letters import DeadLetters
from cdc.metrics import Metrics
from cdc.sources.mongodb.captured import SYSTEM_DATABASES
from cdc.sources.mongodb.client import translated
from cdc.sources.mongodb.collection import key_document
from cdc.sources.mongodb.cursors import along_id, answers
from cdc.sources.mongodb.elements import document, documents, elements, named
from cdc.sources.mongodb.mongo_kafka.config import MongoKafkaConfig
from cdc.sources.mongodb.mongo_kafka.records import ChangeRecords
from snapshot.progress import SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient

_PIECE: Final = 1 << 20
"""Bytes of documents in one window."""

_ORDER = (("_id", "bson"),)


class Namespace(NamedTuple):
    """A collection."""

    database: str
    collection: str

    def __str__(self) -> str:
        return f"{self.database}.{self.collection}"


@dataclass(slots=True)
class Copy:
    """Yield the windows of a copy. progress: what earlier runs have copied; updated on the way."""

    client: MongoClient[RawBSONDocument]
    config: MongoKafkaConfig
    records: ChangeRecords
    progress: SnapshotProgress
    metrics: Metrics
    letters: DeadLetters

    def windows(self, chosen: Sequence[Namespace]) -> Generator[Window]:
        """Yield windows of about 1 MB with these collections' documents, and how far each is."""
        numbers = SnapshotMetrics(self.metrics)
        numbers.announce((self.progress.of(str(one)), self._estimate(one)) for one in chosen)
        unread = [one for one in chosen if not self.progress.of(str(one)).finished]
        for answer in side_by_side(unread, self._answers, self.config.copy_threads):
            if answer is None:
                yield Window()
                continue
            one, data = answer
            if data is None:
                yield Window(offsets=[self._store(one, None, 0)], more=True)
                numbers.finished(str(one))
                continue
            for count, border in self._pieces(one, data):
                numbers.count(str(one), count)
                offsets = [self._store(one, border, count)] if border else []
                yield Window(self.records.take(), offsets, more=True, letters=self.letters.take())

    def chosen(self) -> list[Namespace]:
        """Return the collections there are, that are to be copied."""
        config = self.config
        with translated(config):
            if config.collection:
                found = [Namespace(config.database, config.collection)]
            else:
                databases = [config.database] if config.database else self.client.list_database_names()
                found = [one for name in databases if name not in SYSTEM_DATABASES for one in self._all(name)]
        wanted = config.copy_namespaces
        return [one for one in found if wanted is None or wanted.search(str(one))]

    def _all(self, database: str) -> list[Namespace]:
        names = self.client[database].list_collection_names(filter={"type": "collection"})
        return [Namespace(database, name) for name in sorted(names) if not name.startswith("system.")]

    def _estimate(self, one: Namespace) -> int:
        with translated(self.config):
            return self.client[one.database][one.collection].estimated_document_count()

    @property
    def _whole(self) -> bool:
        """Whether documents come as they are."""
        return not self.config.pipeline and not self.config.copy_pipeline

    def _after(self, one: Namespace) -> bytes | None:
        """Return the key of the last document told, where reading goes on behind it."""
        border = self.progress.of(str(one)).resume_after if self._whole else None
        return b64decode(border[0]) if border else None

    def _answers(self, one: Namespace) -> Iterator[bytes]:
        """Yield arrays of documents, or of events where the server makes them."""
        size = self.config.batch_size
        if self._whole:
            return along_id(self.client, self.config, *one, after=self._after(one), fetch_size=size)
        command = {
            "aggregate": one.collection,
            "pipeline": [*self.config.copy_stages, _as_insert(one), *self.config.stages, *_NAMESPACE_LAST],
            "cursor": {"batchSize": size} if size else {},
            "allowDiskUse": self.config.copy_disk_use,
        }
        return answers(self.client, self.config, *one, command, size)

    def _pieces(self, one: Namespace, data: bytes) -> Iterator[tuple[int, tuple[str] | None]]:
        """Make records of an answer; yield their number, and the last one's key where reading can go on."""
        whole, after = self._whole, self._after(one)
        namespace = _namespace(one)
        count, size, key = 0, 0, b""
        for start, stop in documents(data):
            found = data[start:stop]
            if whole:
                key = key_document(found)
                if key == after:
                    continue
            self.records.add(_event(found, key, namespace) if whole else _with_namespace(found))
            count, size = count + 1, size + len(found)
            if size >= _PIECE:
                yield count, (b64encode(key).decode(),) if whole else None
                count = size = 0
        if count:
            yield count, (b64encode(key).decode(),) if whole else None

    def _store(self, one: Namespace, border: tuple[str] | None, rows: int) -> tuple[Any, Any]:
        """Return the offset of a collection's progress."""
        name = str(one)
        before = self.progress.of(name)
        progress = TableProgress(name, before.segments, before.rows, _ORDER, _ORDER).advance(
            border, "", 0, rows
        )
        self.progress.tables[name] = progress
        return self.progress.partition(name), progress.offset()


# -- documents as events of their insertion ----------------------------------------------------------

_COPYING = b"\x08copyingData\0\1"
_INSERT = b"\x02operationType\0\x07\0\0\0insert\0"
_NAMESPACE_LAST: Final = ({"$addFields": {"__": "$ns"}}, {"$project": {"ns": 0}})
"""The namespace behind everything else, under a name that is as long as its own."""


def _as_insert(one: Namespace) -> Mapping[str, Any]:
    """Return the stage that makes an event of a document."""
    event = {
        "_id": {"_id": "$_id", "copyingData": {"$literal": True}},
        "operationType": {"$literal": "insert"},
        "ns": {"db": {"$literal": one.database}, "coll": {"$literal": one.collection}},
        "documentKey": {"_id": "$_id"},
        "fullDocument": "$$ROOT",
    }
    return {"$replaceRoot": {"newRoot": event}}


def _event(data: bytes, key: bytes, namespace: bytes) -> bytes:
    """Return the event of a document: what the stages make of it on the server."""
    identity = key[4:-1]
    pieces = (
        b"\x03_id\0" + document((identity, _COPYING)),
        _INSERT,
        b"\x03documentKey\0" + key,
        b"\x03fullDocument\0" + data,
        namespace,
    )
    return document(pieces)


def _namespace(one: Namespace) -> bytes:
    """Return the member `ns`."""
    return b"\x03ns\0" + document((_string(b"db", one.database), _string(b"coll", one.collection)))


def _string(name: bytes, text: str) -> bytes:
    octets = text.encode()
    return b"\x02" + name + b"\0" + (len(octets) + 1).to_bytes(4, "little") + octets + b"\0"


def _with_namespace(data: bytes) -> bytes:
    """Return an event with its namespace under the right name."""
    return document(
        named(e, data, b"ns") if e.name == b"__" else data[e.start : e.stop] for e in elements(data)
    )
