"""Run a golden case of MySQL or MariaDB against our own source and collect its records."""

import time
from collections.abc import Callable
from typing import Any

from cdc.batch import Window
from cdc.metrics import Metrics
from cdc.plugin import PluginKind, Source, SourceContext, find
from cdc.sources.mysql.source import BinlogSource
from cdc.transport.memory import MemoryLog
from tests.golden.corpus import Case, Event
from tests.golden.replay import PATIENCE, Collector
from tests.golden.targets import END, MySQLTarget, without_mark


def replay_binlog(case: Case, target: MySQLTarget, **options: str) -> list[Event]:
    """Run setup, snapshot and stream of a case; return our events in emitted order.

    `options` replace some of the case's own (`_` stands for `.`).
    """
    target.create()
    target.run(case.setup)
    config = case.config(target.connection())
    config |= {name.replace("_", "."): value for name, value in options.items()}
    collector = Collector(config)
    source = _opened(case.kind, config)
    try:
        _read(source, collector, lambda window: source._streaming is not None and not window.batches)
        target.run(case.stream)
        target.mark()
        _read(source, collector, lambda window: any(END in event.topic for event in collector.events))
    finally:
        source.close()
    return [Event.load(line) for line in without_mark([event.dump() for event in collector.events])]


def _opened(kind: str, config: dict[str, str]) -> BinlogSource:
    plugin = find(PluginKind.SOURCE, kind)
    source: BinlogSource = plugin.cls(plugin.config_class(config))
    stored: list[tuple[Any, Any]] = []
    context = SourceContext(
        "golden", 0, lambda partition: None, lambda: stored, Metrics(), MemoryLog().journal
    )
    source.open(context)
    return source


def _read(source: Source, collector: Collector, ended: Callable[[Window], bool]) -> None:
    """Read windows until one that ends what is waited for."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        window = source.read(1 << 20, 0.05)
        if window is None:
            return
        collector.take(window.batches)
        source.confirm(window.offsets)
        if ended(window):
            return
    raise TimeoutError(f"the case did not end within {PATIENCE} s")
