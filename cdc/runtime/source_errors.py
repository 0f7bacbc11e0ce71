"""What becomes of a source's records that no transform or converter can take: `errors.tolerance`.

As Connect's RetryWithToleranceOperator and LogReporter: the record is counted and logged, then tolerance
decides whether it is left out or ends the task. A source has no dead letter queue in Connect.
"""

from __future__ import annotations

from dataclasses import dataclass

from cdc.batch import Batch, ChangeBatch
from cdc.metrics import Metrics
from cdc.runtime.error_log import log_error

_MOST_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class SourceErrors:
    """Count and log bad records. tolerant: they are left out; logged, messages: `errors.log.*`."""

    connector: str
    task: int
    metrics: Metrics
    tolerant: bool = False
    logged: bool = False
    messages: bool = False

    def note(self, record: Batch, stage: str, cls: type, error: Exception) -> None:
        """Take note of a single record. stage: as Connect calls it. cls: who failed."""
        self.metrics.add("errors")
        self.metrics.add("NumberOfErroneousEvents")
        if self.logged:
            where = f"where source record is {_describe(record)}" if self.messages else ""
            log_error(self.connector, self.task, stage, cls, error, where)


def _describe(record: Batch) -> str:
    """Tell one record from others: by its place in the source, or else by its key."""
    if isinstance(record, ChangeBatch):
        place = record.source.value(record.transactions[0], [column[0] for column in record.positions])
        return f"{{topic={record.topic!r}, op={record.ops[0]!r}, source={place}}}"
    return f"{{topic={record.topic!r}, key={repr(record.keys[0])[:_MOST_SHOWN]}}}"
