"""Resume tokens and offsets in Debezium's form."""

import json
from base64 import b64encode
from typing import Any

import bson
import pytest

from cdc.errors import PositionLost
from cdc.sources.mongodb.positions import Position, in_snapshot, stored
from cdc.sources.mongodb.tokens import ClusterTime, cluster_time, from_offset, to_base64

# Of MongoDB 6.0: a high-water mark, and the token of an event.
HIGH_WATER = "8264BEB9F3000000012B0229296E04"
EVENT = (
    "82613E4D6A000000012B022C0100296E5A1004C9A5E0F6A8B14E4F9A7E6D5C4B3A291046645F69640064613E4D6A"
    "8D1F4B2E9C3A7D5E0004"
)


def token(data: str) -> bytes:
    return bson.encode({"_data": data})


def test_a_token_tells_its_cluster_time() -> None:
    assert cluster_time(token(HIGH_WATER)) == ClusterTime(0x64BEB9F3, 1)
    assert cluster_time(token(EVENT)) == ClusterTime(0x613E4D6A, 1)
    binary = bson.encode({"_data": bson.Binary(bytes.fromhex(HIGH_WATER)), "_typeBits": bson.Binary(b"@")})
    assert cluster_time(binary) == ClusterTime(0x64BEB9F3, 1)


@pytest.mark.parametrize(
    "document", [{"_data": "00"}, {"_data": "xy" * 10}, {"other": 1}, {"_data": 5}, {"_data": ""}, {}]
)
def test_a_token_of_another_kind_tells_nothing(document: Any) -> None:
    assert cluster_time(bson.encode(document)) is None


def test_a_token_is_stored_as_debezium_stores_it() -> None:
    text = "LwAAAAJfZGF0YQAfAAAAODI2NEJFQjlGMzAwMDAwMDAxMkIwMjI5Mjk2RTA0AAA="
    assert to_base64(token(HIGH_WATER)) == text
    assert from_offset(text) == token(HIGH_WATER)


def test_a_token_of_old_releases_is_its_bare_text() -> None:
    assert from_offset(HIGH_WATER) == token(HIGH_WATER)
    assert from_offset(EVENT) == token(EVENT)


@pytest.mark.parametrize("text", ["?", "AAAA====x", "hello world", b64encode(b"\x07\0\0\0\x63\0\0").decode()])
def test_what_is_no_token_is_an_error(text: str) -> None:
    with pytest.raises(PositionLost, match="cannot be read"):
        from_offset(text)


TEXT = to_base64(token(HIGH_WATER))


@pytest.mark.parametrize(
    "text",
    [
        f'{{"sec": 1690220019, "ord": 1, "resume_token": "{TEXT}"}}',
        f'{{"sec": -1, "ord": -1, "resume_token": "{TEXT}"}}',
        '{"sec": 1690220019, "ord": 7}',
        f'{{"sec": 1690220019, "ord": 3, "lsid": "{{}}", "txnNumber": 4, "resume_token": "{TEXT}"}}',
        '{"sec": -2147483648, "ord": -2}',
    ],
)
def test_an_offset_is_read_and_written_byte_for_byte(text: str) -> None:
    assert json.dumps(Position.of(json.loads(text)).offset()) == text


def test_java_integers_are_unsigned_times() -> None:
    position = Position.of({"sec": -2147483648, "ord": -2})
    assert position.time == ClusterTime(2**31, 2**32 - 2)


def test_an_unfinished_snapshot_is_told() -> None:
    position = Position(token(HIGH_WATER), ClusterTime(1690220019, 1))
    assert list(position.offset(snapshot=True)) == ["sec", "ord", "initsync", "resume_token"]
    assert in_snapshot(position.offset(snapshot=True))
    assert not in_snapshot(position.offset())


def test_how_to_resume() -> None:
    time = ClusterTime(1690220019, 1)
    assert Position(token(HIGH_WATER), time).start == {"start_after": token(HIGH_WATER)}
    assert Position(time=time).start == {"start_at_operation_time": time}
    assert Position().start == {}
    assert Position.of({"sec": 0, "ord": 0}).start == {}


def test_an_idle_stream_moves() -> None:
    before = Position(token(EVENT), ClusterTime(1, 1), lsid="{}", number=1)
    assert before.transaction_id == "{}:1"
    after = before.idle(token(HIGH_WATER))
    assert after == Position(token(HIGH_WATER), ClusterTime(0x64BEB9F3, 1))
    assert after.transaction_id is None


def test_offsets_of_former_releases_are_found() -> None:
    old, new = {"sec": 1, "ord": 1}, {"sec": 2, "ord": 1}
    assert stored([({"server_id": "p"}, new), ({"rs": "rs0", "server_id": "p"}, old)], "p") == new
    assert (
        stored([({"rs": "cluster", "server_id": "p"}, new), ({"rs": "a", "server_id": "p"}, old)], "p") == new
    )
    assert stored([({"rs": "a", "server_id": "p"}, new), ({"rs": "b", "server_id": "p"}, old)], "p") == old
    assert stored([({"server_id": "other"}, new), ({"server_id": "p"}, None)], "p") is None
