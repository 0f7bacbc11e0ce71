"""What the runtime counts for every source: events, rows, bytes, and how long rows are on their way.

Connection, snapshot and positions are the source's own to tell (Debezium's attributes in
`cdc.metrics`). Work is per batch, never per row.
"""

from __future__ import annotations

import time
from collections import Counter, deque

from cdc.batch import ChangeBatch, RecordBatch, Ref, SourceBlock, Window
from cdc.metrics import Metrics

_SEEN = {
    "c": ("INSERT", "TotalNumberOfCreateEventsSeen"),
    "u": ("UPDATE", "TotalNumberOfUpdateEventsSeen"),
    "d": ("DELETE", "TotalNumberOfDeleteEventsSeen"),
    "t": ("TRUNCATE", ""),
    "r": ("READ", ""),
}
_SNAPSHOT = "snapshot."
_CACHE_LIMIT = 4096
_PENDING_LIMIT = 4096


class SourceMeter:
    """Measures windows on their way: `read`, then `appended`, later `acknowledged`.

    Lags go to the histograms `lag.read` (commit in the source → read), `lag.append` (→ in the
    log) and `lag.acknowledged` (→ durable, the source told).
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._commit_fields: dict[SourceBlock, Ref | None] = {}
        self._tables: set[str] = set()
        self._unacknowledged: deque[tuple[float, int]] = deque(maxlen=_PENDING_LIMIT)

    def read(self, window: Window) -> None:
        """Count the changes of a window, and note how old they are."""
        for batch in window.batches:
            if isinstance(batch, ChangeBatch) and len(batch):
                self._count_events(batch)
                self._observe_read(batch)

    def appended(self, window: Window) -> None:
        """Count what is in the log now."""
        now = time.time()
        metrics = self._metrics
        for batch in window.batches:
            rows = len(batch)
            metrics.add("rows", rows)
            if isinstance(batch, ChangeBatch):
                metrics.add("bytes", batch.size)
                self._count_table(batch, rows)
                metrics.observe("lag.append", max(0.0, now * 1000 - batch.clock_ns / 1e6), rows)
            else:
                metrics.add("bytes", _size(batch))
        self._unacknowledged.append((now, window.rows))

    def acknowledged(self, now: float) -> None:
        """Count what is durable now: everything that was appended."""
        while self._unacknowledged:
            since, rows = self._unacknowledged.popleft()
            self._metrics.observe("lag.acknowledged", max(0.0, (now - since) * 1000), rows)

    def _count_events(self, batch: ChangeBatch) -> None:
        metrics, ops, table = self._metrics, batch.ops, str(batch.table.id)
        reads = ops[-1] == "r"
        context = _SNAPSHOT if reads else ""
        metrics.add(f"{context}TotalNumberOfEventsSeen", len(batch))
        metrics.runs(f"{context}MilliSecondsSinceLastEvent", batch.clock_ns // 1_000_000)
        metrics.set(f"{context}LastEvent", f"operation: {_SEEN[ops[-1]][0]}, table: {table}")
        if reads:
            return
        for op, count in Counter(ops).items():
            if name := _SEEN[op][1]:
                metrics.add(name, count)
        if table not in self._tables:
            self._tables.add(table)
            metrics.set("CapturedTables", sorted(self._tables))

    def _observe_read(self, batch: ChangeBatch) -> None:
        committed = self._commit_ms(batch)
        if committed is not None and batch.ops[-1] != "r":
            behind = max(0.0, batch.clock_ns / 1e6 - committed)
            self._metrics.set("MilliSecondsBehindSource", int(behind))
            self._metrics.observe("lag.read", behind, len(batch))
            self._extremes(behind)

    def _extremes(self, milliseconds: float) -> None:
        values = self._metrics.values
        least = values.get("MilliSecondsBehindSourceMinValue", milliseconds)
        most = values.get("MilliSecondsBehindSourceMaxValue", milliseconds)
        values["MilliSecondsBehindSourceMinValue"] = round(min(least, milliseconds))
        values["MilliSecondsBehindSourceMaxValue"] = round(max(most, milliseconds))

    def _count_table(self, batch: ChangeBatch, rows: int) -> None:
        table = self._metrics.tables.setdefault(str(batch.table.id), {})
        table["rows"] = table.get("rows", 0) + rows

    def _commit_ms(self, batch: ChangeBatch) -> float | None:
        """Return when the last row was committed in the source: `source.ts_ms`."""
        block = batch.source
        if block not in self._commit_fields:
            if len(self._commit_fields) >= _CACHE_LIMIT:
                self._commit_fields.clear()
            self._commit_fields[block] = _commit_field(block)
        ref = self._commit_fields[block]
        if ref is None:
            return None
        value = batch.positions[ref.index][-1] if ref.level else batch.transactions[-1][ref.index]
        return float(value) if value else None


def _commit_field(block: SourceBlock) -> Ref | None:
    for field, part in zip(block.schema.fields, block.fields, strict=True):
        if field.name == "ts_ms" and isinstance(part, Ref):
            return part
    return None


def _size(batch: RecordBatch) -> int:
    return sum(len(value) for value in batch.values if isinstance(value, (bytes, str)))
