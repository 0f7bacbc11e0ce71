"""Serve the REST API from a thread of the worker's process."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from cdc.errors import CdcError
from cdc.runtime.herder import Herder

if TYPE_CHECKING:
    import uvicorn

STOP_TIMEOUT = 5.0


class ListenFailed(CdcError):
    """The REST API cannot listen on its address."""

    hint = "choose another with --listen HOST:PORT"


class Server:
    """The running REST API; made by `start`."""

    def __init__(self, herder: Herder, listener: socket.socket) -> None:
        self._herder, self._listener = herder, listener
        self._address: tuple[str, int] = listener.getsockname()[:2]
        self._stopping = threading.Event()
        self._uvicorn: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._serve, name="rest", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port that are listened on; the port is a real one even if 0 was asked for."""
        return self._address

    @property
    def url(self) -> str:
        """Return the address as a URL, to be shown."""
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """Finish what is being answered and stop listening; safe to call more than once."""
        self._stopping.set()
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True
        self._thread.join(STOP_TIMEOUT)
        self._listener.close()

    def _serve(self) -> None:
        """Import and run the server; here, because the worker's own start must not wait for it."""
        self._uvicorn = _server(self._herder)
        if not self._stopping.is_set():
            self._uvicorn.run(sockets=[self._listener])


def listen(host: str = "127.0.0.1", port: int = 8083) -> socket.socket:
    """Return the socket for `start`; requests that come earlier than the server wait in it.

    Raises ListenFailed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ListenFailed(f"The REST API cannot listen on {host}:{port}: {error.strerror}") from error


def start(herder: Herder, listener: socket.socket) -> Server:
    """Serve; returns at once."""
    return Server(herder, listener)


def _server(herder: Herder) -> uvicorn.Server:
    import uvicorn

    from cdc.rest.app import application

    # The plain loop and parser: the others cost memory, and a status API has no load.
    config = uvicorn.Config(
        application(herder),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)
