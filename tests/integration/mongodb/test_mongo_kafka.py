"""Configs of MongoDB's own connector: where they start, go on, and what they do about errors."""

import json
import time
from collections.abc import Iterator
from typing import Any

import bson
import pytest

from cdc.errors import PositionLost, UnsupportedValue
from cdc.sources.mongodb import MongoKafkaConfig, MongoKafkaSource
from tests.integration.capture import logged
from tests.integration.mongodb.capture import database
from tests.integration.mongodb.mongo_kafka_capture import MongoKafkaCapture
from tests.servers.mongodb import MongoServer

TYPED = json.dumps({"type": "record", "name": "v", "fields": [{"name": "n", "type": "int"}]})


@pytest.fixture
def db(mongodb: MongoServer) -> Iterator[Any]:
    with database(mongodb) as found:
        yield found


def typed(server: MongoServer, db: Any, **options: str) -> MongoKafkaCapture:
    """Return a connector that takes documents with a number `n`, and no others."""
    more = {"value_converter": "json", "value_converter_schemas_enable": "false"}
    only = {"publish_full_document_only": "true", "output_format_value": "schema"}
    return MongoKafkaCapture(server, db.name, output_schema_value=TYPED, **more, **only, **options)


def test_nothing_is_lost_between_runs(mongodb: MongoServer, db: Any) -> None:
    found = MongoKafkaCapture(mongodb, db.name)
    with found.running():
        pass
    assert found.token["_data"]
    for run in range(3):
        db.c.insert_many({"_id": run * 100 + n} for n in range(100))
        with found.running():
            found.until(lambda run=run: len(found.keys()) >= (run + 1) * 100)
    assert found.keys() == list(range(300))
    assert found.token == found.records()[-1][1]["_id"]
    assert list(found.stored or {}) == ["_id"]


def test_few_events_at_a_time(mongodb: MongoServer, db: Any) -> None:
    found = MongoKafkaCapture(mongodb, db.name, poll_max_batch_size="7", batch_size="3")
    with found.running():
        db.c.insert_many({"_id": n} for n in range(50))
        found.until(lambda: len(found.keys()) == 50)
    assert found.keys() == list(range(50))


def test_an_idle_stream_beats_and_moves_its_token(mongodb: MongoServer, db: Any) -> None:
    found = MongoKafkaCapture(mongodb, db.name, heartbeat_interval_ms="200", heartbeat_topic_name="beats")
    with database(mongodb) as other, found.running():
        before = found.token
        for number in range(20):
            other.c.insert_one({"_id": number})
            time.sleep(0.05)
        found.until(lambda: found.token != before and len(found.topic("beats")) > 1)
        assert (found.stored or {})["HEARTBEAT"] == "true"
    assert found.topic("beats")[-1].key.keys() == {"_data"}
    assert found.topic("beats")[-1].value is None


def test_a_version_of_the_server_api(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_one({"_id": 1})
    api = {"server_api_version": "1", "server_api_strict": "true", "server_api_deprecation_errors": "true"}
    found = MongoKafkaCapture(mongodb, db.name, startup_mode="copy_existing", **api)
    with found.running():
        found.until(lambda: found.stored and "copy" not in found.stored)
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [1, 2])


def test_a_start_at_an_operation_time(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_one({"_id": 1})
    with db.watch() as stream:
        db.c.insert_one({"_id": 2})
        at = next(stream)["clusterTime"]
    db.c.insert_one({"_id": 3})
    text = json.dumps({"$timestamp": {"t": at.time, "i": at.inc}})
    options = {"startup_mode": "timestamp", "startup_mode_timestamp_start_at_operation_time": text}
    found = MongoKafkaCapture(mongodb, db.name, **options)
    with found.running():
        found.until(lambda: found.keys() == [2, 3])
    assert found.token == found.records()[-1][1]["_id"]


def test_what_exists_is_copied_first(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_many({"_id": n, "text": "x" * 1000} for n in range(5000))
    db.d.insert_one({"_id": "d"})
    db.create_collection("empty")
    db.create_collection("view", viewOn="c", pipeline=[])
    found = MongoKafkaCapture(mongodb, db.name, startup_mode="copy_existing")
    with found.running():
        found.until(lambda: found.stored and "copy" not in found.stored)
        db.c.insert_one({"_id": 5000})
        found.until(lambda: len(found.keys()) == 5001)
    assert found.keys() == list(range(5001))
    assert found.keys("d") == ["d"]
    assert found.records("view") == []
    assert found.progress() == {}
    assert found.metrics.values["SnapshotCompleted"]
    with found.running():
        db.c.insert_one({"_id": 5001})
        found.until(lambda: found.keys()[-1] == 5001)
    assert len(found.keys()) == 5002


def test_a_copy_goes_on_where_it_was(mongodb: MongoServer, db: Any) -> None:
    ids = [None, -1, bson.Int64(2), 2.5, "a", {"k": 1}, b"x", bson.ObjectId(), True, bson.MaxKey()]
    text = "x" * 400_000
    db.c.insert_many({"_id": one, "text": text} for one in ids)
    found = MongoKafkaCapture(mongodb, db.name, startup_mode="copy_existing")
    polls = iter(range(2))
    found.task().run(lambda: next(polls, None) is None)
    assert 0 < len(found.keys()) < len(ids)
    assert (found.stored or {})["copy"] == "true"
    db.c.insert_one({"_id": "meanwhile"})
    with found.running():
        found.until(lambda: len(found.keys()) >= len(ids) + 1 and "copy" not in (found.stored or {}))
        found.until(lambda: found.keys().count("meanwhile") == 2)
    others = [key for key, _ in found.records() if key != "meanwhile"]
    assert len(others) == len(ids) == len({json.dumps(key) for key in others})


def test_a_copy_through_stages_starts_a_collection_anew(mongodb: MongoServer, db: Any) -> None:
    text = "x" * 400_000
    db.c.insert_many({"_id": n, "text": text} for n in range(10))
    stages = json.dumps([{"$match": {"_id": {"$gte": 2}}}])
    options = {"startup_mode": "copy_existing", "startup_mode_copy_existing_pipeline": stages}
    found = MongoKafkaCapture(mongodb, db.name, **options)
    polls = iter(range(2))
    found.task().run(lambda: next(polls, None) is None)
    read = len(found.keys())
    assert 0 < read < 8
    with found.running():
        found.until(lambda: "copy" not in (found.stored or {}))
    assert found.keys() == [*range(2, 2 + read), *range(2, 10)]


def test_a_copy_that_mongodbs_connector_began_starts_anew(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_many({"_id": n} for n in range(3))
    found = MongoKafkaCapture(mongodb, db.name, startup_mode="copy_existing")
    found.store({"_id": '{"_id": 1, "copyingData": true}', "copy": "true"})
    with found.running():
        found.until(lambda: found.stored and "copy" not in found.stored)
    assert found.keys() == [0, 1, 2]


@pytest.mark.parametrize("offset", ['{"_data": "not a token"}', "nothing"])
def test_a_lost_token_says_the_way_out(mongodb: MongoServer, db: Any, offset: str) -> None:
    found = MongoKafkaCapture(mongodb, db.name)
    found.store({"_id": offset})
    error = found.failure()
    assert isinstance(error, PositionLost)
    assert "offset.partition.name" in (error.hint or "")


def test_a_lost_token_is_tolerated(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_one({"_id": 1})
    found = MongoKafkaCapture(mongodb, db.name, mongo_errors_tolerance="all")
    found.store({"_id": '{"_data": "not a token"}'})
    with logged() as messages, found.running():
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [2])
    assert any("starting from now" in message for message in messages)


def test_an_event_that_cannot_be_a_record_ends_the_task(mongodb: MongoServer, db: Any) -> None:
    found = typed(mongodb, db)
    with found.running():
        db.c.insert_one({"_id": 1, "n": 1})
        found.until(lambda: len(found.records()) == 1)
    db.c.insert_many([{"_id": 2, "n": 2}, {"_id": 3, "n": "secret"}, {"_id": 4, "n": 4}])
    error = found.failure()
    assert isinstance(error, UnsupportedValue)
    assert "Schema type of int32 but value was of type: string" in str(error)
    assert "errors.tolerance=all" in str(error)
    assert "secret" not in str(error)
    assert found.records() == [(1, {"n": 1})]


def test_errors_are_tolerated_and_set_aside(mongodb: MongoServer, db: Any) -> None:
    letters = {"errors_deadletterqueue_topic_name": "letters", "errors_log_enable": "true"}
    headers = {"errors_deadletterqueue_context_headers_enable": "true"}
    found = typed(mongodb, db, errors_tolerance="all", **letters, **headers)
    with logged() as messages, found.running():
        db.c.insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": "x"}, {"_id": 3}, {"_id": 4, "n": 4}])
        found.until(lambda: len(found.records()) == 2)
        found.until(lambda: found.token)
    assert found.records() == [(1, {"n": 1}), (4, {"n": 4})]
    values = [json.loads(letter.value) for letter in found.topic("letters")]
    assert values == [{"_id": 2, "n": "x"}, {"_id": 3}]
    context = found.topic("letters")[0].headers
    assert context["__connect.errors.topic"] == f"p.{db.name}.c"
    assert "was of type: string" in str(context["__connect.errors.exception.message"])
    assert len([message for message in messages if "is left out" in message]) == 2
    assert found.metrics.values["NumberOfErroneousEvents"] == 2


def test_a_copy_sets_aside_too(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_many([{"_id": 1, "n": 1}, {"_id": 2}])
    letters = {"mongo_errors_deadletterqueue_topic_name": "letters", "mongo_errors_tolerance": "all"}
    found = typed(mongodb, db, startup_mode="copy_existing", **letters)
    with found.running():
        found.until(lambda: found.stored and "copy" not in found.stored)
    assert found.records() == [(1, {"n": 1})]
    assert [json.loads(letter.value) for letter in found.topic("letters")] == [{"_id": 2}]


def test_a_dropped_collection_comes_back(mongodb: MongoServer, db: Any) -> None:
    db.c.insert_one({"_id": 0})
    found = MongoKafkaCapture(mongodb, db.name, collection="c")
    found.partition["ns"] += ".c"
    with found.running():
        db.c.insert_one({"_id": 1})
        found.until(lambda: found.keys() == [1])
        db.c.drop()
        time.sleep(1)
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys()[-1] == 2)
    operations = [value["operationType"] for _, value in found.records()]
    assert operations == ["insert", "drop", "insert"]


def test_the_server_restarts(mongodb: MongoServer, db: Any) -> None:
    found = MongoKafkaCapture(mongodb, db.name)
    with found.running():
        db.c.insert_one({"_id": 1})
        found.until(lambda: found.keys() == [1])
        mongodb.kill()
        time.sleep(0.5)
        mongodb.start()
        db.c.insert_one({"_id": 2})
        found.until(lambda: found.keys() == [1, 2])


def test_the_check_opens_the_stream(mongodb: MongoServer, db: Any) -> None:
    found = MongoKafkaCapture(mongodb, db.name)
    assert [*MongoKafkaSource.check(MongoKafkaConfig(found.options))] == []
