"""Run a golden case of MongoDB, for either connector, against our own source and collect its records."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cdc.metrics import Metrics
from cdc.plugin import SourceContext
from cdc.sources.mongodb import MongoConfig, MongoKafkaSource, MongoSource
from cdc.transport.memory import MemoryLog
from tests.golden.corpus import Case, Event
from tests.golden.replay import PATIENCE, Collector
from tests.golden.targets import END, MongoTarget


def replay_mongo(case: Case, target: MongoTarget) -> list[Event]:
    """Run setup, snapshot and stream of a case; return our events in emitted order."""
    config = case.config(target.connection())
    collector = Collector(config)
    with streamed(case, target, MongoSource(MongoConfig(config)), collector) as source:
        target.mark()
        deadline = time.monotonic() + PATIENCE
        while not _ended(collector, case):
            assert time.monotonic() < deadline, f"the case did not end within {PATIENCE} s"
            read(source, collector)
    return [event for event in collector.events if END not in f"{event.topic} {event.value}"]


@contextmanager
def streamed(
    case: Case, target: MongoTarget, source: MongoSource | MongoKafkaSource, collector: Collector
) -> Iterator[MongoSource | MongoKafkaSource]:
    """Run a case to the end of its script; the database is dropped behind the block."""
    target.create()
    target.run(case.setup)
    stored: list[tuple[Any, Any]] = []
    journal = MemoryLog().journal
    source.open(SourceContext("golden", 0, lambda partition: None, lambda: stored, Metrics(), journal))
    try:
        assert source._phases is not None
        while source._phases.streaming is None:
            read(source, collector)
        for line in [*case.stream.splitlines(), ""]:
            # What an update looks up is what there is when it is read.
            target.run(line)
            read(source, collector)
        yield source
    finally:
        source.close()
        target.drop()


def _ended(collector: Collector, case: Case) -> bool:
    """Tell whether all has come, heartbeats too."""
    topics = {event.topic for event in collector.events}
    return any(END in topic for topic in topics) and case.expected.keys() <= topics


def read(source: MongoSource | MongoKafkaSource, collector: Collector) -> list[str]:
    """Read a window; return the topics of what is in it."""
    window = source.read(1 << 20, 0.2)
    assert window is not None
    collector.take([*window.batches, *window.letters])
    return [batch.topic for batch in window.batches]
