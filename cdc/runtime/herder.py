"""What REST, the terminal and the metrics see of a worker (Kafka Connect's Herder)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TaskState(StrEnum):
    """States of connectors and tasks as Kafka Connect names them (AbstractStatus.State)."""

    UNASSIGNED = "UNASSIGNED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    FAILED = "FAILED"
    RESTARTING = "RESTARTING"
    STOPPED = "STOPPED"


@dataclass(slots=True)
class TaskStatus:
    """One task: number, state, and the trace when it failed."""

    id: int
    state: TaskState
    worker_id: str
    trace: str | None = None


@dataclass(slots=True)
class ConnectorStatus:
    """A connector's state and those of its tasks; `type` is source or sink."""

    name: str
    type: str
    state: TaskState
    worker_id: str
    trace: str | None = None
    tasks: list[TaskStatus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ConnectorInfo:
    """A connector's raw config (`${…}` not resolved) and its task configs (raw as well)."""

    name: str
    type: str
    config: Mapping[str, str]
    tasks: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class TaskMetrics:
    """A task's newest `cdc.metrics.Metrics.snapshot()` with the labels it belongs to.

    phase: snapshot, streaming, sink, … (the live line's word). rss_bytes: of the task's process.
    """

    connector: str
    task: int
    type: str
    plugin: str
    phase: str
    snapshot: Mapping[str, Any]
    rss_bytes: int


class Herder(ABC):
    """The state of the connectors; all methods are quick, thread-safe, and never block on a task.

    Raises KeyError for an unknown connector. `starting` is True until everything that was given at
    the start has been started: a worker that is not healthy and not `starting` is broken.
    """

    worker_id: str
    cluster_id: str
    starting: bool = False

    @abstractmethod
    def healthy(self) -> tuple[bool, str]:
        """Return whether the worker has started and runs, with a sentence that says so."""

    @abstractmethod
    def connectors(self) -> list[str]:
        """Return the connectors' names."""

    @abstractmethod
    def info(self, name: str) -> ConnectorInfo:
        """Return what was configured."""

    @abstractmethod
    def status(self, name: str) -> ConnectorStatus:
        """Return the present state."""

    @abstractmethod
    def active_topics(self, name: str) -> list[str]:
        """Return the topics that the connector has used since it was created."""

    @abstractmethod
    def metrics(self) -> list[TaskMetrics]:
        """Return the newest metrics of every task."""
