"""A MongoDB source in this process, from a server into a log in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cdc import offsets
from cdc.plugin import Log
from tests.integration.capture import NAME, ConnectorCapture
from tests.servers.mongodb import MongoServer


class MongoCapture(ConnectorCapture):
    """One connector on one database of its own, unless the options say what it captures."""

    def __init__(self, server: MongoServer, database: str, log: Log | None = None, **options: str):
        self.schema = database
        self.partition = {"server_id": self.prefix}
        given = {n if "." in n else n.replace("_", "."): value for n, value in options.items()}
        scope = (
            {}
            if given.keys() & {"collection.include.list", "capture.scope"}
            else {"database.include.list": database}
        )
        connection = {"connector.class": "mongodb", "mongodb.connection.string": server.url()}
        super().__init__({**connection, **scope, **given}, log)

    def documents(self, collection: str = "c", ops: str = "rcud") -> list[tuple[str, Any, Any]]:
        """Return (op, `_id`, document) of a collection's events, parsed; no document: None."""
        return [
            (e.op, json.loads(e.key["id"]), e.value["after"] and json.loads(e.value["after"]))
            for e in self.events(collection, ops)
        ]

    def keys(self, collection: str = "c", ops: str = "rcud") -> list[Any]:
        """Return the `_id` of a collection's events."""
        return [key for _, key, _ in self.documents(collection, ops)]

    @property
    def stored(self) -> dict[str, Any]:
        """The connector's own offset."""
        found = self.offset(self.partition)
        assert found is not None
        return found

    def store(self, offset: dict[str, Any] | None) -> None:
        """Store an offset of the connector's own."""
        key = offsets.encode_key(NAME, self.partition)
        self.log.state("offsets").put(key, offsets.encode_offset(offset))


@contextmanager
def database(server: MongoServer) -> Iterator[Any]:
    """Yield a database of its own that is dropped at the end."""
    with server.client() as client:
        name = server.database_name()
        yield client[name]
        client.drop_database(name)
