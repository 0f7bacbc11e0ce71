"""What every real server of the tests is: a process of its own that can be stopped, killed and restarted."""

import signal
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from tests.servers.process import Process, tail


class Server(ABC):
    """Run one server in a folder of its own; a subclass says how it is started."""

    folder: Path
    log_name: ClassVar[str] = "log"
    """The file in the folder that the server writes its log to."""
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    """What asks the server to shut down in order."""
    _process: Process | None = None

    @abstractmethod
    def start(self) -> Self:
        """Start, preparing the folder at the first time, and wait until the server serves."""

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Tell whether the server runs."""
        return self._process is not None and self._process.alive

    @property
    def log(self) -> str:
        """Return the end of the server's log."""
        return tail(self.folder / self.log_name, 20000)

    def stop(self) -> None:
        """Shut down in order."""
        if self._process is not None:
            self._process.stop(self.stop_signal)

    def kill(self) -> None:
        """`kill -9` the server and its children."""
        if self._process is not None:
            self._process.kill()

    def restart(self) -> None:
        """Stop and start again on the same port, with what it had."""
        self.stop()
        self.start()
