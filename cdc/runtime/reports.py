"""What a worker knows about its connectors, as REST, the terminal and the metrics ask for it."""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from cdc.runtime.backoff import Backoff
from cdc.runtime.connectors import Connector
from cdc.runtime.herder import ConnectorInfo, ConnectorStatus, Herder, TaskMetrics, TaskState
from cdc.runtime.task_handle import TaskHandle
from cdc.runtime.worker_config import WorkerConfig


@dataclass(slots=True)
class Entry:
    """A connector, its tasks, and the topics it has used, in that order."""

    connector: Connector
    tasks: list[TaskHandle]
    topics: dict[str, None] = field(default_factory=dict)


class Reports(Herder):
    """The reading half of a worker; whoever supervises changes the entries under `_lock`."""

    def __init__(self, config: WorkerConfig, connectors: Sequence[Connector]) -> None:
        self.worker_id = config.worker_id
        self.cluster_id = _cluster_id(config)
        self.starting = True
        self._stopping = False
        self._entries = {connector.name: Entry(connector, _handles(connector)) for connector in connectors}
        self._lock = threading.RLock()

    def healthy(self) -> tuple[bool, str]:
        """Return whether the worker has started and is not on its way out."""
        if self.starting:
            return False, "Worker is still starting up."
        if self._stopping:
            return False, "Worker is shutting down."
        return True, "Worker has completed startup and is ready to handle requests."

    def connectors(self) -> list[str]:
        """Return the connectors' names."""
        return list(self._entries)

    def info(self, name: str) -> ConnectorInfo:
        """Return what was configured, `${…}` as written."""
        connector = self._entries[name].connector
        return ConnectorInfo(name, connector.kind.value, connector.config, connector.task_configs)

    def status(self, name: str) -> ConnectorStatus:
        """Return the state of connector and tasks."""
        entry = self._entries[name]
        with self._lock:
            tasks = [task.status(self.worker_id) for task in entry.tasks]
        state = TaskState.RUNNING if not self.starting else TaskState.UNASSIGNED
        return ConnectorStatus(name, entry.connector.kind.value, state, self.worker_id, tasks=tasks)

    def active_topics(self, name: str) -> list[str]:
        """Return the topics written or read since the start."""
        with self._lock:
            return list(self._entries[name].topics)

    def metrics(self) -> list[TaskMetrics]:
        """Return the newest metrics of every task."""
        now_ms = time.time_ns() // 1_000_000
        with self._lock:
            return [task.metrics(now_ms) for task in self._tasks()]

    def _tasks(self) -> list[TaskHandle]:
        return [task for entry in self._entries.values() for task in entry.tasks]


def _handles(connector: Connector) -> list[TaskHandle]:
    limit = max(connector.restart_wait_ms / 1000, 0.01)
    return [
        TaskHandle(
            connector.name,
            number,
            connector.kind.value,
            connector.plugin_name,
            config,
            connector.max_retries,
            Backoff(first=min(0.3, limit), limit=limit),
        )
        for number, config in enumerate(connector.task_configs)
    ]


def _cluster_id(config: WorkerConfig) -> str:
    """Return an id in the form of Kafka's that stays the same for the same log."""
    place = config.bootstrap_servers or config.data_dir
    return base64.urlsafe_b64encode(uuid.uuid5(uuid.NAMESPACE_URL, place).bytes).decode().rstrip("=")
