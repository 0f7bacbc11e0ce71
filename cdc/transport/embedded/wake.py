"""Tell waiting readers of other processes that something was committed, without polling.

Every reader that waits owns a named pipe in a directory beside the log; a writer puts a byte into
each pipe after a commit. Pipes work on every POSIX system and have no limit on the length of their
path (as UNIX sockets have). A bell that cannot be rung only costs latency: readers look by
themselves from time to time.
"""

from __future__ import annotations

import errno
import os
import select
import uuid
from pathlib import Path


class Bell:
    """Ring (as a writer) and hear (as a reader) that there are new records.

    A reader calls `listen` once, then `clear` before it looks for records, and `wait` when there are
    none: a commit between the two is not missed.
    """

    # Without a pipe (some file systems have none) a reader looks this often; with one this is a net.
    LOOK_S = 0.005
    NET_S = 0.5

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pipe: tuple[Path, int] | None = None
        self._listening = False

    def ring(self) -> None:
        """Wake every reader that waits."""
        try:
            pipes = os.listdir(self._directory)
        except OSError:
            return
        for name in pipes:
            if name.endswith(".pipe"):
                self._ring_one(self._directory / name)

    def listen(self) -> None:
        """Be woken by what is committed from now on."""
        if not self._listening:
            self._listening = True
            self._open()

    def clear(self) -> bool:
        """Forget earlier rings; tell whether there is anything to wait with."""
        if self._pipe is not None:
            _drain(self._pipe[1])
        return self._listening

    def wait(self, timeout: float) -> None:
        """Return when something may have been committed, or after `timeout` seconds at most."""
        if self._pipe is None:
            select.select((), (), (), min(timeout, self.LOOK_S))
        else:
            select.select((self._pipe[1],), (), (), min(timeout, self.NET_S))

    def close(self) -> None:
        """Listen no longer."""
        if self._pipe is not None:
            path, handle = self._pipe
            self._pipe = None
            _remove(path)
            os.close(handle)

    def _open(self) -> None:
        name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        hidden, path = self._directory / f"{name}.new", self._directory / f"{name}.pipe"
        try:
            self._directory.mkdir(exist_ok=True)
            os.mkfifo(hidden, 0o600)
            # Both ends are held, so that the pipe never reports an end of file.
            handle = os.open(hidden, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            os.rename(hidden, path)  # only now: writers remove pipes that nobody has open
        except OSError:
            _remove(hidden)
        else:
            self._pipe = path, handle

    def _ring_one(self, path: Path) -> None:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:  # its reader was killed
                _remove(path)
            return
        try:
            os.write(handle, b"!")
        except OSError:
            pass  # full: it was rung before and has not been heard yet
        finally:
            os.close(handle)


def _drain(handle: int) -> None:
    try:
        while len(os.read(handle, 4096)) == 4096:
            pass
    except BlockingIOError:
        return


def _remove(path: Path) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
