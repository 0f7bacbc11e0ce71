"""What the source counts, under the names of Debezium's metrics."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from cdc.batch import Batch, ChangeBatch
from cdc.metrics import Metrics

_SEEN = {
    "c": "TotalNumberOfCreateEventsSeen",
    "u": "TotalNumberOfUpdateEventsSeen",
    "d": "TotalNumberOfDeleteEventsSeen",
}


class StreamMetrics:
    """Keep Debezium's streaming and snapshot metrics of one task."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._snapshot_started = 0.0
        self._tables: set[str] = set()
        for name in _SEEN.values():
            metrics.set(name, 0)
        metrics.set("Connected", False)

    def connected(self, value: bool) -> None:
        """Note whether the stream is connected."""
        self._metrics.set("Connected", value)

    def snapshot_started(self) -> None:
        """Note that the snapshot runs."""
        self._snapshot_started = time.monotonic()
        self._metrics.set("SnapshotRunning", True)
        self._metrics.set("SnapshotCompleted", False)

    def snapshot_finished(self) -> None:
        """Note that the snapshot is complete."""
        self._metrics.set("SnapshotRunning", False)
        self._metrics.set("SnapshotCompleted", True)
        self._metrics.set("SnapshotDurationInSeconds", int(time.monotonic() - self._snapshot_started))

    def read(
        self,
        batches: Sequence[Batch],
        clock_ns: int,
        *,
        commits: int,
        transaction: str,
        position: Mapping[str, str],
    ) -> None:
        """Count what was read at `clock_ns`.

        commits: transactions seen so far. transaction: the last one's id. position: where in the log
        that ended, in the words of the source's offset.
        """
        metrics, total = self._metrics, 0
        for batch in batches:
            if isinstance(batch, ChangeBatch):
                total += len(batch)
                self._count(batch)
                lag = clock_ns // 1_000_000 - batch.transactions[-1][0]
                metrics.set("MilliSecondsBehindSource", max(lag, 0))
        metrics.add("TotalNumberOfEventsSeen", total)
        metrics.set("NumberOfCommittedTransactions", commits)
        metrics.set("LastTransactionId", transaction)
        metrics.set("SourceEventPosition", position)
        if total:
            metrics.set("LastEventTimestamp", clock_ns // 1_000_000)

    def _count(self, batch: ChangeBatch) -> None:
        for op, count in Counter(batch.ops).items():
            if op in _SEEN:
                self._metrics.add(_SEEN[op], count)
        name = str(batch.table.id)
        if name not in self._tables:
            self._tables.add(name)
            self._metrics.set("CapturedTables", sorted(self._tables))
