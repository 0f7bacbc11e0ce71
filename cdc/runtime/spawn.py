"""Start the processes that tasks run in.

A process may be started before its task is known: it loads what every task needs while the worker
still reads the configs.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cdc.runtime.link import Link

_ENVIRONMENT = {
    # More arenas than threads that allocate only keep memory apart that was freed.
    "MALLOC_ARENA_MAX": "2",
}


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Let nobody but the worker hear Ctrl-C: what is started here begins with it blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(slots=True)
class Spawned:
    """A process, and our end of the wire to it."""

    process: subprocess.Popen[bytes]
    link: Link

    def prepare(self, kind: str, plugin: str) -> None:
        """Let it import a connector's plugin already."""
        self.link.send("prepare", type=kind, plugin=plugin)

    def discard(self) -> None:
        """End a process that got no task: it ends when the wire is cut."""
        self.link.close()
        self.process.wait()


def spawn() -> Spawned:
    """Start a process; it waits for its assignment, and ends when this one ends."""
    ours, theirs = socket.socketpair()
    with theirs, _ctrl_c_held():
        process = subprocess.Popen(
            [sys.executable, "-m", "cdc.runtime.process", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env={**_ENVIRONMENT, **os.environ},
        )
    return Spawned(process, Link(ours))
