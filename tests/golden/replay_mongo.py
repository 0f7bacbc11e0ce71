"""Run a golden case of MongoDB against our own source and collect its records."""

import time
from typing import Any

from cdc.metrics import Metrics
from cdc.plugin import SourceContext
from cdc.sources.mongodb import MongoConfig, MongoSource
from cdc.transport.memory import MemoryLog
from tests.golden.corpus import Case, Event
from tests.golden.replay import PATIENCE, Collector
from tests.golden.targets import END, MongoTarget


def replay_mongo(case: Case, target: MongoTarget) -> list[Event]:
    """Run setup, snapshot and stream of a case; return our events in emitted order."""
    target.create()
    target.run(case.setup)
    config = case.config(target.connection())
    source = MongoSource(MongoConfig(config))
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
        target.mark()
        deadline = time.monotonic() + PATIENCE
        while not _ended(collector, case):
            assert time.monotonic() < deadline, f"the case did not end within {PATIENCE} s"
            _read(source, collector)
    finally:
        source.close()
        target.drop()
    return [event for event in collector.events if END not in f"{event.topic} {event.value}"]


def _ended(collector: Collector, case: Case) -> bool:
    """Tell whether all has come, heartbeats too."""
    topics = {event.topic for event in collector.events}
    return any(END in topic for topic in topics) and case.expected.keys() <= topics


def _read(source: MongoSource, collector: Collector) -> None:
    window = source.read(1 << 20, 0.2)
    assert window is not None
    collector.take(window.batches)
