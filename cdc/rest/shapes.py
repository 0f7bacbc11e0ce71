"""The JSON of Kafka Connect's entities: field names and order as its own REST API emits them."""

from __future__ import annotations

from typing import Any

from cdc.runtime.herder import ConnectorInfo, ConnectorStatus, TaskStatus

Json = dict[str, Any]


def server_info(version: str, commit: str, cluster_id: str) -> Json:
    """Return Connect's ServerInfo."""
    return {"version": version, "commit": commit, "kafka_cluster_id": cluster_id}


def connector_info(info: ConnectorInfo) -> Json:
    """Return Connect's ConnectorInfo; the config is raw, `${…}` is not resolved."""
    return {
        "name": info.name,
        "config": dict(info.config),
        "tasks": [task_id(info.name, number) for number in range(len(info.tasks))],
        "type": info.type,
    }


def connector_status(status: ConnectorStatus) -> Json:
    """Return Connect's ConnectorStateInfo, the tasks by number."""
    tasks = sorted(status.tasks, key=lambda task: task.id)
    return {
        "name": status.name,
        "connector": _state(status),
        "tasks": [task_status(task) for task in tasks],
        "type": status.type,
    }


def task_status(task: TaskStatus) -> Json:
    """Return the state of one task."""
    return {"id": task.id, **_state(task)}


def task_infos(info: ConnectorInfo) -> list[Json]:
    """Return Connect's TaskInfo list."""
    return [
        {"id": task_id(info.name, number), "config": dict(config)} for number, config in enumerate(info.tasks)
    ]


def task_configs(info: ConnectorInfo) -> Json:
    """Return the configs of the tasks by `connector-number`."""
    return {f"{info.name}-{number}": dict(config) for number, config in enumerate(info.tasks)}


def task_id(connector: str, number: int) -> Json:
    """Return Connect's ConnectorTaskId."""
    return {"connector": connector, "task": number}


def error(status: int, message: str) -> Json:
    """Return Connect's ErrorMessage."""
    return {"error_code": status, "message": message}


def _state(status: ConnectorStatus | TaskStatus) -> Json:
    """Return state, worker and, only when there is one, the trace."""
    state: Json = {"state": status.state.value, "worker_id": status.worker_id}
    if status.trace:
        state["trace"] = status.trace
    return state
