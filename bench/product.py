"""The product, run as a user runs it: `cdc start` with files, default settings."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType

from bench.measure import BenchFailed
from tests.servers.process import Process, free_port, scratch, tail

ROOT = Path(__file__).resolve().parent.parent
_serial = count(1)


class Product:
    """One `cdc start`, from its start to its end; stopped by SIGTERM on the way out."""

    def __init__(
        self,
        sources: Sequence[Mapping[str, str]] = (),
        sinks: Sequence[Mapping[str, str]] = (),
        *,
        bootstrap: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`bootstrap`: the Kafka to use; the embedded log where there is none."""
        self.folder = scratch("bench")
        self.data_dir = self.folder / "data"
        self._environment = dict(environment or {})
        command = [str(Path(sys.executable).with_name("cdc")), "start"]
        for kind, configs in (("source", sources), ("sink", sinks)):
            for config in configs:
                command += [f"--{kind}", str(self._file(f"{kind}-{next(_serial)}", config))]
        if bootstrap is not None:
            command += ["--worker", str(self._file("worker", {"bootstrap.servers": bootstrap}))]
        command += ["--data-dir", str(self.data_dir), "--listen", f"127.0.0.1:{free_port()}"]
        self._command = command
        self._process: Process | None = None
        self._seen = 0

    def _file(self, name: str, config: Mapping[str, str]) -> Path:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(dict(config)))
        return path

    def __enter__(self) -> Product:
        # A user's Python keeps what it has compiled; where it is told not to, every start would compile anew.
        environment = {"PYTHONDONTWRITEBYTECODE": ""}
        environment["PYTHONPATH"] = os.pathsep.join([*self._paths(), str(ROOT)])
        self._process = Process(self._command, self.folder / "log", cwd=self.folder, env=environment)
        return self

    def _paths(self) -> list[str]:
        return [value for name, value in self._environment.items() if name == "PYTHONPATH"]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop()

    @property
    def pid(self) -> int:
        """The worker's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.alive

    @property
    def log(self) -> str:
        """The end of its log."""
        return tail(self.folder / "log", 4000)

    def healthy(self) -> None:
        """Raise BenchFailed when it has ended, or a task of it failed."""
        if not self.alive:
            raise BenchFailed(f"cdc start has ended:\n{self.log}")
        self.not_failed()

    def not_failed(self) -> None:
        """Raise BenchFailed for a failed task; it leaves the worker running, so the log tells."""
        with (self.folder / "log").open() as log:
            log.seek(self._seen)
            for line in iter(log.readline, ""):
                if '"level": "ERROR"' in line:
                    raise BenchFailed(line[:2000])
            self._seen = log.tell()

    def ended_well(self) -> None:
        """Wait for the end of a run that ends by itself; raises BenchFailed when something failed."""
        assert self._process is not None
        while self._process.code is None:
            time.sleep(0.005)
            self.not_failed()
        if self._process.code:
            raise BenchFailed(f"cdc start ended with {self._process.code}:\n{self.log}")
