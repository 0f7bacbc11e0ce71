"""The worker itself: `GET /` and `GET /health`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cdc import __version__
from cdc.rest.answers import herder, json
from cdc.rest.shapes import server_info

CONNECT_VERSION = "4.3.1"
"""The Kafka Connect whose REST API this is; clients (kcctl) unlock features by it."""


async def server(request: Request) -> Response:
    """Return version and cluster; `commit` is ours, as the version must be Connect's."""
    return json(server_info(CONNECT_VERSION, f"cdc-{__version__}", herder(request).cluster_id))


async def health(request: Request) -> Response:
    """Return 200 when the worker works, 503 while it starts, 500 when it is broken."""
    worker = herder(request)
    healthy, message = worker.healthy()
    if healthy:
        return json({"status": "healthy", "message": message})
    if worker.starting:
        return json({"status": "starting", "message": message}, 503)
    return json({"status": "unhealthy", "message": message}, 500)


ROUTES = [Route("/", server), Route("/health", health)]
