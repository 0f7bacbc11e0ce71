"""What a sink task counts for every sink: rows, bytes, and how old changes are when they arrive."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from cdc.batch import RecordBatch, text_bytes
from cdc.columns import EventColumns
from cdc.metrics import Metrics


class SinkMeter:
    """Measures batches that a sink takes, and observes `lag.applied` when they are durable."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._waiting: list[tuple[float, int]] = []

    def written(self, batch: RecordBatch) -> None:
        """Count what was handed over."""
        metrics, rows = self._metrics, len(batch)
        metrics.add("rows", rows)
        table = metrics.tables.setdefault(batch.topic, {})
        table["rows"] = table.get("rows", 0) + rows
        if batch.raw is not None:
            metrics.add("bytes", text_bytes(batch.raw.values))
        committed = _commit_ms(batch)
        if committed is not None:
            self._waiting.append((committed, rows))

    def flushed(self) -> None:
        """Observe the age of what is durable now."""
        now = time.time() * 1000
        for committed, rows in self._waiting:
            self._metrics.observe("lag.applied", max(0.0, now - committed), rows)
        if self._waiting:
            self._metrics.set("MilliSecondsBehindSource", round(max(0.0, now - self._waiting[-1][0])))
        self._waiting.clear()

    def forget(self) -> None:
        """Drop what will be read again."""
        self._waiting.clear()


def _commit_ms(batch: RecordBatch) -> float | None:
    """Return when the last change of the batch was committed; None for other records and snapshots."""
    if isinstance(batch.values, EventColumns) and "r" in batch.values.ops[-1:]:
        return None
    for value in reversed(batch.values):
        if value is None:
            continue
        source: Any = value.get("source") if isinstance(value, Mapping) else None
        if not isinstance(source, Mapping) or str(source.get("snapshot")) not in ("false", "None"):
            return None
        moment = source.get("ts_ms")
        return float(moment) if isinstance(moment, (int, float)) else None
    return None
