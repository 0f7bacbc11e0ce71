"""A herder whose state is what a test says."""

from dataclasses import dataclass, field

from cdc.metrics import Metrics
from cdc.runtime.herder import (
    ConnectorInfo,
    ConnectorStatus,
    Herder,
    TaskMetrics,
    TaskState,
    TaskStatus,
)

WORKER = "127.0.0.1:8083"


@dataclass
class FakeHerder(Herder):
    """Holds connectors by name; `add` makes a running one, and everything may be changed afterwards."""

    worker_id: str = WORKER
    cluster_id: str = "cluster-1"
    starting: bool = False
    health: tuple[bool, str] = (
        True,
        "Worker has completed startup and is ready to handle requests.",
    )
    infos: dict[str, ConnectorInfo] = field(default_factory=dict)
    statuses: dict[str, ConnectorStatus] = field(default_factory=dict)
    topics: dict[str, list[str]] = field(default_factory=dict)
    measured: list[TaskMetrics] = field(default_factory=list)

    def add(self, name: str, type: str = "source", tasks: int = 1, **config: str) -> ConnectorStatus:
        """Add a running connector and return its status."""
        self.infos[name] = ConnectorInfo(
            name,
            type,
            {"name": name, **config},
            [{"name": name, "task.class": "t"} for _ in range(tasks)],
        )
        running = [TaskStatus(number, TaskState.RUNNING, self.worker_id) for number in range(tasks)]
        self.statuses[name] = ConnectorStatus(name, type, TaskState.RUNNING, self.worker_id, tasks=running)
        return self.statuses[name]

    def measure(self, connector: str, metrics: Metrics, plugin: str = "postgres", task: int = 0) -> None:
        """Add the metrics of a task."""
        kind = self.infos[connector].type
        self.measured.append(
            TaskMetrics(connector, task, kind, plugin, "streaming", metrics.snapshot(), 50_000_000)
        )

    def healthy(self) -> tuple[bool, str]:
        return self.health

    def connectors(self) -> list[str]:
        return list(self.infos)

    def info(self, name: str) -> ConnectorInfo:
        return self.infos[name]

    def status(self, name: str) -> ConnectorStatus:
        return self.statuses[name]

    def active_topics(self, name: str) -> list[str]:
        return self.topics[name]

    def metrics(self) -> list[TaskMetrics]:
        return self.measured
