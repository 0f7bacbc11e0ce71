"""`cdc start` as a real process, to be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import yaml

from tests.faults.databases import Database
from tests.faults.tables import TABLES
from tests.servers.process import Process, tail

CDC = [sys.executable, "-m", "cdc.cli.main"]
# What is killed runs as fast as in production, and could not say what it has covered.
_UNMEASURED = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}


class Pipeline:
    """One worker with a source, and a JDBC sink into another database.

    bootstrap: Kafka's address; without it the embedded log is used. options: more of the source's.
    """

    def __init__(
        self,
        folder: Path,
        source: Database,
        target: Database,
        *,
        bootstrap: str = "",
        exactly_once: bool = False,
        options: dict[str, str] | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.source, self.target = folder, source, target
        self.log = folder / "cdc.log"
        self.prefix = f"{source.connector}_{source.name}"
        self._process: Process | None = None
        self._orphans: list[int] = []
        self._write("source", self._source_config() | (options or {}))
        self._write("sink", self._sink_config())
        self._arguments = ["--data-dir", str(folder / "data")]
        if bootstrap:
            more = {f"{kind}.storage.topic": f"_{self.prefix}-{kind}" for kind in ("offset", "config")}
            more["exactly.once.source.support"] = "enabled" if exactly_once else "disabled"
            self._write("worker", {"bootstrap.servers": bootstrap, "group.id": self.prefix, **more})
            self._arguments += ["--worker", str(folder / "worker.yaml")]

    def _write(self, name: str, options: dict[str, str]) -> None:
        (self.folder / f"{name}.yaml").write_text(yaml.safe_dump(options))

    def _source_config(self) -> dict[str, str]:
        return {
            "name": f"{self.prefix}-source",
            "topic.prefix": self.prefix,
            **self.source.source_options(self.prefix, TABLES),
            "retriable.restart.connector.wait.ms": "300",
        }

    def _sink_config(self) -> dict[str, str]:
        return {
            "name": f"{self.prefix}-sink",
            "connector.class": "jdbc",
            **self.target.sink_options(),
            "collection.name.format": "${source.table}",
            "retriable.restart.connector.wait.ms": "300",
        }

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the worker, at once also behind a kill: what is left of the former one has to give way."""
        files = ["--source", str(self.folder / "source.yaml"), "--sink", str(self.folder / "sink.yaml")]
        command = [*CDC, "start", *files, *self._arguments, "--listen", "off", "--log-format", "json"]
        self._process = Process(command, self.log, env=_UNMEASURED)

    @property
    def alive(self) -> bool:
        """Whether the worker runs."""
        return self._process is not None and self._process.alive

    def tasks(self) -> list[int]:
        """Return the process ids of the worker's tasks."""
        assert self._process is not None
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        try:
            return [int(child) for child in path.read_text().split()]
        except OSError:
            return []

    def kill_worker(self) -> None:
        """`kill -9` the worker alone; its tasks have to notice."""
        assert self._process is not None
        self.require_alive()
        self._orphans += self.tasks()
        os.kill(self._process.pid, signal.SIGKILL)
        while self._process.alive:
            time.sleep(0.002)

    def kill_task(self, choose: Any) -> None:
        """`kill -9` one of the tasks; the worker has to start it again."""
        self.require_alive()
        deadline = time.monotonic() + 20
        while not (tasks := self.tasks()):
            assert time.monotonic() < deadline, f"no task is started again:\n{tail(self.log)}"
            time.sleep(0.02)
        os.kill(choose.choice(tasks), signal.SIGKILL)

    def stop(self) -> int:
        """End in order and return the exit code."""
        assert self._process is not None
        self._process.stop(timeout=30)
        code = self._process.code
        assert code is not None
        return code

    def close(self) -> None:
        """End at once, whatever the state."""
        if self._process is not None:
            self._process.kill()

    def require_alive(self) -> None:
        """Fail with the reason when the worker has ended by itself, or a task has FAILED."""
        assert self.alive, f"cdc start has ended:\n{tail(self.log, 6000)}"

    def require_no_orphans(self) -> None:
        """Fail when a task has outlived its killed worker."""
        deadline = time.monotonic() + 10
        while left := [pid for pid in self._orphans if _is_task(pid)]:
            assert time.monotonic() < deadline, f"tasks outlive their worker: {left}"
            time.sleep(0.05)

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of the worker's log."""
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                yield json.loads(line)

    def count(self, text: str) -> int:
        """Return how many messages have the text in them."""
        return sum(text in str(message.get("message")) for message in self.messages())

    def await_message(self, text: str, *, more_than: int = 0, timeout: float = 60) -> None:
        """Wait until the worker has said this, so many times and once more."""
        deadline = time.monotonic() + timeout
        while self.count(text) <= more_than:
            self.require_healthy()
            assert time.monotonic() < deadline, f"nothing about {text!r}:\n{tail(self.log, 6000)}"
            time.sleep(0.02)

    def require_healthy(self) -> None:
        """Fail when the worker has ended, or a task has FAILED: nothing that happens here is a reason."""
        self.require_alive()
        failed = [message for message in self.messages() if "FAILED" in str(message.get("message"))]
        assert not failed, "\n".join(f"{m['message']}\n{m.get('trace')}" for m in failed)

    # -- the log -----------------------------------------------------------------------------

    def consume(self, table: str) -> Iterator[dict[str, Any]]:
        """Yield every record of a table's topic, as `cdc consume` prints it."""
        topic = f"{self.prefix}.{self.source.schema}.{table}"
        command = [*CDC, "consume", topic, "--from-beginning", *self._arguments]
        output = self.folder / f"{table}.jsonl"
        with output.open("w") as file:
            subprocess.run(command, check=True, stdout=file, env={**os.environ, **_UNMEASURED})
        with output.open() as file:
            yield from map(orjson.loads, file)


def _is_task(pid: int) -> bool:
    try:
        return b"cdc.runtime.process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
