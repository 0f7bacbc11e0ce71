"""Snapshots of collections: which, when, and that a cut one goes on."""

import json
from collections.abc import Iterator
from typing import Any

import bson
import pytest

from cdc.metrics import Metrics
from cdc.plugin import SourceContext
from cdc.sources.mongodb import MongoConfig, MongoSource
from tests.integration.mongodb.capture import MongoCapture, database
from tests.servers.mongodb import MongoServer

IDS: list[Any] = [
    None,
    -1,
    bson.Int64(2),
    2.5,
    bson.Decimal128("3"),
    "a",
    "é",
    {"k": 1},
    b"x",
    bson.ObjectId(),
    False,
    True,
    bson.Timestamp(1, 1),
    bson.MinKey(),
    bson.MaxKey(),
]


@pytest.fixture
def db(mongodb: MongoServer) -> Iterator[Any]:
    with database(mongodb) as found:
        yield found


def markers(found: MongoCapture) -> list[str]:
    return [event.value["source"]["snapshot"] for event in found.events(ops="r")]


def test_then_the_stream(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_many({"_id": n} for n in range(3))
    db.d.insert_many({"_id": n} for n in range(2))
    db.create_collection("empty")
    db.create_collection("view", viewOn="c", pipeline=[])
    found = MongoCapture(mongodb, db.name)
    with found.running():
        found.until(lambda: "initsync" not in found.stored)
        db.c.insert_one({"_id": 3})
        found.until(lambda: len(found.keys()) == 4)
    assert [(op, key) for op, key, _ in found.documents()] == [("r", 0), ("r", 1), ("r", 2), ("c", 3)]
    assert found.keys("d") == [0, 1]
    assert found.events("view") == found.events("empty") == []
    assert markers(found) == ["true"] * 4 + ["last"]
    assert found.progress() == {}
    with found.running():
        db.c.insert_one({"_id": 4})
        found.until(lambda: found.keys() == [0, 1, 2, 3, 4])


def test_any_id(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_many({"_id": one} for one in IDS)
    found = MongoCapture(mongodb, db.name, snapshot_mode="initial_only")
    found.finish()
    whole = [event.key["id"] for event in found.events("c")]
    assert len(set(whole)) == len(IDS)
    for cut in range(1, len(IDS)):
        again = MongoCapture(mongodb, db.name, snapshot_mode="initial_only", snapshot_fetch_size="1")
        polls = iter(range(cut + 1))
        _cut_into_pieces(again).run(lambda polls=polls: next(polls, None) is None)
        read = len(again.events("c"))
        again.finish()
        assert [event.key["id"] for event in again.events("c")] == whole
        assert read <= cut


def _cut_into_pieces(found: MongoCapture) -> Any:
    return found.task()


def test_a_cut_snapshot_goes_on_where_it_was(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_many({"_id": n, "text": "x" * 100_000} for n in range(100))
    found = MongoCapture(mongodb, db.name)
    polls = iter(range(6))
    found.task().run(lambda: next(polls, None) is None)
    before = len(found.keys())
    assert 10 <= before < 90
    assert found.stored["initsync"]
    (progress,) = found.progress().values()
    assert progress["rows"] == before
    db.c.insert_one({"_id": -1})
    db.c.update_one({"_id": 0}, {"$set": {"text": "new"}})
    with found.running():
        found.until(lambda: len(found.keys()) == 102)
    assert found.keys(ops="r") == list(range(100))
    assert sorted(found.keys(ops="cu")) == [-1, 0]


def test_modes(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_one({"_id": 1})
    found = MongoCapture(mongodb, db.name, snapshot_mode="initial_only")
    found.finish()
    found.finish()
    assert found.keys() == [1]
    with found.running(snapshot_mode="always"):
        found.until(lambda: found.keys() == [1, 1])
    with found.running(snapshot_mode="never"):
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [1, 1, 2])
    configured = MongoCapture(
        mongodb,
        db.name,
        snapshot_mode="configuration_based",
        snapshot_mode_configuration_based_snapshot_data="true",
    )
    configured.finish()
    assert configured.keys() == [1, 2]


def test_several_at_a_time(mongodb: MongoServer, db: Any) -> None:
    names = [f"c{n}" for n in range(5)]
    for name in names:
        db[name].insert_many({"_id": n, "text": "x" * 1000} for n in range(300))
    found = MongoCapture(
        mongodb, db.name, snapshot_mode="initial_only", snapshot_max_threads="3", snapshot_fetch_size="50"
    )
    polls = iter(range(8))
    found.task().run(lambda: next(polls, None) is None)
    begun = [name for name in names if found.keys(name)]
    assert len(begun) == 3
    found.finish()
    for name in names:
        assert found.keys(name) == list(range(300))
    assert markers(found).count("last") == 1


def test_parts(mongodb: MongoServer, db: Any) -> None:
    for name in ("a", "b", "c"):
        db[name].insert_many({"_id": n} for n in range(4))
    found = MongoCapture(
        mongodb,
        db.name,
        snapshot_mode="initial_only",
        snapshot_include_collection_list=f"{db.name}[.][ab]",
        snapshot_collection_filter_overrides=f"{db.name}.b",
        **{f"snapshot.collection.filter.overrides.{db.name}.b": json.dumps({"_id": {"$gt": 1}})},
    )
    found.finish()
    assert (found.keys("a"), found.keys("b"), found.keys("c")) == ([0, 1, 2, 3], [2, 3], [])


def test_what_is_refused_does_not_pile_up(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_many({"_id": n, "old": 1, "new": 2} for n in range(100))
    options = {
        "event.processing.failure.handling.mode": "skip",
        "errors.deadletterqueue.topic.name": "letters",
        "field.renames": f"{db.name}.c.old:new",
        "snapshot.fetch.size": "10",
    }
    source = MongoSource(MongoConfig(MongoCapture(mongodb, db.name, **options).options))
    nothing: Any = lambda *_: ()  # noqa: E731
    source.open(SourceContext("c", 0, nothing, nothing, Metrics(), nothing))
    windows = [source.read(1 << 20, 0.1) for _ in range(16)]
    source.close()
    letters = [len(letter) for window in windows if window is not None for letter in window.letters]
    assert sum(letters) == 100
    assert max(letters) <= 20
