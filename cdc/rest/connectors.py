"""The connectors: what is configured, how it is, what it has written."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cdc.rest.answers import NotFound, herder, json, parameter
from cdc.rest.shapes import (
    Json,
    connector_info,
    connector_status,
    task_configs,
    task_infos,
    task_status,
)
from cdc.runtime.herder import ConnectorInfo, ConnectorStatus, Herder

EXPANSIONS: dict[str, Callable[[Herder, str], Json]] = {
    "status": lambda worker, name: connector_status(worker.status(name)),
    "info": lambda worker, name: connector_info(worker.info(name)),
}


async def connectors(request: Request) -> Response:
    """Return the names, or with `expand=status|info` (repeatable) the connectors by name."""
    worker = herder(request)
    if "expand" not in request.query_params:
        return json(worker.connectors())
    return json(_expanded(worker, request.query_params.getlist("expand")))


async def connector(request: Request) -> Response:
    """Return a connector's config and task ids."""
    return json(connector_info(_info(request)))


async def config(request: Request) -> Response:
    """Return a connector's config."""
    return json(dict(_info(request).config))


async def status(request: Request) -> Response:
    """Return the state of a connector and of its tasks."""
    return json(connector_status(_status(request)))


async def tasks(request: Request) -> Response:
    """Return the ids and configs of a connector's tasks."""
    return json(task_infos(_info(request)))


async def tasks_config(request: Request) -> Response:
    """Return the configs of a connector's tasks by `connector-number` (Connect's older form)."""
    return json(task_configs(_info(request)))


async def task_state(request: Request) -> Response:
    """Return the state of one task."""
    name, number = parameter(request, "connector"), int(request.path_params["task"])
    missing = f"No status found for task {name}-{number}"
    try:
        found = herder(request).status(name).tasks
    except KeyError:
        raise NotFound(missing) from None
    for task in found:
        if task.id == number:
            return json(task_status(task))
    raise NotFound(missing)


async def topics(request: Request) -> Response:
    """Return the topics a connector has used; as in Connect, one that is unknown has used none."""
    name = parameter(request, "connector")
    try:
        used = sorted(herder(request).active_topics(name))
    except KeyError:
        used = []
    return json({name: {"topics": used}})


def _expanded(worker: Herder, expansions: Iterable[str]) -> Json:
    """Return the connectors with what was asked for; one that is deleted meanwhile is left out."""
    found: Json = {}
    for name in worker.connectors():
        try:
            found[name] = {key: EXPANSIONS[key](worker, name) for key in expansions if key in EXPANSIONS}
        except KeyError:
            continue
    return found


def _info(request: Request) -> ConnectorInfo:
    name = parameter(request, "connector")
    try:
        return herder(request).info(name)
    except KeyError:
        raise NotFound(f"Connector {name} not found") from None


def _status(request: Request) -> ConnectorStatus:
    name = parameter(request, "connector")
    try:
        return herder(request).status(name)
    except KeyError:
        raise NotFound(f"No status found for connector {name}") from None


ROUTES = [
    Route("/connectors", connectors),
    Route("/connectors/{connector}", connector),
    Route("/connectors/{connector}/config", config),
    Route("/connectors/{connector}/status", status),
    Route("/connectors/{connector}/tasks", tasks),
    Route("/connectors/{connector}/tasks-config", tasks_config),
    Route("/connectors/{connector}/tasks/{task:int}/status", task_state),
    Route("/connectors/{connector}/topics", topics),
]
