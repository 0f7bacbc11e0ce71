"""MongoDB into Kafka: snapshot, stream and offsets, over restarts."""

import os
from typing import Any

from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.log import KafkaLog
from tests.integration.mongodb.capture import MongoCapture, database
from tests.servers.kafka import KafkaBroker
from tests.servers.mongodb import MongoServer


def test_into_kafka_and_on(mongodb: MongoServer, kafka: KafkaBroker) -> None:
    prefix = f"m{os.getpid()}"
    worker = {
        "bootstrap.servers": kafka.bootstrap,
        "group.id": prefix,
        **{f"{kind}.storage.topic": f"_{prefix}-{kind}" for kind in ("offset", "config", "status")},
    }

    class Capture(MongoCapture):
        def __init__(self, *arguments: Any):
            self.prefix = prefix
            super().__init__(*arguments)
            self._reader.close()
            self._reader = self.log.reader("check", [], {}, pattern=rf"{prefix}\..*")

    with database(mongodb) as db:
        db.c.insert_many({"_id": n} for n in range(100))
        found = Capture(mongodb, db.name, KafkaLog(KafkaConfig(worker)))
        with found.running():
            found.until(lambda: len(found.keys()) == 100)
            db.c.delete_one({"_id": 0})
            found.until(lambda: len(found.keys()) == 101)
        db.c.insert_one({"_id": 100})
        with found.running():
            found.until(lambda: len(found.keys()) == 102)
    assert found.keys(ops="r") == list(range(100))
    assert [event[:2] for event in found.documents(ops="cd")] == [("d", 0), ("c", 100)]
