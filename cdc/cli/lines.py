"""The live line of a connector, from its tasks' metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdc.runtime.herder import Herder, TaskMetrics


@dataclass(slots=True)
class Line:
    """What a line says about one connector; rates are those since the line before.

    moment, since: when this was seen, and since when the phase is the same (monotonic seconds).
    """

    connector: str
    kind: str
    phase: str
    rows: int
    rate: float
    lag_ms: float | None
    records_left: int | None
    percent: float | None
    eta_seconds: float | None
    moment: float
    since: float

    def text(self) -> str:
        """Return the line."""
        parts = [f"{self.connector:<16} {self.phase:<10}"]
        if self.percent is not None:
            eta = "" if self.eta_seconds is None else f" eta {duration(self.eta_seconds)}"
            parts.append(f"{self.percent:5.1f} %{eta}")
        parts.append(f"{self.rows:>12,} rows  {self.rate:>9,.0f} rows/s")
        if self.records_left:
            parts.append(f"{self.records_left:,} to read")
        if self.lag_ms is not None:
            parts.append(f"lag {lag_text(self.lag_ms)}")
        return "  ".join(parts)

    def fields(self) -> dict[str, Any]:
        """Return the same as data."""
        found = {
            "phase": self.phase,
            "rows": self.rows,
            "rows_per_s": round(self.rate),
            "lag_ms": self.lag_ms,
            "records_left": self.records_left,
            "snapshot_percent": self.percent,
            "eta_s": self.eta_seconds,
        }
        return {name: value for name, value in found.items() if value is not None}


def lines_of(herder: Herder, before: dict[str, Line], now: float) -> list[Line]:
    """Return the line of each connector; `before` holds the last ones and is brought up to date."""
    tasks: dict[str, list[TaskMetrics]] = {}
    for metrics in herder.metrics():
        tasks.setdefault(metrics.connector, []).append(metrics)
    for name, group in tasks.items():
        before[name] = _line(name, group, before.get(name), now)
    return [before[name] for name in tasks]


def _line(name: str, tasks: Sequence[TaskMetrics], last: Line | None, now: float) -> Line:
    values = [task.snapshot["values"] for task in tasks]
    rows = sum(one.get("rows", 0) for one in values)
    elapsed = now - last.moment if last else 0.0
    rate = max(0.0, rows - last.rows) / elapsed if last and elapsed > 0 else 0.0
    phase = _phase(tasks)
    since = last.since if last and last.phase == phase else now
    percent = _percent(tasks) if phase == "snapshot" else None
    return Line(
        connector=name,
        kind=tasks[0].type,
        phase=phase,
        rows=rows,
        rate=rate,
        lag_ms=_most(values, "MilliSecondsBehindSource"),
        records_left=_total(values, "lag.records"),
        percent=percent,
        eta_seconds=_eta(now - since, percent),
        moment=now,
        since=since,
    )


def _phase(tasks: Sequence[TaskMetrics]) -> str:
    """Return the phase that needs attention most."""
    phases = {task.phase for task in tasks}
    for phase in ("failed", "restarting", "starting", "snapshot"):
        if phase in phases:
            return phase
    return tasks[0].phase


def _percent(tasks: Sequence[TaskMetrics]) -> float | None:
    """Return how much of the snapshot is done: by rows where the tables' sizes are known, else by tables."""
    scanned = expected = 0.0
    for task in tasks:
        for table in task.snapshot["tables"].values():
            if "RowsEstimated" in table:
                done = table.get("RowsScanned", 0)
                scanned += done
                expected += max(table["RowsEstimated"], done)
    if expected:
        return min(100.0, 100 * scanned / expected)
    values = [task.snapshot["values"] for task in tasks]
    total, remaining = _total(values, "TotalTableCount"), _total(values, "RemainingTableCount")
    return 100 * (total - (remaining or 0)) / total if total else None


def _eta(spent: float, percent: float | None) -> float | None:
    """Return the seconds left, if it goes on as it did."""
    if not percent or not spent or percent >= 100:
        return None
    return spent * (100 - percent) / percent


def _most(values: Sequence[Mapping[str, Any]], name: str) -> float | None:
    return max((one[name] for one in values if name in one), default=None)


def _total(values: Sequence[Mapping[str, Any]], name: str) -> int | None:
    found = [one[name] for one in values if name in one]
    return sum(found) if found else None


def lag_text(milliseconds: float) -> str:
    """Return a lag as people read it."""
    return f"{milliseconds:.0f} ms" if milliseconds < 10_000 else duration(milliseconds / 1000)


def duration(seconds: float) -> str:
    """Return `42 s`, `3:05`, `2:03:05`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
