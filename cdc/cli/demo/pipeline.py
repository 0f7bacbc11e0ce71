"""`cdc start` as a process of its own, from the shop into SQLite, and what it tells about itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from cdc.cli.demo.server import DemoPostgres, free_port
from cdc.cli.demo.shop import TABLES
from cdc.errors import CdcError

CDC = (sys.executable, "-m", "cdc.cli.main")
STOP_TIMEOUT = 15.0
SOURCE, SINK = "shop", "shop-copy"

SOURCE_CONFIG = """\
name: {name}
connector.class: postgres
topic.prefix: shop
database:
  hostname: 127.0.0.1
  port: {postgres.port}
  dbname: {postgres.database}
  user: {postgres.user}
  password: ${{env:CDC_DEMO_PASSWORD}}
plugin.name: pgoutput
slot.name: cdc_demo
publication.autocreate.mode: filtered
table.include.list: {tables}
"""
SINK_CONFIG = """\
name: {name}
connector.class: jdbc
topics.regex: 'shop\\.public\\..*'
connection.url: 'jdbc:sqlite:{target}'
collection.name.format: '${{source.table}}'
"""


class PipelineFailed(CdcError):
    """The demo's `cdc start` has ended, or a task of it has failed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the source does, and how many changes of it are in the log."""

    phase: str
    logged: int


class Pipeline:
    """One worker with one source and one sink, and its files in a folder."""

    def __init__(self, folder: Path, postgres: DemoPostgres) -> None:
        self.target, self.data = folder / "target.db", folder / "log"
        self.source_file, self.sink_file = folder / "pg.yaml", folder / "jdbc.yaml"
        self.log_file = folder / "cdc.log"
        self.url = ""
        self._postgres = postgres
        self._process: subprocess.Popen[bytes] | None = None
        # A proxy that the environment names is not for our own process.
        self._opener = build_opener(ProxyHandler({}))

    @property
    def pid(self) -> int | None:
        """Return the worker's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Write the configs and start the worker; returns at once."""
        tables = ",".join(f"public.{table}" for table in TABLES)
        source = SOURCE_CONFIG.format(name=SOURCE, postgres=self._postgres, tables=tables)
        self.source_file.write_text(source)
        self.sink_file.write_text(SINK_CONFIG.format(name=SINK, target=self.target))
        listen = f"127.0.0.1:{free_port()}"
        self.url = f"http://{listen}"
        command = [*CDC, "start", "--source", str(self.source_file), "--sink", str(self.sink_file)]
        command += ["--data-dir", str(self.data), "--listen", listen]
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "CDC_DEMO_PASSWORD": self._postgres.password},
                start_new_session=True,
            )

    def stop(self) -> None:
        """Stop the worker gracefully, and kill it if that takes too long."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.terminate()  # the second signal: at once
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def check(self) -> None:
        """Raise PipelineFailed with the reason when there is nothing left to wait for."""
        if self.pid is None:
            raise PipelineFailed(f"cdc start has ended:\n{self.log_tail()}")
        answer = self._get("/connectors?expand=status")
        for name, connector in json.loads(answer or "{}").items():
            for task in connector["status"]["tasks"]:
                if task["state"] == "FAILED":
                    raise PipelineFailed(f"{name} has failed:\n{task['trace']}")

    def progress(self) -> Progress | None:
        """Return how far it is; None while it cannot be asked yet."""
        answer = self._get("/metrics")
        if answer is None:
            return None
        phase, logged = "starting", 0
        for name, labels, value in _samples(answer.decode()):
            if labels.get("connector") == SOURCE and name == "cdc_rows_total":
                logged = int(value)
            elif labels.get("connector") == SOURCE and name == "cdc_task_phase":
                phase = labels["phase"]
        return Progress(phase, logged)

    def events(self, topic: str) -> Iterator[dict[str, Any]]:
        """Yield what `cdc consume` prints of a topic, from its beginning to its present end."""
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(self.consume_command(topic), stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            yield from map(json.loads, process.stdout)
            if process.wait():
                raise PipelineFailed(f"cdc consume has failed:\n{self.log_tail()}")
        finally:
            process.kill()
            process.communicate()

    def consume_command(self, topic: str) -> list[str]:
        """Return the command that prints a topic."""
        return [*CDC, "consume", topic, "--data-dir", str(self.data), "--from-beginning"]

    def log_tail(self) -> str:
        """Return the end of what the worker has said."""
        return self.log_file.read_text(errors="replace")[-2000:].strip()

    def _get(self, path: str) -> bytes | None:
        """Return the answer of the REST API; None when there is none yet."""
        try:
            with self._opener.open(self.url + path, timeout=5) as answer:
                body: bytes = answer.read()
                return body
        except (URLError, OSError):
            return None


def _samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    from prometheus_client.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value
