"""A change stream as raw batches: the cursor behind `$changeStream`, opened again where that helps.

https://github.com/mongodb/specifications/blob/master/source/change-streams/change-streams.md
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cdc.errors import ConnectionFailed
from cdc.metrics import Metrics
from cdc.sources.mongodb.client import Deployment, run
from cdc.sources.mongodb.elements import documents, members
from cdc.sources.mongodb.oversize import SPLIT_STAGE
from cdc.sources.mongodb.positions import Position
from cdc.sources.mongodb.tokens import ClusterTime

if TYPE_CHECKING:
    from bson.raw_bson import RawBSONDocument
    from pymongo import MongoClient

log = logging.getLogger(__name__)

_DISCONNECTS, _ELECTIONS = "NumberOfDisconnects", "NumberOfPrimaryElections"
_NAMES = {
    "full_document": "fullDocument",
    "full_document_before_change": "fullDocumentBeforeChange",
    "start_after": "startAfter",
    "start_at_operation_time": "startAtOperationTime",
}


@dataclass(frozen=True, slots=True)
class Batch:
    """An answer of the server.

    data: the array of events, as BSON. places: where each begins and ends. token: where the stream is
    behind it; empty when the server does not say. time: of the server's last operation.
    """

    data: bytes
    places: list[tuple[int, int]]
    token: bytes
    time: ClusterTime | None


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a change stream is opened on, and what its events hold.

    database: `admin` for the whole deployment. options: of `$changeStream`, as pymongo's `watch` or the
    server names them. stages: behind it. command: more of `aggregate`. batch_size: events in an answer at
    most. await_ms: how long the server may wait. 0 leaves these to the server, and the reader.
    """

    database: str = "admin"
    collection: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    stages: Sequence[Mapping[str, Any]] = ()
    command: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = 0
    await_ms: int = 0


class ChangeStream:
    """Read changes from a position on."""

    def __init__(
        self,
        client: MongoClient[RawBSONDocument],
        deployment: Deployment,
        request: StreamRequest,
        metrics: Metrics | None = None,
    ) -> None:
        self._client, self._deployment, self._request = client, deployment, request
        self._metrics = metrics or Metrics()
        for name in (_DISCONNECTS, _ELECTIONS):
            self._metrics.set(name, 0)
        self._session: Any = None
        self._primary: Any = None
        self._cursor = 0
        self._namespace = ""
        self._position = Position()

    def verify(self, position: Position) -> None:
        """Have the server find a position in the oplog; raises PositionLost.

        It looks only for somebody who wants an event: `open` asks for none.
        """
        stages = ({"$project": {"_id": 1}}, *(one for one in self._request.stages if SPLIT_STAGE in one))
        request = replace(self._request, options={}, stages=stages)
        probe = ChangeStream(self._client, self._deployment, request)
        try:
            probe.open(position, events=1)
        finally:
            probe.close()

    def open(self, position: Position, events: int = 0) -> Batch:
        """Start behind a position, or now; return where that is, with so many events at most.

        Raises PositionLost for a token that is none; see `verify`.
        """
        self.close()
        self._position = position
        self._session = self._client.start_session(causal_consistency=False)
        command: dict[str, Any] = {
            "aggregate": self._request.collection or 1,
            "pipeline": [{"$changeStream": self._stage(position)}, *self._request.stages],
            # Without events an answer at once: where the stream stands.
            "cursor": {"batchSize": events},
            **self._request.command,
        }
        batch = self._run(command, b"firstBatch")
        self._primary = self._client.primary
        return batch

    def next(self, wait: float) -> Batch:
        """Return the next events, after `wait` seconds at most; opened anew after what is transient."""
        if not self._cursor:
            self.open(self._position)
        try:
            return self._more(wait)
        except ConnectionFailed as error:
            log.warning("%s; the change stream is opened again where it was", error.message)
            self._cursor = 0
            self._again()
            return self._more(wait)

    def _again(self) -> None:
        before = self._primary
        self._metrics.add(_DISCONNECTS)
        self.open(self._position)
        if self._primary != before:
            self._metrics.add(_ELECTIONS)

    def _more(self, wait: float) -> Batch:
        wait_ms = max(int(wait * 1000), 1)
        if self._request.await_ms:
            wait_ms = min(wait_ms, self._request.await_ms)
        command = {"getMore": _long(self._cursor), "collection": self._namespace, "maxTimeMS": wait_ms}
        if self._request.batch_size:
            command["batchSize"] = self._request.batch_size
        return self._run(command, b"nextBatch")

    def close(self) -> None:
        """Give the cursor back to the server."""
        session, self._session = self._session, None
        cursor, self._cursor = self._cursor, 0
        if session is None:
            return
        try:
            if cursor:
                kill = {"killCursors": self._namespace, "cursors": [_long(cursor)]}
                self._client[self._request.database].command(kill, session=session)
        except Exception:
            log.debug("the cursor of the change stream was not closed", exc_info=True)
        finally:
            session.end_session()

    def _run(self, command: dict[str, Any], name: bytes) -> Batch:
        reply = run(self._client, self._deployment, self._request.database, command, self._session)
        batch = self._read(reply, name)
        self._follow(batch)
        return batch

    def _read(self, data: bytes, name: bytes) -> Batch:
        found = members(data)
        start, stop = found[b"cursor"]
        cursor = data[start:stop]
        inside = members(cursor)
        at, end = inside[name]
        events = cursor[at:end]
        at, end = inside.get(b"postBatchResumeToken", (0, 0))
        token = cursor[at:end]
        at, end = inside[b"id"]
        self._cursor = int.from_bytes(cursor[at:end], "little", signed=True)
        at, end = inside[b"ns"]
        self._namespace = cursor[at + 4 : end - 1].decode().partition(".")[2]
        at, end = found.get(b"operationTime", (0, 0))
        time = ClusterTime(*_time(data[at:end])) if end else None
        return Batch(events, documents(events), token, time)

    def _follow(self, batch: Batch) -> None:
        """Remember where to open again; the server's token is behind the batch, else the last event's is."""
        token = batch.token
        if not token and batch.places:
            start, stop = batch.places[-1]
            event = batch.data[start:stop]
            at, end = members(event)[b"_id"]
            token = event[at:end]
        if token:
            self._position = Position(token)

    def _stage(self, position: Position) -> dict[str, Any]:
        from bson import Timestamp
        from bson.raw_bson import RawBSONDocument

        request = self._request
        stage: dict[str, Any] = {} if request.database != "admin" else {"allChangesForCluster": True}
        for name, value in (*request.options.items(), *position.start.items()):
            if isinstance(value, ClusterTime):
                value = Timestamp(*value)
            stage[_NAMES.get(name, name)] = RawBSONDocument(value) if isinstance(value, bytes) else value
        return stage


def _time(data: bytes) -> tuple[int, int]:
    order, seconds = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
    return seconds, order


def _long(number: int) -> Any:
    from bson import Int64

    return Int64(number)
