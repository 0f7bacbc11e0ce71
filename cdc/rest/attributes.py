"""Which metrics there are: Debezium's MBean attributes and cdc's own numbers, with their meaning.

The exposition and `docs/metrics.md` are made from these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

STREAMING, SNAPSHOT, HISTORY = "streaming", "snapshot", "schema-history"
BOTH = (STREAMING, SNAPSHOT)
BINLOG = ("mysql", "mariadb")
MONGODB = ("mongodb", "mongodb-kafka")


class Shape(StrEnum):
    """What an attribute's value is, and so how Prometheus can show it."""

    NUMBER = "number"
    TRUTH = "0 or 1"
    TEXT = "text"
    LIST = "list"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of Debezium's MBeans; `default` is what it shows before anything has happened."""

    name: str
    doc: str
    contexts: tuple[str, ...] = (STREAMING,)
    shape: Shape = Shape.NUMBER
    default: float = 0
    plugins: tuple[str, ...] = ()

    def belongs_to(self, plugin: str) -> bool:
        """Tell whether connectors of this plugin have it."""
        return not self.plugins or plugin in self.plugins


def _number(
    name: str, doc: str, *contexts: str, default: float = 0, plugins: tuple[str, ...] = ()
) -> Attribute:
    return Attribute(name, doc, contexts or (STREAMING,), default=default, plugins=plugins)


def _truth(name: str, doc: str, *contexts: str, plugins: tuple[str, ...] = ()) -> Attribute:
    return Attribute(name, doc, contexts or (STREAMING,), Shape.TRUTH, plugins=plugins)


def _text(name: str, doc: str, *contexts: str, plugins: tuple[str, ...] = ()) -> Attribute:
    return Attribute(name, doc, contexts or (STREAMING,), Shape.TEXT, plugins=plugins)


_NO_QUEUE = "a window of rows is in the log before the next one is read, so that no queue is between."

DEBEZIUM: tuple[Attribute, ...] = (
    _text("LastEvent", "Operation and table of the last event read.", *BOTH),
    _number("MilliSecondsSinceLastEvent", "Milliseconds since the last event was read.", *BOTH, default=-1),
    _number("TotalNumberOfEventsSeen", "Events read since the start.", *BOTH),
    _number("TotalNumberOfCreateEventsSeen", "Inserts read since the start.", *BOTH),
    _number("TotalNumberOfUpdateEventsSeen", "Updates read since the start.", *BOTH),
    _number("TotalNumberOfDeleteEventsSeen", "Deletes read since the start.", *BOTH),
    _number("NumberOfEventsFiltered", "Events read but dropped by include and exclude lists.", *BOTH),
    _number("NumberOfErroneousEvents", "Events that could not be processed.", *BOTH),
    Attribute("CapturedTables", "The tables that are captured.", BOTH, Shape.LIST),
    _number("QueueTotalCapacity", f"Always the default of Debezium: {_NO_QUEUE}", *BOTH, default=8192),
    _number("QueueRemainingCapacity", f"Always all of it: {_NO_QUEUE}", *BOTH, default=8192),
    _number("MaxQueueSizeInBytes", f"Always 0, no limit: {_NO_QUEUE}", *BOTH),
    _number("CurrentQueueSizeInBytes", f"Always 0: {_NO_QUEUE}", *BOTH),
    _truth("Connected", "Whether the connector is connected to the database."),
    _number(
        "MilliSecondsBehindSource",
        "Milliseconds between the commit of the last change and its processing.",
        default=-1,
    ),
    _number("MilliSecondsBehindSourceMinValue", "The least of MilliSecondsBehindSource since the start."),
    _number("MilliSecondsBehindSourceMaxValue", "The greatest of MilliSecondsBehindSource since the start."),
    _number("MilliSecondsBehindSourceAverageValue", "The mean of MilliSecondsBehindSource since the start."),
    _number("MilliSecondsBehindSourceP50", "The median of MilliSecondsBehindSource."),
    _number("MilliSecondsBehindSourceP95", "The 95th percentile of MilliSecondsBehindSource."),
    _number("MilliSecondsBehindSourceP99", "The 99th percentile of MilliSecondsBehindSource."),
    _number("NumberOfCommittedTransactions", "Transactions read to their commit."),
    Attribute("SourceEventPosition", "Position of the last event.", (STREAMING,), Shape.MAP),
    _text("LastTransactionId", "Id of the last transaction read."),
    _text("BinlogFilename", "The binlog file that is read.", plugins=BINLOG),
    _number("BinlogPosition", "The position in the binlog file.", plugins=BINLOG),
    _text("GtidSet", "The GTID set that was read.", plugins=BINLOG),
    _truth("IsGtidModeEnabled", "Whether the server writes GTIDs.", plugins=BINLOG),
    _number("NumberOfSkippedEvents", "Events that the reader skipped.", plugins=BINLOG),
    _number(
        "NumberOfDisconnects",
        "How often the connection to the server was lost and made anew without a restart of the task, which "
        "cdc_restarts_total counts.",
        plugins=BINLOG + MONGODB,
    ),
    _number("NumberOfRolledBackTransactions", "Transactions that were rolled back.", plugins=BINLOG),
    _number("NumberOfNotWellFormedTransactions", "Transactions without begin or commit.", plugins=BINLOG),
    _number("NumberOfLargeTransactions", "Transactions larger than the look-ahead buffer.", plugins=BINLOG),
    _number("NumberOfPrimaryElections", "How often the primary changed.", plugins=MONGODB),
    _number("TotalTableCount", "Tables that the snapshot reads.", SNAPSHOT),
    _number("RemainingTableCount", "Tables that the snapshot has yet to read.", SNAPSHOT),
    _truth("SnapshotRunning", "Whether the snapshot runs.", SNAPSHOT),
    _truth("SnapshotPaused", "Whether the snapshot is paused.", SNAPSHOT),
    _truth("SnapshotAborted", "Whether the snapshot was aborted.", SNAPSHOT),
    _truth("SnapshotCompleted", "Whether the snapshot is complete.", SNAPSHOT),
    _truth("SnapshotSkipped", "Whether there was no snapshot to make.", SNAPSHOT),
    _number("SnapshotDurationInSeconds", "Seconds the snapshot has taken so far.", SNAPSHOT),
    _number("SnapshotPausedDurationInSeconds", "Seconds the snapshot was paused.", SNAPSHOT),
    Attribute("RowsScanned", "Rows the snapshot has read of each table.", (SNAPSHOT,), Shape.MAP),
    Attribute("TableChunkCounts", "Chunks of each table.", (SNAPSHOT,), Shape.MAP),
    _text("ChunkId", "The chunk that is read.", SNAPSHOT),
    _text("ChunkFrom", "The first key of the chunk.", SNAPSHOT),
    _text("ChunkTo", "The last key of the chunk.", SNAPSHOT),
    _text("TableFrom", "The first key of the table.", SNAPSHOT),
    _text("TableTo", "The last key of the table.", SNAPSHOT),
    _truth("HoldingGlobalLock", "Whether the snapshot holds the global read lock.", SNAPSHOT, plugins=BINLOG),
    _text("Status", "STOPPED, RECOVERING or RUNNING.", HISTORY, plugins=BINLOG),
    _number("StatusCode", "0, 1 or 2 for the same.", HISTORY, plugins=BINLOG),
    _number(
        "RecoveryStartTime", "When recovery began, in epoch seconds.", HISTORY, default=-1, plugins=BINLOG
    ),
    _number("ChangesRecovered", "Records that recovery has read.", HISTORY, plugins=BINLOG),
    _number(
        "ChangesApplied", "Records that recovery, or the stream since, has applied.", HISTORY, plugins=BINLOG
    ),
    _number(
        "MilliSecondsSinceLastRecoveredChange",
        "Milliseconds since recovery has read its last record.",
        HISTORY,
        default=-1,
        plugins=BINLOG,
    ),
    _number(
        "MilliSecondsSinceLastAppliedChange",
        "Milliseconds since the last record was applied.",
        HISTORY,
        default=-1,
        plugins=BINLOG,
    ),
)


@dataclass(frozen=True, slots=True)
class Own:
    """One metric of cdc's own; `kind` and `unit` as Prometheus has them."""

    name: str
    kind: str
    labels: tuple[str, ...]
    doc: str


TASK = ("connector", "task", "type")

OWN: tuple[Own, ...] = (
    Own("cdc_rows_total", "counter", TASK, "Rows that the task has passed on since it was started."),
    Own("cdc_bytes_total", "counter", TASK, "Bytes of keys and values that the task has passed on."),
    Own("cdc_errors_total", "counter", TASK, "Records that could not be processed."),
    Own("cdc_commits_total", "counter", TASK, "How often the task has made its position durable."),
    Own("cdc_restarts_total", "counter", TASK, "How often the task was started anew after an error."),
    Own("cdc_table_rows_total", "counter", (*TASK, "table"), "Rows passed on of each table."),
    Own(
        "cdc_lag_seconds",
        "histogram",
        (*TASK, "stage"),
        "How long rows take for each stage of their way: `read` from the commit in the source until the "
        "task has them, `append` from there until they are in the log, `acknowledged` from there until the "
        "source was told, `applied` from the commit in the source until they are durable in a sink's target.",
    ),
    Own("cdc_connector_state", "gauge", ("connector", "type", "state"), "1 for the state it is in."),
    Own("cdc_task_state", "gauge", ("connector", "task", "type", "state"), "1 for the state it is in."),
    Own("cdc_task_phase", "gauge", ("connector", "task", "type", "phase"), "1 for what the task does now."),
    Own("cdc_task_resident_memory_bytes", "gauge", TASK, "Resident memory of the task's process."),
    Own("cdc_worker_resident_memory_bytes", "gauge", (), "Resident memory of the worker's process."),
    Own("cdc_worker_info", "gauge", ("version", "worker_id", "cluster_id"), "Always 1."),
)
