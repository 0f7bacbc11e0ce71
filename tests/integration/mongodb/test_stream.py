"""The change stream on a server: what comes, where it goes on, and what happens when it breaks."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cdc.errors import PositionLost
from cdc.sources.mongodb import MongoConfig, MongoSource
from tests.integration.capture import logged
from tests.integration.mongodb.capture import MongoCapture, database
from tests.servers.mongodb import MongoServer


@pytest.fixture
def db(mongodb: MongoServer) -> Iterator[Any]:
    with database(mongodb) as found:
        yield found


def capture(server: MongoServer, db: Any, **options: str) -> MongoCapture:
    return MongoCapture(server, db.name, **{"snapshot_mode": "no_data", **options})


def test_operations(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db)
    with found.running():
        db.c.insert_one({"_id": 1, "a": 1})
        found.until(lambda: len(found.documents()) == 1)
        db.c.update_one({"_id": 1}, {"$set": {"b": 2}})
        found.until(lambda: len(found.documents()) == 2)
        db.c.replace_one({"_id": 1}, {"c": 3})
        found.until(lambda: len(found.documents()) == 3)
        db.c.delete_one({"_id": 1})
        found.until(lambda: len(found.documents()) == 4)
    assert found.documents() == [
        ("c", 1, {"_id": 1, "a": 1}),
        ("u", 1, {"_id": 1, "a": 1, "b": 2}),
        ("u", 1, {"_id": 1, "c": 3}),
        ("d", 1, None),
    ]
    updates = [event.value["updateDescription"] for event in found.events("c")]
    assert updates[1] == {"removedFields": None, "updatedFields": '{"b": 2}', "truncatedArrays": None}
    assert updates[0] is updates[2] is updates[3] is None
    assert found.topic(f"p.{db.name}.c")[-1].value is None


def test_nothing_is_lost_between_runs(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db)
    with found.running():
        pass
    for run in range(3):
        db.c.insert_many({"_id": run * 100 + n} for n in range(100))
        with found.running():
            found.until(lambda run=run: len(found.keys()) >= (run + 1) * 100)
    assert found.keys() == list(range(300))


def test_offsets_are_debeziums(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db)
    with found.running():
        db.c.insert_one({"_id": 1})
        found.until(lambda: found.keys() == [1])
    offset = found.stored
    source = found.events("c")[0].value["source"]
    assert list(offset) == ["sec", "ord", "resume_token"]
    assert (offset["sec"] * 1000, offset["ord"]) == (source["ts_ms"] // 1000 * 1000, source["ord"])
    db.c.insert_one({"_id": 2})
    found.store({"sec": -1, "ord": -1, "resume_token": offset["resume_token"]})
    with found.running():
        found.until(lambda: found.keys() == [1, 2])


def test_an_idle_stream_moves_its_token(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db, heartbeat_interval_ms="200")
    with database(mongodb) as other, found.running():
        before = found.stored
        for number in range(20):
            other.c.insert_one({"_id": number})
        found.until(lambda: found.stored != before and len(found.topic("__debezium-heartbeat.p")) > 2)
        assert (found.stored["sec"] == -1) or found.stored["sec"] >= before["sec"]
    assert found.keys() == []


@pytest.mark.parametrize("mode", ["change_streams", "change_streams_with_pre_image"])
def test_capture_modes(mongodb: MongoServer, db: Any, mode: str) -> None:
    db.create_collection("c", changeStreamPreAndPostImages={"enabled": True})
    db.c.insert_one({"_id": 1, "n": 1})
    found = capture(mongodb, db, capture_mode=mode)
    with found.running():
        db.c.update_one({"_id": 1}, {"$set": {"n": 2}})
        db.c.delete_one({"_id": 1})
        found.until(lambda: len(found.keys()) == 2)
    update, delete = (event.value for event in found.events("c"))
    assert update["after"] is delete["after"] is None
    old = [value["before"] and json.loads(value["before"]) for value in (update, delete)]
    assert old == ([{"_id": 1, "n": 1}, {"_id": 1, "n": 2}] if "pre_image" in mode else [None, None])


def test_collections_without_images_are_named(mongodb: MongoServer, db: Any) -> None:
    db.create_collection("with", changeStreamPreAndPostImages={"enabled": True})
    db.create_collection("without")
    found = capture(mongodb, db, capture_mode="change_streams_with_pre_image")
    with logged() as messages, found.running():
        pass
    (message,) = messages
    assert message.startswith(f"{db.name}.without keeps no pre- and post-images")
    assert [*MongoSource.check(MongoConfig(found.options))] == messages


def test_an_old_config_runs_as_it_stands(mongodb: MongoServer, db: Any) -> None:
    options = {
        "collection.include.list": f"{db.name}.c",
        "mongodb.name": "connector",
        "mongodb.hosts": f"{mongodb.replica_set}/{mongodb.host}:{mongodb.port}",
        "capture.mode": "change_streams_update_full",
        "snapshot.mode": "never",
        "topic.prefix": "raw",
        "field.exclude.list": f"{db.name}.c._diff,{db.name}.c._dt",
        "producer.override.compression.type": "gzip",
        "tombstones.on.delete": "false",
        "tasks.max": "3",
    }
    found = MongoCapture(mongodb, db.name)
    found.prefix = "raw"
    del found.options["mongodb.connection.string"], found.options["database.include.list"]
    found.options |= options | {"connector.class": "io.debezium.connector.mongodb.MongoDbConnector"}
    with found.running():
        db.c.insert_one({"_id": 1, "a": 1, "_diff": 2, "_dt": 3})
        db.c.delete_one({"_id": 1})
        found.until(lambda: len(found.topic(f"raw.{db.name}.c")) == 2)
    assert found.documents() == [("c", 1, {"_id": 1, "a": 1}), ("d", 1, None)]


def test_transactions_are_numbered_over_restarts(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db, provide_transaction_metadata="true")
    with found.running():
        pass
    with db.client.start_session() as session, session.start_transaction():
        db.c.insert_many([{"_id": n, "text": "x" * 30_000} for n in range(8)], session=session)
        db.d.insert_one({"_id": 0}, session=session)
    db.c.insert_one({"_id": "alone"})
    task = found.task()
    task.max_bytes = 1
    polls = iter(range(4))
    task.run(lambda: next(polls, None) is None)
    assert 0 < len(found.keys()) < 8
    assert found.stored["transaction_data_collection_order_" + f"{db.name}.c"] == len(found.keys())
    with found.running():
        found.until(lambda: len(found.keys()) == 9 and len(found.topic("p.transaction")) == 2)
    begin, end = (marker.value for marker in found.topic("p.transaction"))
    assert (begin["status"], end["status"], end["event_count"]) == ("BEGIN", "END", 9)
    counts = {one["data_collection"]: one["event_count"] for one in end["data_collections"]}
    assert counts == {f"{db.name}.c": 8, f"{db.name}.d": 1}
    blocks = [event.value["transaction"] for event in found.events("c")]
    assert [block and block["total_order"] for block in blocks] == [*range(1, 9), None]
    assert {block["id"] for block in blocks if block} == {begin["id"]} == {end["id"]}


def test_collections_come_go_and_change_their_names(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db)
    with found.running():
        db.c.insert_one({"_id": 1})
        db.c.rename("d")
        db.d.insert_one({"_id": 2})
        db.d.drop()
        db.d.insert_one({"_id": 3})
        db.client.drop_database(db.name)
        db.c.insert_one({"_id": 4})
        found.until(lambda: found.keys() == [1, 4])
    assert found.keys("d") == [2, 3]


def test_a_stream_of_a_dropped_collection_goes_on_with_the_next_of_its_name(
    mongodb: MongoServer, db: Any
) -> None:
    db.c.insert_one({"_id": 0})
    found = capture(mongodb, db, capture_scope="collection", capture_target=f"{db.name}.c")
    with found.running():
        db.c.insert_one({"_id": 1})
        found.until(lambda: found.keys() == [1])
        db.c.drop()
        time.sleep(1)
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [1, 2])
    db.c.drop()
    db.c.insert_one({"_id": 3})
    with found.running():
        found.until(lambda: found.keys() == [1, 2, 3])


@pytest.mark.parametrize(
    "fault",
    [
        {"closeConnection": True},
        {"errorCode": 43},
        {"errorCode": 189, "errorLabels": ["ResumableChangeStreamError"]},
    ],
    ids=str,
)
def test_what_is_transient_is_not_noticed(mongodb: MongoServer, db: Any, fault: dict[str, Any]) -> None:
    found = capture(mongodb, db)
    with found.running(), logged() as messages:
        db.c.insert_one({"_id": 1})
        found.until(lambda: found.keys() == [1])
        mongodb.fail(["getMore"], times=1, **fault)
        found.until(lambda: messages)
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [1, 2])
    assert "opened again where it was" in messages[0]


def test_the_server_restarts(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db)
    with found.running():
        db.c.insert_one({"_id": 1})
        found.until(lambda: found.keys() == [1])
        mongodb.kill()
        time.sleep(0.5)
        mongodb.start()
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [1, 2])


LOST = {"sec": 1, "ord": 1, "resume_token": "not a token"}


def test_a_lost_token_says_the_way_out(mongodb: MongoServer, db: Any) -> None:
    found = capture(mongodb, db, snapshot_mode="initial")
    found.store(LOST)
    error = found.failure()
    assert isinstance(error, PositionLost)
    assert "when_needed" in (error.hint or "")


def test_a_lost_token_is_answered_with_a_snapshot_when_needed(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_one({"_id": 1})
    found = capture(mongodb, db, snapshot_mode="when_needed")
    found.store(LOST)
    with found.running():
        found.until(lambda: found.documents() == [("r", 1, {"_id": 1})])
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [1, 2])
