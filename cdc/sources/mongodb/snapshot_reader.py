"""Read the captured collections along `_id`, as windows that remember how far they are."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdc.batch import ChangeBatch, Window
from cdc.capture.side_by_side import side_by_side
from cdc.capture.snapshot_metrics import SnapshotMetrics
from cdc.capture.snapshot_windows import Piece, windows
from cdc.dead_letters import DeadLetters
from cdc.metrics import Metrics
from cdc.sources.mongodb.client import translated
from cdc.sources.mongodb.collection import Collection, Collections, key_document, transaction_values
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.cursors import along_id
from cdc.sources.mongodb.document_rows import DocumentRows
from cdc.sources.mongodb.elements import documents
from cdc.sources.mongodb.letters import letter_text
from cdc.sources.mongodb.positions import Position
from snapshot.progress import SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient

_PIECE = 1 << 20
"""Bytes of documents in one window."""

_ORDER = (("_id", "bson"),)


@dataclass(slots=True)
class SnapshotReader:
    """Yield the windows of a snapshot.

    position: the place in the change stream that was taken before, which the events carry. progress: what
    earlier runs have read; updated on the way.
    """

    client: MongoClient[RawBSONDocument]
    config: MongoConfig
    collections: Collections
    position: Position
    progress: SnapshotProgress
    metrics: Metrics
    letters: DeadLetters

    def windows(self, chosen: Sequence[Collection]) -> Generator[Window]:
        """Yield windows of about 1 MB with these collections' documents, and how far each is."""
        time.sleep(self.config.snapshot_delay_ms / 1000)
        numbers = SnapshotMetrics(self.metrics)
        numbers.announce((self.progress.of(one.namespace), self._estimate(one)) for one in chosen)
        first = chosen[0] if chosen else None
        for window in windows(self._pieces(chosen, numbers), first, self._batch, self.collections.block):
            window.letters = self.letters.take()
            yield window

    def chosen(self) -> list[Collection]:
        """Return the captured collections there are, that the snapshot is to read; views are none."""
        included = self.config.snapshot_include
        found = []
        with translated(self.config):
            for database in sorted(self.client.list_database_names()):
                if not self.collections.wants_database(database):
                    continue
                names = self.client[database].list_collection_names(filter={"type": "collection"})
                found += [self.collections.find(database, name) for name in sorted(names)]
        return [
            one
            for one in found
            if one is not None
            and (not included or any(pattern.fullmatch(one.namespace) for pattern in included))
        ]

    def _estimate(self, collection: Collection) -> int:
        with translated(self.config):
            return self.client[collection.id.catalog][collection.id.table].estimated_document_count()

    def _pieces(
        self, chosen: Sequence[Collection], numbers: SnapshotMetrics
    ) -> Iterator[Piece[Collection] | None]:
        """Yield the documents of all collections; each piece with the progress behind it."""
        for collection in chosen:
            if self.progress.of(collection.namespace).finished:
                numbers.finished(collection.namespace)
        for one in self._read(chosen):
            if one is None:
                yield None
                continue
            collection, data = one
            if data is None:
                yield Piece(collection, DocumentRows(), offsets=[self._store(collection, None, 0)], ends=True)
                numbers.finished(collection.namespace)
                continue
            told = False
            for piece, key in self._split(collection, data):
                told = True
                count = len(piece.rows)
                numbers.count(collection.namespace, count)
                piece.offsets = [self._store(collection, (b64encode(key).decode(),), count)]
                yield piece
            if not told:
                yield None  # what was refused of the answer does not wait for a document that is not

    def _split(self, collection: Collection, data: bytes) -> Iterator[tuple[Piece[Collection], bytes]]:
        """Yield the documents of an answer, and the last one's key; without the one told before."""
        after = self._after(collection)
        piece, key = Piece(collection, DocumentRows()), b""
        for start, stop in documents(data):
            one = data[start:stop]
            key = key_document(one)
            if key == after:
                continue
            refusal = self.collections.refusal(collection, one)
            if refusal is not None:
                self.metrics.add("NumberOfErroneousEvents")
                self.letters.add(collection.topic, letter_text(key), letter_text(one), refusal)
                continue
            _add(piece, one, key)
            if piece.size >= _PIECE:
                yield piece, key
                piece = Piece(collection, DocumentRows())
        if len(piece.rows):
            yield piece, key

    def _after(self, collection: Collection) -> bytes | None:
        """Return the key of the last document told."""
        border = self.progress.of(collection.namespace).resume_after
        return b64decode(border[0]) if border else None

    def _read(self, chosen: Sequence[Collection]) -> Iterator[tuple[Collection, bytes | None] | None]:
        """Yield the server's answers, `snapshot.max.threads` collections at a time; None ends one."""
        unread = (one for one in chosen if not self.progress.of(one.namespace).finished)
        return side_by_side(unread, self._answers, self.config.snapshot_max_threads)

    def _answers(self, collection: Collection) -> Iterator[bytes]:
        return along_id(
            self.client,
            self.config,
            collection.id.catalog,
            collection.id.table,
            after=self._after(collection),
            only=self.config.snapshot_filter(collection.namespace),
            fetch_size=self.config.snapshot_fetch_size,
        )

    def _store(self, collection: Collection, up_to: tuple[str, ...] | None, rows: int) -> tuple[Any, Any]:
        """Return the offset of a collection's progress."""
        before = self.progress.of(collection.namespace)
        place = TableProgress(collection.namespace, before.segments, before.rows, _ORDER, _ORDER)
        progress = place.advance(up_to, "", 0, rows)
        self.progress.tables[collection.namespace] = progress
        return self.progress.partition(collection.namespace), progress.offset()

    def _batch(self, piece: Piece[Collection]) -> ChangeBatch:
        count, at = len(piece.rows), self.position.time
        seconds, order = at if at is not None else (int(time.time()), 1)
        values = transaction_values(seconds * 1000, order)
        rows = piece.rows
        assert isinstance(rows, DocumentRows)
        batch = piece.table.batch(
            ops="r" * count,
            rows=rows,
            transactions=(values,) * count,
            seq=range(count),
            clock_ns=time.time_ns(),
            size=piece.size,
        )
        return replace(batch, source=self.collections.block(piece.table.id, "true"))


def _add(piece: Piece[Collection], data: bytes, key: bytes) -> None:
    rows = piece.rows
    assert isinstance(rows, DocumentRows)
    rows.before.append(None)
    rows.after.append(data)
    rows.keys.append(key)
    rows.updates.append(None)
    piece.size += len(data)
