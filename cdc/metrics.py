"""Numbers of a running task: plain counters and gauges, merged and exposed by the worker."""

from __future__ import annotations

import bisect
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LATENCY_BUCKETS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)


@dataclass(slots=True)
class Histogram:
    """Count observations in fixed buckets (milliseconds)."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS_MS) + 1))
    total: float = 0.0

    def observe(self, milliseconds: float, count: int = 1) -> None:
        """Add `count` observations of the same value."""
        self.counts[bisect.bisect_left(LATENCY_BUCKETS_MS, milliseconds)] += count
        self.total += milliseconds * count


@dataclass(slots=True)
class Metrics:
    """A task's metrics by name; a plugin sets and adds, the runtime sends snapshots to the worker.

    values: gauges and counters, under Debezium's attribute names (`TotalNumberOfEventsSeen`,
    `SnapshotRunning` …; one that both contexts have is the streaming one, that of the snapshot is
    set as `snapshot.TotalNumberOfEventsSeen`) or under cdc's own in snake case (`rows`, `bytes`,
    `errors`, `commits`, `restarts` …). tables: numbers by table (`RowsScanned`, `rows` …). histograms:
    latencies in ms; `lag.read`, `lag.append`, `lag.acknowledged`, `lag.applied` measure the stages of
    a row's way, each from the end of the one before. since: moments in epoch ms; what is shown under
    their names is how long they are ago. docs/metrics.md says how each is exposed.
    """

    values: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    histograms: dict[str, Histogram] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, amount: float = 1) -> None:
        """Increase a counter."""
        self.values[name] = self.values.get(name, 0) + amount

    def set(self, name: str, value: Any) -> None:
        """Set a gauge; one that ran since a moment stands still now."""
        self.since.pop(name, None)
        self.values[name] = value

    def runs(self, name: str, since_ms: int | None = None) -> None:
        """Let a gauge be the time since a moment, by default now: in ms where its name says so, else in s."""
        self.since[name] = time.time_ns() // 1_000_000 if since_ms is None else since_ms

    def observe(self, name: str, milliseconds: float, count: int = 1) -> None:
        """Add observations to a histogram."""
        histogram = self.histograms.get(name)
        if histogram is None:
            histogram = self.histograms[name] = Histogram()
        histogram.observe(milliseconds, count)

    def snapshot(self) -> Mapping[str, Any]:
        """Return everything as plain JSON-able data."""
        return {
            "values": dict(self.values),
            "since": dict(self.since),
            "tables": {name: dict(row) for name, row in self.tables.items()},
            "histograms": {
                name: {"counts": list(h.counts), "total": h.total} for name, h in self.histograms.items()
            },
        }
