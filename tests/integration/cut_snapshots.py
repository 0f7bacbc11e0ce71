"""Cut snapshots short while rows change, and judge what the log then has; for sources of every kind."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cdc.metrics import Metrics
from cdc.plugin import PluginKind
from cdc.runtime.source_task import SourceTask
from cdc.runtime.task import Assignment, build_task
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from tests.integration.capture import NAME, ConnectorCapture

State = dict[tuple[Any, ...], int]
"""The version (`v`) of each key."""


def cut(capture: ConnectorCapture, windows: int) -> None:
    """Run a snapshot for so many windows, committed one by one, and drop everything."""
    task = capture.task()
    task.source.open(task._context())
    task.max_bytes = 1 << 14
    for _ in range(windows):
        window = task.source.read(task.max_bytes, 0.1)
        if window is None:
            break
        task._deliver(window)
        task._commit()
    task._close()


@contextmanager
def load(write: Callable[[threading.Event, int], None], writers: int = 2) -> Iterator[None]:
    """Let writers change rows, each in a thread and with a seed of its own, until the block ends."""
    stopping = threading.Event()
    threads = [threading.Thread(target=write, args=(stopping, seed)) for seed in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def applied(capture: ConnectorCapture, table: str, *, exact: bool = True) -> State:
    """Apply the events of a table to a dict and return it; no version of a key may go back.

    exact: each row is read once, and a delete follows what it deletes.
    """
    state: State = {}
    history: dict[tuple[Any, ...], list[tuple[str, int]]] = defaultdict(list)
    for event in capture.events(table):
        key = tuple(event.key.values())
        if exact:
            assert event.op != "d" or key in state, (table, key, history[key])
            assert event.op != "r" or key not in history, (table, key, history[key])
        if event.op == "d":
            state.pop(key, None)
        else:
            state[key] = event.value["after"]["v"]
            history[key].append((event.op, state[key]))
    for key, versions in history.items():
        numbers = [version for _, version in versions]
        assert numbers == sorted(numbers), (table, key, versions)
        for (_, before), (op, version) in itertools.pairwise(versions):
            assert version > before or op == "r", (table, key, versions)
    return state


def embedded_task(options: dict[str, str], folder: str) -> SourceTask:
    """Return the task of a process that is going to be killed; its log is in a folder."""
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": folder}))
    assignment = Assignment(NAME, 0, PluginKind.SOURCE, options, {})
    task = build_task(assignment, log, Metrics(), on_topic=lambda topic: None, draining=lambda: False)
    assert isinstance(task, SourceTask)
    return task
