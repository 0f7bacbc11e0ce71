"""Turn what the herder knows into Prometheus metric families."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    UnknownMetricFamily,
)
from prometheus_client.registry import Collector

from cdc import __version__
from cdc.metrics import LATENCY_BUCKETS_MS
from cdc.rest.attributes import DEBEZIUM, OWN, SNAPSHOT, TASK, Attribute, Own, Shape
from cdc.runtime.herder import Herder, TaskMetrics, TaskState

TEXT_LIMIT = 256
QUANTILES = ("P50", "P95", "P99")
_KNOWN = {own.name.removeprefix("cdc_").removesuffix("_total"): own for own in OWN if own.kind == "counter"}
_ALWAYS = tuple(name for name, own in _KNOWN.items() if own.labels == TASK)
_DEBEZIUM_NAMES = {attribute.name for attribute in DEBEZIUM}
_OWN = {own.name: own for own in OWN}
_STAGE = "lag."


class HerderCollector(Collector):
    """Collect once from a herder; what is not set by a task shows its default."""

    def __init__(self, herder: Herder) -> None:
        self._herder = herder

    def collect(self) -> Iterator[Metric]:
        """Yield Debezium's metrics, cdc's own, and whatever else the tasks' plugins count."""
        tasks = self._herder.metrics()
        sources = [(task, self._server_name(task)) for task in tasks if task.type == "source"]
        for attribute in DEBEZIUM:
            family = debezium_family(attribute, sources)
            if family.samples:
                yield family
        yield from _counters(tasks)
        yield from _histograms(tasks)
        yield from self._states(tasks)
        yield from _memory(tasks)
        worker = _gauge(_OWN["cdc_worker_info"])
        worker.add_metric([__version__, self._herder.worker_id, self._herder.cluster_id], 1)
        yield worker

    def _server_name(self, task: TaskMetrics) -> str:
        """Return what Debezium's `server` is: the topic prefix."""
        try:
            return self._herder.info(task.connector).config.get("topic.prefix", task.connector)
        except KeyError:
            return task.connector

    def _states(self, tasks: Iterable[TaskMetrics]) -> Iterator[Metric]:
        connectors, states = _gauge(_OWN["cdc_connector_state"]), _gauge(_OWN["cdc_task_state"])
        for name in self._herder.connectors():
            try:
                status = self._herder.status(name)
            except KeyError:  # deleted meanwhile
                continue
            for state in TaskState:
                connectors.add_metric([name, status.type, state.value], status.state is state)
            for task in status.tasks:
                for state in TaskState:
                    labels = [name, str(task.id), status.type, state.value]
                    states.add_metric(labels, task.state is state)
        phases = _gauge(_OWN["cdc_task_phase"])
        for measured in tasks:
            phases.add_metric([*_labels(measured), measured.phase], 1)
        yield from (connectors, states, phases)


def debezium_family(attribute: Attribute, sources: Iterable[tuple[TaskMetrics, str]]) -> Metric:
    """Return an attribute of all source tasks, under the name and labels that JMX exporters give it."""
    name = f"debezium_metrics_{attribute.name}" + ("_info" if attribute.shape is Shape.TEXT else "")
    family = UnknownMetricFamily(name, attribute.doc)
    for task, server in sources:
        if not attribute.belongs_to(task.plugin):
            continue
        for context in attribute.contexts:
            labels = {"plugin": task.plugin, "name": server, "context": context, "task": str(task.task)}
            for more, value in _values(attribute, context, task.snapshot):
                family.add_sample(name, {**labels, **more}, value)
    return family


def _values(
    attribute: Attribute, context: str, snapshot: Mapping[str, Any]
) -> Iterator[tuple[dict[str, str], float]]:
    """Yield extra labels and value of each sample of an attribute.

    The value decides more than the shape: what a plugin sets must not keep the others from being seen.
    """
    value = _found(attribute, context, snapshot)
    if attribute.shape is Shape.TEXT:
        if value not in (None, ""):
            yield {"value": str(value)[:TEXT_LIMIT]}, 1.0
    elif isinstance(value, Mapping):
        label = "table" if context == SNAPSHOT else "key"
        for key, item in value.items():
            if isinstance(item, int | float) or str(item).isdecimal():
                yield {label: str(key)}, float(item)
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (({"table": str(item)}, 1.0) for item in value)
    elif isinstance(value, int | float):
        yield {}, float(value)
    elif attribute.shape in (Shape.NUMBER, Shape.TRUTH):
        yield {}, attribute.default


def _found(attribute: Attribute, context: str, snapshot: Mapping[str, Any]) -> Any:
    """Return what the task has set for the attribute in this context, or what follows from the rest."""
    values: Mapping[str, Any] = snapshot.get("values", {})
    if (qualified := f"{context}.{attribute.name}") in values or context != attribute.contexts[0]:
        return values.get(qualified)
    if attribute.name in values:
        return values[attribute.name]
    if attribute.shape is Shape.MAP:
        tables: Mapping[str, Mapping[str, Any]] = snapshot.get("tables", {})
        return {name: row[attribute.name] for name, row in tables.items() if attribute.name in row}
    return _from_histogram(attribute.name, snapshot.get("histograms", {}).get(f"{_STAGE}read"))


def _from_histogram(name: str, histogram: Mapping[str, Any] | None) -> float | None:
    """Return a statistic of MilliSecondsBehindSource that only the histogram knows."""
    statistic = name.removeprefix("MilliSecondsBehindSource")
    if histogram is None or statistic == name or not sum(histogram["counts"]):
        return None
    if statistic == "AverageValue":
        return float(histogram["total"] / sum(histogram["counts"]))
    if statistic not in QUANTILES:
        return None
    return quantile(histogram["counts"], int(statistic[1:]) / 100)


def quantile(counts: Sequence[int], share: float) -> float:
    """Return the milliseconds that this share of the observations stays under, as Prometheus estimates it."""
    wanted, seen, lower = share * sum(counts), 0, 0.0
    for upper, count in zip(LATENCY_BUCKETS_MS, counts, strict=False):
        if count and seen + count >= wanted:
            return lower + (upper - lower) * (wanted - seen) / count
        seen, lower = seen + count, float(upper)
    return lower


def _counters(tasks: Sequence[TaskMetrics]) -> Iterator[Metric]:
    """Yield cdc's counters; numbers of a plugin that are in no table come as `cdc_NAME`."""
    families: dict[str, CounterMetricFamily | UnknownMetricFamily] = {
        name: CounterMetricFamily(own.name, own.doc, labels=own.labels) for name, own in _KNOWN.items()
    }
    for task in tasks:
        values = task.snapshot.get("values", {})
        for name in _ALWAYS:
            families[name].add_metric(_labels(task), float(values.get(name, 0)))
        for name, value in values.items():
            if name in _KNOWN or name.rpartition(".")[2] in _DEBEZIUM_NAMES:
                continue
            if isinstance(value, int | float):
                plain = f"cdc_{_snake(name)}"
                family = families.setdefault(
                    plain, UnknownMetricFamily(plain, "Counted by the plugin.", labels=TASK)
                )
                family.add_metric(_labels(task), float(value))
        for table, row in task.snapshot.get("tables", {}).items():
            if "rows" in row:
                families["table_rows"].add_metric([*_labels(task), table], row["rows"])
    yield from families.values()


def _histograms(tasks: Iterable[TaskMetrics]) -> Iterator[Metric]:
    lag = _OWN["cdc_lag_seconds"]
    families = {lag.name: HistogramMetricFamily(lag.name, lag.doc, labels=lag.labels)}
    for task in tasks:
        for key, histogram in task.snapshot.get("histograms", {}).items():
            buckets, total = _buckets(histogram["counts"]), histogram["total"] / 1000
            if key.startswith(_STAGE):
                stage = [*_labels(task), key.removeprefix(_STAGE)]
                families[lag.name].add_metric(stage, buckets, total)
                continue
            name = f"cdc_{_snake(key)}_seconds"
            family = families.setdefault(
                name, HistogramMetricFamily(name, "Measured by the plugin.", labels=TASK)
            )
            family.add_metric(_labels(task), buckets, total)
    yield from families.values()


def _buckets(counts: Sequence[int]) -> list[tuple[str, float]]:
    """Return Prometheus' cumulative buckets, in seconds."""
    sums: dict[str, float] = defaultdict(float)
    running = 0
    limits = [*(str(limit / 1000) for limit in LATENCY_BUCKETS_MS), "+Inf"]
    for limit, count in zip(limits, counts, strict=True):
        running += count
        sums[limit] = running
    return list(sums.items())


def _memory(tasks: Iterable[TaskMetrics]) -> Iterator[Metric]:
    family = _gauge(_OWN["cdc_task_resident_memory_bytes"])
    for task in tasks:
        family.add_metric(_labels(task), task.rss_bytes)
    yield family
    worker = _gauge(_OWN["cdc_worker_resident_memory_bytes"])
    worker.add_metric([], _resident_bytes())
    yield worker


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not Linux
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _gauge(own: Own) -> GaugeMetricFamily:
    return GaugeMetricFamily(own.name, own.doc, labels=own.labels)


def _labels(task: TaskMetrics) -> list[str]:
    return [task.connector, str(task.task), task.type]


def _snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
