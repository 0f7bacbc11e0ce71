"""Source partitions and offsets: mongo-kafka's, so that its own are resumed from, and it from ours.

`{"ns": "mongodb://host:port/database.collection"}` and `{"_id": <resume token as JSON>}`, with
`"copy": "true"` while collections are copied, and `"HEARTBEAT": "true"` of a heartbeat.
"""

from __future__ import annotations

import json
from urllib.parse import unquote

from cdc.batch import Offset
from cdc.errors import PositionLost
from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.elements import find
from cdc.sources.mongodb.mongo_kafka.config import MongoKafkaConfig

_ID, _COPY, _HEARTBEAT = "_id", "copy", "HEARTBEAT"
_write = ejson.writer(ejson.UPDATED_FIELDS)


def token_text(token: bytes) -> str:
    """Return a resume token as JSON."""
    return _write(token)


def source_partition(config: MongoKafkaConfig) -> dict[str, str]:
    """Return the source partition of a connector; hosts as the Java driver has them: in order."""
    if config.offset_partition_name:
        return {"ns": config.offset_partition_name}
    scheme, _, rest = config.address.partition("://")
    hosts = unquote(rest.partition("?")[0].partition("/")[0].rpartition("@")[2])
    collection = f".{config.collection}" if config.collection else ""
    return {"ns": f"{scheme}://{','.join(sorted(hosts.split(',')))}/{config.database}{collection}"}


def offset_of(token: bytes, *, copying: bool = False, heartbeat: bool = False) -> dict[str, str]:
    """Return the offset of a place in the change stream."""
    found = {_ID: token_text(token)}
    if copying:
        found[_COPY] = "true"
    return found | ({_HEARTBEAT: "true"} if heartbeat else {})


def is_copying(offset: Offset) -> bool:
    """Whether an offset was stored while collections were copied."""
    return _COPY in offset


def token_of(offset: Offset) -> bytes | None:
    """Return the token of an offset; None where it is a document's `_id` (mongo-kafka, while it copies).

    Raises PositionLost for text that is no document.
    """
    from bson import BSON, json_util

    text = str(offset.get(_ID))
    try:
        token = bytes(BSON.encode(json_util.loads(text)))
    except (ValueError, TypeError, json.JSONDecodeError):
        raise PositionLost(
            f"The resume token of the offset cannot be read: {text[:60]!r}",
            hint="set a new offset.partition.name, or delete the connector's offsets",
        ) from None
    return token if find(token, b"_data") is not None else None
