"""The contract of sinks: records in, durable in the target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from cdc.batch import RecordBatch
from cdc.config import Config
from cdc.metrics import Metrics


class Reporter(Protocol):
    """Decides about records that a sink cannot take (`errors.tolerance`)."""

    def __call__(self, batch: RecordBatch, index: int, error: Exception) -> None:
        """Raise RecordRejected, or set the record aside (dead letter queue) and return."""
        ...

    def commit(self) -> None:
        """Make durable what was set aside; a sink with positions of its own passes the record after this."""
        ...


@dataclass(slots=True)
class SinkContext:
    """What the runtime gives a sink.

    topic_id: the identity of a topic's present incarnation (it differs once the topic was deleted and
    made anew), or None where the log cannot tell; for sinks that keep positions themselves.
    partitions: how many partitions a topic has: with one, records come in the order of the source.
    """

    connector: str
    task: int
    report: Reporter
    metrics: Metrics
    topic_id: Callable[[str], str | None] = lambda topic: None
    partitions: Callable[[str], int] = lambda topic: 1


Positions = Mapping[tuple[str, int], int]
"""(topic, partition) → the offset after the last record."""


class Sink(ABC):
    """Write records somewhere.

    Delivery: `write` may buffer (bounded in bytes) and may see the same records again after a
    failure; `flush` returns when everything written before is durable in the target, with the
    positions that are safe to commit. A sink that keeps positions itself (in the same transaction
    as the rows: exactly-once) returns them from `open`, and reading starts there. A record that
    cannot be written goes to `context.report`, with the reason; transient trouble is raised as
    SinkUnavailable, and the runtime calls again.
    """

    config_class: ClassVar[type[Config]]
    version: ClassVar[str] = "3.6.3.Final"

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def open(self, context: SinkContext) -> Positions | None:
        """Connect and verify the target; return own stored positions, or None to use the log's."""

    @abstractmethod
    def write(self, batch: RecordBatch) -> None:
        """Take the records, in the order of the log."""

    @abstractmethod
    def flush(self) -> Positions:
        """Make everything written so far durable; return the positions reached."""

    @abstractmethod
    def close(self) -> None:
        """Give up what is not flushed and release everything; safe to call at any time."""
