"""What is told of the schema history, under the names of Debezium's metrics (`context=schema-history`)."""

from __future__ import annotations

import time

from cdc.metrics import Metrics

_STATUSES = ("STOPPED", "RECOVERING", "RUNNING")


class HistoryMetrics:
    """Keep the numbers of one history, from its first use on."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._now("RUNNING")

    def recovers(self) -> None:
        """Note that the definitions are read from the history."""
        self._metrics.set("RecoveryStartTime", int(time.time()))
        self._now("RECOVERING")

    def recovered(self, read: int, applied: int) -> None:
        """Note how many records were read, and how many of them were up to the offset."""
        self._metrics.set("ChangesRecovered", read)
        self._metrics.set("ChangesApplied", applied)
        self._metrics.runs("MilliSecondsSinceLastRecoveredChange")
        self._metrics.runs("MilliSecondsSinceLastAppliedChange")
        self._now("RUNNING")

    def applied(self) -> None:
        """Note a change that the history keeps from now on."""
        self._metrics.add("ChangesApplied")
        self._metrics.runs("MilliSecondsSinceLastAppliedChange")

    def stopped(self) -> None:
        """Note that the history is not used any more."""
        self._now("STOPPED")

    def _now(self, status: str) -> None:
        self._metrics.set("Status", status)
        self._metrics.set("StatusCode", _STATUSES.index(status))
