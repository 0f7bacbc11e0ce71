"""The wire between the worker and a task's process: JSON, one message a line, over a socket pair.

Worker to task: `assign` first, then `stop` or `drain`. Task to worker: `state`, `topic`, `metrics`,
`log`, and one of `stopped`, `finished`, `failed` at the end. Whoever finds the other end closed
knows that the other process is gone.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]
_CHUNK = 1 << 16


class Link:
    """One end of the wire; `send` may be called from any thread."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lock = threading.Lock()
        self._partial = b""

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self._socket.fileno()

    def send(self, kind: str, **content: Any) -> bool:
        """Send a message; False when the other end is gone."""
        line = json.dumps({"kind": kind, **content}, default=str).encode() + b"\n"
        try:
            with self._lock:
                self._socket.sendall(line)
        except OSError:
            return False
        return True

    def receive(self) -> list[Message] | None:
        """Return the messages of one read (perhaps none yet); None when the other end is gone."""
        try:
            data = self._socket.recv(_CHUNK)
        except OSError:
            return None
        if not data:
            return None
        *lines, self._partial = (self._partial + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def messages(self) -> Iterator[Message]:
        """Yield messages until the other end is gone."""
        while (received := self.receive()) is not None:
            yield from received

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
