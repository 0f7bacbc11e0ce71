"""Connection, snapshot and position of a source, under the names of Debezium's metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from cdc.metrics import Metrics


class StreamMetrics:
    """Keep Debezium's streaming and snapshot metrics of one task; events are counted by the runtime."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._snapshot_started = 0.0
        metrics.set("Connected", False)

    def connected(self) -> None:
        """Note that the stream is there; without a snapshot before it, that was skipped."""
        self._metrics.set("Connected", True)
        if not self._snapshot_started:
            self._metrics.set("SnapshotSkipped", True)

    def closed(self) -> None:
        """Note that nothing is read any more; a snapshot that runs is aborted."""
        self._metrics.set("Connected", False)
        if self._metrics.values.get("SnapshotRunning"):
            self._snapshot_ended("SnapshotAborted")

    def snapshot_started(self) -> None:
        """Note that the snapshot runs."""
        self._snapshot_started = time.monotonic()
        self._metrics.set("SnapshotRunning", True)
        self._metrics.set("SnapshotCompleted", False)
        self._metrics.runs("SnapshotDurationInSeconds")

    def snapshot_finished(self) -> None:
        """Note that the snapshot is complete."""
        self._snapshot_ended("SnapshotCompleted")

    def read(self, *, commits: int, transaction: str, position: Mapping[str, str], **more: Any) -> None:
        """Note how far the stream is.

        commits: transactions seen so far. transaction: the last one's id. position: where in the log
        that is, in the words of the source's offset. more: what only this database has.
        """
        values = self._metrics.values
        values["NumberOfCommittedTransactions"] = commits
        values["LastTransactionId"] = transaction
        values["SourceEventPosition"] = position
        values.update(more)

    def _snapshot_ended(self, how: str) -> None:
        self._metrics.set("SnapshotRunning", False)
        self._metrics.set(how, True)
        self._metrics.set("SnapshotDurationInSeconds", int(time.monotonic() - self._snapshot_started))
