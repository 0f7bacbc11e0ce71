"""A connector as MongoDB's own is configured, in this process, from a server into a log in memory."""

from __future__ import annotations

import json
from typing import Any

from cdc import offsets
from cdc.plugin import Log
from tests.integration.capture import NAME, ConnectorCapture
from tests.servers.mongodb import MongoServer


class MongoKafkaCapture(ConnectorCapture):
    """One connector on one database of its own; records are text."""

    def __init__(self, server: MongoServer, database: str, log: Log | None = None, **options: str):
        self.schema = database
        self.partition = {"ns": f"mongodb://{server.host}:{server.port}/{database}"}
        given = {
            "connector.class": "com.mongodb.kafka.connect.MongoSourceConnector",
            "connection.uri": server.url(),
            "database": database,
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        }
        super().__init__(given | {name.replace("_", "."): value for name, value in options.items()}, log)
        del self.options["extended.headers.enabled"]

    def records(self, collection: str = "c") -> list[tuple[Any, Any]]:
        """Return `_id` and value of a collection's records."""
        return [(event.key["_id"], event.value) for event in self.topic(f"p.{self.schema}.{collection}")]

    def keys(self, collection: str = "c") -> list[Any]:
        """Return the `_id` of a collection's records."""
        return [key for key, _ in self.records(collection)]

    @property
    def stored(self) -> dict[str, Any] | None:
        """The connector's own offset."""
        return self.offset(self.partition)

    def store(self, offset: dict[str, Any]) -> None:
        """Store an offset of the connector's own."""
        key = offsets.encode_key(NAME, self.partition)
        self.log.state("offsets").put(key, offsets.encode_offset(offset))

    @property
    def token(self) -> Any:
        """The resume token of the offset."""
        assert self.stored is not None
        return json.loads(self.stored["_id"])
