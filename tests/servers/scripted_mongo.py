"""MongoDB's wire protocol, answering what it is told to: for what SecantusDB does otherwise than mongod.

That is stored post-images, events above 16 MB, elections, starts before the oplog, and the format of
tokens. Replies are those that MongoDB's documentation and error_codes.yml describe. Only change streams
are spoken, on OP_MSG; and OP_QUERY, with which drivers shake hands.
https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md
"""

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import bson

from tests.servers.process import free_port

Document = dict[str, Any]
REPLICA_SET: Final = "rs0"

_QUERY, _REPLY, _MESSAGE = 2004, 1, 2013
_HEADER = struct.Struct("<iiii")

HISTORY_LOST: Final[Document] = {
    "ok": 0.0,
    "code": 286,
    "codeName": "ChangeStreamHistoryLost",
    "errmsg": "PlanExecutor error during aggregation :: caused by :: Resume of change stream was not "
    "possible, as the resume point may no longer be in the oplog.",
    "errorLabels": ["NonResumableChangeStreamError"],
}
TOO_LARGE: Final[Document] = {
    "ok": 0.0,
    "code": 10334,
    "codeName": "BSONObjectTooLarge",
    "errmsg": "PlanExecutor error during aggregation :: caused by :: BSONObj size: 33554925 (0x20001AD) is "
    'invalid. Size must be between 0 and 16793600(16MB) First element: _id: { _data: "82…" }',
}
STEPPED_DOWN: Final[Document] = {
    "ok": 0.0,
    "code": 189,
    "codeName": "PrimarySteppedDown",
    "errmsg": "operation was interrupted",
    "errorLabels": ["ResumableChangeStreamError"],
}
NOT_PRIMARY: Final[Document] = {
    "ok": 0.0,
    "code": 13435,
    "codeName": "NotPrimaryNoSecondaryOk",
    "errmsg": "not primary and secondaryOk=false",
    "topologyVersion": None,
}
CURSOR_NOT_FOUND: Final[Document] = {
    "ok": 0.0,
    "code": 43,
    "codeName": "CursorNotFound",
    "errmsg": "cursor id 1 not found",
    "errorLabels": ["ResumableChangeStreamError"],
}
_LOST: Final = -1
HANG_UP: Final[Document] = {}
"""Instead of a reply: the connection ends."""


def high_water(seconds: int, order: int = 0) -> Document:
    """Return the token of a place between events, as mongod makes it."""
    return {"_data": f"82{seconds:08X}{order:08X}2B0229296E04"}


def event_token(seconds: int, order: int, oid: bson.ObjectId, collection: bytes = bytes(16)) -> Document:
    """Return the token of an event on a document with this `_id`."""
    key = f"46645F69640064{str(oid).upper()}0004"
    return {"_data": f"82{seconds:08X}{order:08X}2B022C0100296E5A1004{collection.hex().upper()}{key}"}


@dataclass
class Oplog:
    """The events that change streams give, oldest first, and where the oplog begins.

    forgotten: the cluster time before which nothing can be resumed.
    """

    events: list[Document] = field(default_factory=list)
    forgotten: bson.Timestamp = field(default_factory=lambda: bson.Timestamp(0, 0))
    grown: threading.Condition = field(default_factory=threading.Condition)

    def add(self, *events: Document) -> None:
        """Let streams see more events."""
        with self.grown:
            self.events.extend(events)
            self.grown.notify_all()

    def place(self, stage: Mapping[str, Any]) -> int | None:
        """Return the index that a `$changeStream` starts at; None where that is forgotten."""
        token = stage.get("resumeAfter") or stage.get("startAfter")
        if token is None:
            start = stage.get("startAtOperationTime")
            if start is None:
                return len(self.events)
            return None if start < self.forgotten else self._index(f"82{start.time:08X}{start.inc:08X}")
        data = token["_data"]
        time = bson.Timestamp(int(data[2:10], 16), int(data[10:18], 16))
        return None if time < self.forgotten else self._index(data, after=True)

    def _index(self, data: str, *, after: bool = False) -> int:
        tokens = [event["_id"]["_data"] for event in self.events]
        return sum(1 for token in tokens if token < data or (after and token == data))


class ScriptedMongo:
    """One node of a replica set; all nodes share their oplog and know each other.

    seen: the commands that came, but for those of monitoring.
    """

    host = "127.0.0.1"

    def __init__(self, oplog: Oplog, version: tuple[int, int, int] = (7, 0, 14)) -> None:
        self.port = free_port()
        self.oplog, self.version = oplog, version
        self.members: Sequence[ScriptedMongo] = [self]
        self.primary, self.term = True, 1
        self.seen: list[Document] = []
        self._faults: dict[str, list[Document]] = {}
        self._cursors: dict[int, int] = {}
        self._server = _Listener((self.host, self.port), self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """Return `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the connection string of the replica set."""
        return f"mongodb://{','.join(member.address for member in self.members)}/?replicaSet={REPLICA_SET}"

    def close(self) -> None:
        """Stop listening and hang up."""
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()

    def fail(self, command: str, *replies: Document) -> None:
        """Answer the next commands of that name so, or hang up."""
        self._faults.setdefault(command, []).extend(replies)

    def step_down(self, successor: "ScriptedMongo") -> None:
        """Let another node be primary, as an election does: cursors end, connections stay."""
        successor.term = self.term + 1
        self.primary, successor.primary = False, True
        self._cursors.clear()
        self.fail("getMore", STEPPED_DOWN)
        with self.oplog.grown:
            self.oplog.grown.notify_all()

    def answer(self, command: Document) -> Document | None:
        """Return the reply to a command; None hangs up."""
        name = next(iter(command))
        if name.lower() in ("hello", "ismaster"):
            return self._hello()
        self.seen.append(command)
        if faults := self._faults.get(name):
            return faults.pop(0) or None
        reply: Document
        match name:
            case "aggregate" | "getMore" if not self.primary:
                reply = NOT_PRIMARY
            case "aggregate":
                reply = self._aggregate(command)
            case "getMore":
                reply = self._get_more(command)
            case "listDatabases":
                reply = {"ok": 1.0, "databases": []}
            case "buildInfo":
                version = [*self.version, 0]
                reply = {"ok": 1.0, "version": ".".join(map(str, self.version)), "versionArray": version}
            case _:
                reply = {"ok": 1.0}
        return {**reply, "operationTime": bson.Timestamp(self._now(), 1)}

    def _hello(self) -> Document:
        primary = next((member.address for member in self.members if member.primary), None)
        return {
            "ok": 1.0,
            "helloOk": True,
            "isWritablePrimary": self.primary,
            "ismaster": self.primary,
            "secondary": not self.primary,
            "setName": REPLICA_SET,
            "setVersion": 1,
            "electionId": bson.ObjectId(f"7fffffff{self.term:016x}") if self.primary else None,
            "hosts": [member.address for member in self.members],
            "primary": primary,
            "me": self.address,
            "maxBsonObjectSize": 16777216,
            "maxMessageSizeBytes": 48000000,
            "maxWriteBatchSize": 100000,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "logicalSessionTimeoutMinutes": 30,
        }

    def _aggregate(self, command: Document) -> Document:
        place = self.oplog.place(command["pipeline"][0]["$changeStream"])
        if place is None:
            if command["cursor"].get("batchSize", 101):
                return HISTORY_LOST
            place = _LOST  # a server looks at the oplog when it is asked for events
        cursor = len(self._cursors) + 1
        self._cursors[cursor] = place
        return self._batch(command, cursor, "firstBatch", [])

    def _get_more(self, command: Document) -> Document:
        cursor = int(command["getMore"])
        if cursor not in self._cursors:
            return CURSOR_NOT_FOUND
        if self._cursors[cursor] == _LOST:
            return HISTORY_LOST
        deadline = time.monotonic() + command.get("maxTimeMS", 1000) / 1000
        with self.oplog.grown:
            while cursor in self._cursors and len(self.oplog.events) <= self._cursors[cursor]:
                if (left := deadline - time.monotonic()) <= 0:
                    break
                self.oplog.grown.wait(left)
            place = self._cursors.get(cursor)
            if place is None:
                return self._faults.get("getMore", [STEPPED_DOWN]).pop(0)
            events = self.oplog.events[place : place + command.get("batchSize", 1000)]
            self._cursors[cursor] = place + len(events)
        return self._batch(command, cursor, "nextBatch", events)

    def _batch(self, command: Document, cursor: int, name: str, events: list[Document]) -> Document:
        token = events[-1]["_id"] if events else high_water(self._now() + 1)
        namespace = f"{command['$db']}.$cmd.aggregate"
        found = {"id": bson.Int64(cursor), "ns": namespace, name: events, "postBatchResumeToken": token}
        return {"ok": 1.0, "cursor": found}

    def _now(self) -> int:
        return int(self.oplog.events[-1]["clusterTime"].time) if self.oplog.events else 1_700_000_000


def replica_set(size: int, oplog: Oplog | None = None) -> list[ScriptedMongo]:
    """Return the nodes of a replica set, the primary first."""
    shared = oplog or Oplog()
    nodes = [ScriptedMongo(shared) for _ in range(size)]
    for node in nodes:
        node.members = nodes
        node.primary = node is nodes[0]
    return nodes


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], node: ScriptedMongo) -> None:
        self.node = node
        self.open: set[socket.socket] = set()
        super().__init__(address, _Conversation)

    def hang_up(self) -> None:
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class _Conversation(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        self.server.open.add(self.connection)
        try:
            while header := self.rfile.read(_HEADER.size):
                size, request, _, code = _HEADER.unpack(header)
                body = self.rfile.read(size - _HEADER.size)
                reply = self.server.node.answer(_command(code, body))
                if reply is None:
                    return
                self.wfile.write(_reply(code, request, {k: v for k, v in reply.items() if v is not None}))
        except OSError:
            pass
        finally:
            self.server.open.discard(self.connection)


def _command(code: int, body: bytes) -> Document:
    if code == _MESSAGE:
        return bson.decode(body[5 : 5 + struct.unpack_from("<i", body, 5)[0]])
    at = body.index(0, 4) + 9  # flags, name, what to skip and to return
    return bson.decode(body[at : at + struct.unpack_from("<i", body, at)[0]])


def _reply(code: int, request: int, document: Document) -> bytes:
    if code == _MESSAGE:
        body, answer = struct.pack("<IB", 0, 0), _MESSAGE
    else:
        body, answer = struct.pack("<iqii", 8, 0, 0, 1), _REPLY
    body += bson.encode(document)
    return _HEADER.pack(_HEADER.size + len(body), 1, request, answer) + body


class ScriptedServer:
    """A scripted replica set as the captures know a server."""

    host, port = "127.0.0.1", 1

    def __init__(self, nodes: list[ScriptedMongo]) -> None:
        self._nodes = nodes

    def url(self) -> str:
        """Return the connection string."""
        return f"{self._nodes[0].url}&heartbeatFrequencyMS=500"
