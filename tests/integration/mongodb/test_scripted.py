"""What a real server does and the one of the tests does not, on the scripted one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bson
import pymongo
import pytest

from cdc.errors import PositionLost, UnsupportedValue
from cdc.sources.mongodb.client import connect, translated
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.tokens import ClusterTime, cluster_time
from tests.servers.scripted_mongo import HANG_UP, TOO_LARGE, ScriptedMongo, event_token


def event(number: int, **more: Any) -> dict[str, Any]:
    oid = bson.ObjectId(f"{number:024x}")
    return {
        "_id": event_token(1_700_000_000 + number, 1, oid),
        "operationType": "insert",
        "clusterTime": bson.Timestamp(1_700_000_000 + number, 1),
        "ns": {"db": "db", "coll": "c"},
        "documentKey": {"_id": oid},
        "fullDocument": {"_id": oid, "n": number},
        **more,
    }


def config(node: ScriptedMongo) -> MongoConfig:
    return MongoConfig(
        {"mongodb.connection.string": f"{node.url}&heartbeatFrequencyMS=500", "topic.prefix": "p"}
    )


@contextmanager
def watch(node: ScriptedMongo, **options: Any) -> Iterator[Any]:
    url = f"{node.url}&heartbeatFrequencyMS=500"
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(url, serverSelectionTimeoutMS=5000)
    with client, client.watch(max_await_time_ms=200, **options) as stream:
        yield stream


def numbers(stream: Any, count: int) -> list[int]:
    found: list[int] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        if (change := stream.try_next()) is not None:
            found.append(change["fullDocument"]["n"])
    assert stream.try_next() is None
    return found


def test_events_and_tokens(nodes: list[ScriptedMongo]) -> None:
    primary = nodes[0]
    with watch(primary) as stream:
        primary.oplog.add(event(1), event(2))
        assert numbers(stream, 2) == [1, 2]
        assert cluster_time(bson.encode(stream.resume_token)) == ClusterTime(1_700_000_003, 0)
    with watch(primary, resume_after=primary.oplog.events[0]["_id"]) as stream:
        assert numbers(stream, 1) == [2]


def test_an_election_goes_unnoticed(nodes: list[ScriptedMongo]) -> None:
    old, new = nodes
    with watch(old) as stream:
        old.oplog.add(event(1))
        assert numbers(stream, 1) == [1]
        old.step_down(new)
        old.oplog.add(event(2))
        assert numbers(stream, 1) == [2]
    assert any("aggregate" in command for command in new.seen)


def test_a_cut_connection_goes_unnoticed(nodes: list[ScriptedMongo]) -> None:
    primary = nodes[0]
    with watch(primary) as stream:
        primary.fail("getMore", HANG_UP)
        primary.oplog.add(event(1))
        assert numbers(stream, 1) == [1]


def test_a_start_before_the_oplog_is_lost(nodes: list[ScriptedMongo]) -> None:
    primary = nodes[0]
    primary.oplog.forgotten = bson.Timestamp(1_700_000_000, 0)
    found = config(primary)
    early = bson.Timestamp(1_600_000_000, 1)
    with pytest.raises(PositionLost, match="when_needed"), connect(found) as client, translated(found):
        client.watch(start_at_operation_time=early)


def test_an_event_that_is_too_large_names_the_option(nodes: list[ScriptedMongo]) -> None:
    primary = nodes[0]
    found = config(primary)
    with connect(found) as client, client.watch(max_await_time_ms=100) as stream:
        primary.fail("getMore", TOO_LARGE)
        hint = r"cursor\.oversize\.handling\.mode=split"
        with pytest.raises(UnsupportedValue, match=hint), translated(found):
            stream.try_next()


def test_stored_post_images_are_those_of_the_change(nodes: list[ScriptedMongo]) -> None:
    primary = nodes[0]
    with watch(primary, full_document="whenAvailable") as stream:
        primary.oplog.add(
            event(1, operationType="update"), event(1, operationType="delete", fullDocument=None)
        )
        assert stream.try_next()["fullDocument"]["n"] == 1
        assert stream.try_next()["fullDocument"] is None
    (asked,) = (command for command in primary.seen if "aggregate" in command)
    assert asked["pipeline"][0]["$changeStream"]["fullDocument"] == "whenAvailable"
