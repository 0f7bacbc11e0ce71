"""The process of one task: `python -m cdc.runtime.process FD`, started by the worker.

Its options, secrets included, come through the socket and never stand in argv or the environment.
The process ends with its task, when it is told to, and at once when the worker is gone.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any

from cdc.config import Option
from cdc.config_file import References
from cdc.errors import CdcError, PluginNotFound
from cdc.metrics import Metrics
from cdc.plugin import PluginKind, find
from cdc.runtime.link import Link
from cdc.runtime.redact import Redactor, secrets_of
from cdc.runtime.task import Assignment, build_task, plugin_of
from cdc.runtime.worker_config import open_log

METRICS_INTERVAL = 0.5
_WORKER_GONE = 3
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Rows are many, live shortly and make no cycles; looking for those at every 700th costs a sink a tenth.
_COLLECT = (50_000, 20, 100)

_log = logging.getLogger("cdc.runtime.process")  # the module itself runs as __main__


class TaskProcess:
    """Runs one task, listens to the worker, and reports."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.metrics = Metrics()
        self.stopping = threading.Event()
        self.draining = threading.Event()
        self.redact = Redactor()
        self._kind = PluginKind.SOURCE
        self._done = threading.Event()
        self._inbox = link.messages()

    def run(self) -> int:
        """Run the assigned task to its end and return the exit code."""
        try:
            assignment = self._receive()
            self._watch()
            outcome = self._work(assignment)
        except BaseException as error:  # noqa: BLE001 - the trace of whatever it was belongs to the status
            self._done.set()
            self._fail(error)
            return 1
        self._done.set()
        self._report()
        self.link.send(outcome)
        return 0

    def _receive(self) -> Assignment:
        received = next(self._inbox, None)
        while received is not None and received["kind"] == "prepare":
            _prepare(PluginKind(received["type"]), received["plugin"])
            received = next(self._inbox, None)
        if received is None:
            os._exit(_WORKER_GONE)
        warnings: list[str] = []
        references = References(received["worker"], warnings.append)
        config = references.resolve(received["config"])
        worker = references.resolve(received["worker"])
        self._kind = PluginKind(received["type"])
        self.redact = Redactor(
            secrets_of(received["config"], config, self._options(config))
            + secrets_of(received["worker"], worker)
        )
        _configure_logging(self.link, self.redact, received.get("level", "INFO"))
        for warning in warnings:
            _log.warning("%s", warning)
        return Assignment(received["connector"], received["task"], self._kind, config, worker)

    def _options(self, config: dict[str, str]) -> tuple[Option[Any], ...]:
        try:
            return plugin_of(self._kind, config).config_class.options
        except (PluginNotFound, KeyError):
            return ()  # reported when the task is built

    def _work(self, assignment: Assignment) -> str:
        log = open_log(assignment.worker)
        try:
            task = build_task(
                assignment,
                log,
                self.metrics,
                on_topic=self._topic,
                draining=self.draining.is_set,
            )
            return task.run(self.stopping.is_set, self._started).value
        finally:
            log.close()

    def _topic(self, name: str) -> None:
        self.link.send("topic", name=name)

    def _started(self) -> None:
        self.link.send("state", state="RUNNING")

    def _fail(self, error: BaseException) -> None:
        trace = self.redact("".join(traceback.format_exception(error)))
        known = isinstance(error, CdcError)
        retry = isinstance(error, CdcError) and error.retry
        self._report()
        self.link.send("failed", trace=trace, message=self.redact(str(error)), retry=retry, known=known)

    def _watch(self) -> None:
        threading.Thread(target=self._listen, name="worker", daemon=True).start()
        threading.Thread(target=self._report_often, name="metrics", daemon=True).start()

    def _listen(self) -> None:
        """Obey; without the worker nobody would stop this process, so it ends at once."""
        for message in self._inbox:
            if message["kind"] == "stop":
                self.stopping.set()
            elif message["kind"] == "drain":
                self.draining.set()
        os._exit(_WORKER_GONE)

    def _report_often(self) -> None:
        while not self._done.wait(METRICS_INTERVAL):
            self._report()

    def _report(self) -> None:
        for _ in range(3):
            try:
                snapshot = self.metrics.snapshot()
            except RuntimeError:  # the task has added a name meanwhile
                time.sleep(0.001)
                continue
            self.link.send("metrics", phase=self._phase(), snapshot=snapshot, rss=_resident_bytes())
            return

    def _phase(self) -> str:
        if self._kind is PluginKind.SINK:
            return "sink"
        return "snapshot" if self.metrics.values.get("SnapshotRunning") else "streaming"


def _prepare(kind: PluginKind, plugin: str) -> None:
    """Import what the task will need, while the worker still checks its config."""
    try:
        find(PluginKind.FORMAT, "json")
        find(kind, plugin)
    except PluginNotFound:
        pass  # the worker says so, and better


class _LinkHandler(logging.Handler):
    """Sends log records to the worker, which alone writes to the terminal."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record."""
        self._link.send(
            "log",
            level=record.levelno,
            logger=record.name,
            message=record.getMessage(),
            trace=record.exc_text,
            time=record.created,
        )


def _configure_logging(link: Link, redact: Redactor, level: str) -> None:
    handler = _LinkHandler(link)
    handler.addFilter(redact)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * _PAGE
    except OSError:  # not Linux
        return 0


def main(descriptor: int) -> int:
    """Run the task that comes through the socket."""
    gc.set_threshold(*_COLLECT)
    process = TaskProcess(Link(socket.socket(fileno=descriptor)))
    # SIGTERM alone means: finish in order. Ctrl-C, which reaches the whole group, is for the worker.
    signal.signal(signal.SIGTERM, lambda *_: process.stopping.set())
    return process.run()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
