"""Source offsets as Kafka Connect stores them.

Key: `["<connector>",{partition}]`, value: `{offset}`, compact JSON (JsonConverter with
schemas.enable=false); see OffsetStorageWriter and kafka-connect's offset topic. Records are looked
up by parsed value, because Java writes partition maps in HashMap order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cdc.batch import Offset, Offsets
from cdc.java_hash import grown, hash_order


def encode_key(connector: str, partition: Mapping[str, Any]) -> bytes:
    """Return the record key of a source partition."""
    return _dump([connector, dict(_java_order(partition))])


def encode_offset(offset: Offset | None) -> bytes | None:
    """Return the record value of an offset; None is a tombstone."""
    return None if offset is None else _dump(offset)


def decode_key(key: bytes) -> tuple[str, Mapping[str, Any]] | None:
    """Return connector and partition, or None for a key that is not an offset's."""
    try:
        connector, partition = json.loads(key)
    except ValueError:
        return None
    return (connector, partition) if isinstance(partition, dict) else None


def decode_offset(value: bytes) -> Offset:
    """Return the offset of a record value."""
    offset: Offset = json.loads(value)
    return offset


def encode(connector: str, offsets: Offsets) -> dict[bytes, bytes | None]:
    """Return the records that store `offsets`."""
    return {encode_key(connector, partition): encode_offset(offset) for partition, offset in offsets}


def of_connector(
    connector: str, records: Iterable[tuple[bytes, bytes]]
) -> list[tuple[Mapping[str, Any], Offset]]:
    """Return the (partition, offset) pairs that belong to a connector."""
    found = []
    for key, value in records:
        decoded = decode_key(key)
        if decoded is not None and decoded[0] == connector:
            found.append((decoded[1], decode_offset(value)))
    return found


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _java_order(partition: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Order entries as java.util.HashMap iterates them, so that keys are byte-equal to Connect's."""
    return [(name, partition[name]) for name in hash_order(partition, grown(len(partition)))]
