"""The numbers of a snapshot, under Debezium's names."""

from __future__ import annotations

from collections.abc import Iterable

from cdc.metrics import Metrics
from snapshot.progress import TableProgress


class SnapshotMetrics:
    """Count tables and rows."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def announce(self, tables: Iterable[tuple[TableProgress, int]]) -> None:
        """Set how much there is to read: each table's progress, and how many rows it may have."""
        known = list(tables)
        self._metrics.set("snapshot.CapturedTables", [done.table for done, _ in known])
        self._metrics.set("TotalTableCount", len(known))
        self._metrics.set("RemainingTableCount", len(known))
        for done, estimated in known:
            self._metrics.tables[done.table] = {
                "RowsScanned": done.rows,
                "RowsEstimated": done.rows if done.finished else max(estimated, 0),
            }

    def count(self, table: str, rows: int) -> None:
        """Count rows that were read."""
        self._metrics.tables[table]["RowsScanned"] += rows

    def finished(self, table: str) -> None:
        """Take note that a table is read."""
        numbers = self._metrics.tables[table]
        numbers["RowsEstimated"] = numbers["RowsScanned"]
        self._metrics.add("RemainingTableCount", -1)
