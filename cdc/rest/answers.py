"""What the resources answer with: JSON responses and errors in Connect's shape."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from cdc.rest.shapes import error
from cdc.runtime.herder import Herder


class RestError(Exception):
    """An answer other than success; `status` is the HTTP status and Connect's `error_code`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class NotFound(RestError):
    """What was asked for does not exist (404)."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message)


def json(body: Any, status: int = 200) -> Response:
    """Return `body` as compact JSON, in the order of its keys."""
    return Response(orjson.dumps(body), status, media_type="application/json")


def json_error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return an error in Connect's shape."""
    return Response(orjson.dumps(error(status, message)), status, headers, media_type="application/json")


def herder(request: Request) -> Herder:
    """Return the herder that the application was made for."""
    found: Herder = request.app.state.herder
    return found


def parameter(request: Request, name: str) -> str:
    """Return a path parameter; it is matched as sent, so that names may contain `%2F`."""
    return unquote(str(request.path_params[name]))
