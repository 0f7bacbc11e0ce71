"""Offsets are those of MongoDB's own connector: ours goes on from its, and it from ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer

from tests.integration.mongodb.capture import database
from tests.integration.mongodb.mongo_kafka_capture import MongoKafkaCapture
from tests.servers.connect import ConnectWorker, mongo_kafka_plugin
from tests.servers.kafka import KafkaBroker
from tests.servers.mongodb import MongoServer
from tests.servers.policy import require

NAME = "theirs"


@pytest.fixture
def worker(kafka: KafkaBroker) -> Iterator[ConnectWorker]:
    """Return a worker with MongoDB's own connector."""
    with require("connect"):
        settings = {"plugin.discovery": "hybrid_warn", "group.id": "mongo-kafka"}
        plugins = (mongo_kafka_plugin(),)
        started = ConnectWorker(kafka.bootstrap, settings=settings, plugins=plugins).start()
    yield started
    started.kill()


def test_they_are_exchanged(mongodb: MongoServer, kafka: KafkaBroker, worker: ConnectWorker) -> None:
    with database(mongodb) as db, Reading(kafka, f"p.{db.name}.c") as consumer:
        found = MongoKafkaCapture(mongodb, db.name)
        config = {
            name: value for name, value in found.options.items() if name not in ("name", "value.converter")
        }
        config |= {
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
            "startup.mode": "copy_existing",
            "poll.await.time.ms": "200",
        }
        db.c.insert_one({"_id": "copied"})
        worker.create(NAME, config)
        assert _next(consumer) == "copied"
        db.c.insert_one({"_id": "streamed"})
        assert _next(consumer) == "streamed"
        worker.request("PUT", f"/connectors/{NAME}/stop")
        theirs = _offset(worker)
        assert theirs["partition"] == found.partition
        worker.delete(NAME)

        db.c.insert_one({"_id": "ours"})
        found.store(theirs["offset"])
        with found.running(startup_mode="copy_existing"):
            found.until(lambda: found.keys() == ["ours"])
        assert found.stored is not None
        assert list(found.stored) == list(theirs["offset"]) == ["_id"]

        db.c.insert_one({"_id": "theirs again"})
        worker.create_at(NAME, config, found.partition, found.stored)
        assert _next(consumer) == "theirs again"
        worker.delete(NAME)


class Reading:
    """Read a topic from its beginning."""

    def __init__(self, kafka: KafkaBroker, topic: str) -> None:
        settings = {"bootstrap.servers": kafka.bootstrap, "group.id": topic, "auto.offset.reset": "earliest"}
        self._consumer = Consumer(settings | {"topic.metadata.refresh.interval.ms": 500})
        self._consumer.subscribe([topic])

    def __enter__(self) -> Consumer:
        return self._consumer

    def __exit__(self, *_: object) -> None:
        self._consumer.close()


def _next(consumer: Consumer) -> Any:
    """Return the `_id` of the next record."""
    for _ in range(60):
        message = consumer.poll(1)
        if message is not None and message.error() is None:
            return json.loads(message.key())["_id"]
    raise AssertionError("nothing came")


def _offset(worker: ConnectWorker) -> Any:
    (found,) = worker.request("GET", f"/connectors/{NAME}/offsets")["offsets"]
    return found
