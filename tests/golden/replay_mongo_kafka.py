"""Run a golden case of MongoDB's own connector against ours and collect its records."""

import time

from cdc.sources.mongodb import MongoKafkaConfig, MongoKafkaSource
from tests.golden.corpus import Case, Event
from tests.golden.replay import PATIENCE, Collector
from tests.golden.replay_mongo import read, streamed
from tests.golden.targets import MongoKafkaTarget

QUIET = 3
"""Windows with nothing but heartbeats after which no more is expected."""


def replay_mongo_kafka(case: Case, target: MongoKafkaTarget) -> list[Event]:
    """Run setup, copy and stream of a case; return our events in emitted order."""
    options = case.config(target.connection())
    config, collector = MongoKafkaConfig(options), Collector(options)
    with streamed(case, target, MongoKafkaSource(config), collector) as source:
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET or not case.expected.keys() <= {event.topic for event in collector.events}:
            assert time.monotonic() < deadline, f"the case did not end within {PATIENCE} s"
            topics = set(read(source, collector)) - {config.heartbeat_topic}
            quiet = 0 if topics else quiet + 1
    return collector.events
