"""Run a golden case of MongoDB's own connector against ours and collect its records."""

import time
from typing import Any

from cdc.metrics import Metrics
from cdc.plugin import SourceContext
from cdc.sources.mongodb import MongoKafkaConfig, MongoKafkaSource
from cdc.transport.memory import MemoryLog
from tests.golden.corpus import Case, Event
from tests.golden.replay import PATIENCE, Collector
from tests.golden.targets import MongoKafkaTarget

QUIET = 3
"""Windows without records after which nothing more is expected."""


def replay_mongo_kafka(case: Case, target: MongoKafkaTarget) -> list[Event]:
    """Run setup, copy and stream of a case; return our events in emitted order."""
    target.create()
    target.run(case.setup)
    config = case.config(target.connection())
    source = MongoKafkaSource(MongoKafkaConfig(config))
    collector = Collector(config)
    stored: list[tuple[Any, Any]] = []
    journal = MemoryLog().journal
    source.open(SourceContext("golden", 0, lambda partition: None, lambda: stored, Metrics(), journal))
    try:
        assert source._phases is not None
        while source._phases.streaming is None:
            _read(source, collector)
        for line in [*case.stream.splitlines(), ""]:
            # What an update looks up is what there is when it is read.
            target.run(line)
            _read(source, collector)
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET or not case.expected.keys() <= {event.topic for event in collector.events}:
            assert time.monotonic() < deadline, f"the case did not end within {PATIENCE} s"
            quiet = 0 if _read(source, collector) else quiet + 1
    finally:
        source.close()
        target.drop()
    return collector.events


def _read(source: MongoKafkaSource, collector: Collector) -> bool:
    """Read a window; tell whether there was anything but heartbeats in it."""
    window = source.read(1 << 20, 0.2)
    assert window is not None
    collector.take([*window.batches, *window.letters])
    return any(batch.topic != source.config.heartbeat_topic for batch in window.batches)
