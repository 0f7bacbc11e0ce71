"""Build a task from its assignment: the objects that its loop needs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cdc.metrics import Metrics
from cdc.plugin import Log, Plugin, PluginKind, find
from cdc.runtime.chain import build_chain
from cdc.runtime.encoder import Encoder
from cdc.runtime.formats import build_format, build_headers
from cdc.runtime.retrying import at_once, build_retrying
from cdc.runtime.source_config import SourceConnectorConfig
from cdc.runtime.source_errors import SourceErrors
from cdc.runtime.source_task import Outcome, SourceTask, StoredOffsets


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker tells a task's process: any worker could run it.

    config, worker: options with their `${…}` already resolved.
    """

    connector: str
    number: int
    kind: PluginKind
    config: Mapping[str, str]
    worker: Mapping[str, str]


class Task(Protocol):
    """The loop of a task."""

    def run(self, stopping: Callable[[], bool], started: Callable[[], None]) -> Outcome:
        """Work until `stopping` or the end; calls `started` once it is ready."""
        ...


def plugin_of(kind: PluginKind, config: Mapping[str, str]) -> Plugin:
    """Return the connector's plugin."""
    return find(kind, config["connector.class"])


def build_task(
    assignment: Assignment,
    log: Log,
    metrics: Metrics,
    *,
    on_topic: Callable[[str], None],
    draining: Callable[[], bool],
) -> Task:
    """Return the task; raises ConfigError. `draining`: a sink ends once it has read everything."""
    if assignment.kind is PluginKind.SOURCE:
        return _source_task(assignment, log, metrics, on_topic)
    # A source's process never pays for the way out.
    from cdc.runtime.sink_task import build_sink_task

    return build_sink_task(
        assignment.connector,
        assignment.number,
        assignment.config,
        assignment.worker,
        log,
        metrics,
        on_topic=on_topic,
        draining=draining,
    )


def _source_task(
    assignment: Assignment, log: Log, metrics: Metrics, on_topic: Callable[[str], None]
) -> SourceTask:
    raw, worker = assignment.config, assignment.worker
    config = SourceConnectorConfig(raw, subject="Connector configuration")
    plugin = plugin_of(PluginKind.SOURCE, raw)
    retrying = build_retrying(config)
    encoder = Encoder(
        build_format("key", raw, worker),
        build_format("value", raw, worker),
        build_headers(raw, worker),
        retrying or at_once,
    )
    seen: set[str] = set()

    def note(topic: str) -> None:
        if topic not in seen:
            seen.add(topic)
            on_topic(topic)

    source: Any = plugin.cls(plugin.config_class(raw, subject="Connector configuration"))
    chain = build_chain(raw, retrying or at_once)
    # The writer first: it fences a former instance of the task, whose last offsets then are final.
    writer = log.writer(assignment.connector, assignment.number, raw)
    offsets = StoredOffsets(assignment.connector, log.offsets(raw))
    return SourceTask(
        connector=assignment.connector,
        number=assignment.number,
        source=source,
        chain=chain,
        encoder=encoder,
        writer=writer,
        offsets=offsets,
        errors=SourceErrors(
            assignment.connector,
            assignment.number,
            metrics,
            tolerant=config.tolerance == "all",
            logged=config.log_errors,
            messages=config.log_messages,
        ),
        metrics=metrics,
        journal=log.journal,
        max_bytes=config.window_bytes,
        on_topic=note,
        retrying=retrying,
    )
