"""The application: every resource's routes, and errors as Connect answers them.

A resource is a file with a `ROUTES` list; adding one to `RESOURCES` is all it takes. To come: plugins,
offsets, loggers, and the writing methods of connectors.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from http import HTTPStatus
from itertools import chain

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cdc.rest import connectors, exposition, root
from cdc.rest.answers import RestError, json_error
from cdc.runtime.herder import Herder

RESOURCES = (root, connectors, exposition)

_log = logging.getLogger(__name__)


def application(herder: Herder) -> ASGIApp:
    """Return the ASGI application that shows this herder."""
    routes = list(chain.from_iterable(resource.ROUTES for resource in RESOURCES))
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _http_error, RestError: _rest_error, Exception: _failure},
    )
    app.state.herder = herder
    app.router.redirect_slashes = False
    return PathAsSent(Answered(app))


class Answered:
    """Keep the connection after a failure: Starlette answers it, and raises it once more for the server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        with suppress(Exception):  # answered and logged by `_failure`
            await self.app(scope, receive, send)


class PathAsSent:
    """Route by the path as it was sent, less one trailing slash.

    Clients call `/connectors/` as well as `/connectors` and follow no redirects. A connector's name may
    contain a slash, which only the undecoded path tells from one that separates.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its new path."""
        raw = scope.get("raw_path")
        path = raw.decode("ascii", "replace") if raw else scope["path"]
        if len(path) > 1:
            path = path.removesuffix("/")
        await self.app({**scope, "path": path}, receive, send)


async def _http_error(request: Request, exc: Exception) -> Response:
    """Answer what the router refuses: JAX-RS words it `HTTP 404 Not Found`."""
    assert isinstance(exc, HTTPException)
    message = f"HTTP {exc.status_code} {HTTPStatus(exc.status_code).phrase}"
    return json_error(exc.status_code, message, dict(exc.headers or {}))


async def _rest_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RestError)
    return json_error(exc.status, exc.message)


async def _failure(request: Request, exc: Exception) -> Response:
    """Answer 500 with the reason; the trace is for the log."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=exc)
    return json_error(500, str(exc) or type(exc).__name__)
