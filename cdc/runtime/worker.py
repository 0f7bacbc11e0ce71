"""The standalone worker: starts a process for every task, watches them, and ends them in order."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence

from cdc.config_file import References
from cdc.runtime.connectors import Connector
from cdc.runtime.herder import TaskState
from cdc.runtime.link import Message
from cdc.runtime.reports import Reports
from cdc.runtime.spawn import Spawned
from cdc.runtime.task_handle import TaskHandle
from cdc.runtime.worker_config import WorkerConfig

TICK = 0.25
_log = logging.getLogger(__name__)


class Worker(Reports):
    """Supervise the tasks of some connectors until they are done or somebody stops it.

    Retriable errors and killed processes: restarted after a pause that grows up to
    `retriable.restart.connector.wait.ms`. Other errors: FAILED with the trace, as in Connect.
    When every source is finished (`initial_only`), sinks read what is left and the worker ends.
    """

    def __init__(
        self, options: Mapping[str, str], connectors: Sequence[Connector], *, level: str = "INFO"
    ) -> None:
        resolved = References(options).resolve(options)
        config = WorkerConfig(resolved, subject="Worker configuration")
        super().__init__(config, connectors)
        self._options, self._level, self._grace = dict(options), level, config.graceful_ms / 1000
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._killing = self._draining = False
        self._deadline: float | None = None
        self.forced = False

    # -- control, from any thread or signal handler ------------------------------------------

    def stop(self) -> None:
        """Ask every task to finish in order; `run` then returns."""
        self._stopping = True
        self._rouse()

    def kill(self) -> None:
        """End every task at once; `run` then returns."""
        self._stopping = self._killing = True
        self._rouse()

    def _rouse(self) -> None:
        with contextlib.suppress(OSError):  # it is over already
            self._wake.send(b"!")

    # -- supervision, from one thread --------------------------------------------------------

    def start(self, ready: Mapping[str, Spawned] | None = None) -> None:
        """Start every task; returns at once. ready: a process for the first task of some connectors."""
        for task in self._tasks():
            self._launch(task, (ready or {}).get(task.connector) if task.number == 0 else None)
        self.starting = False

    def run(self, on_tick: Callable[[], None] = lambda: None) -> bool:
        """Supervise until stopped or done; returns whether no task has failed."""
        try:
            while not self._over():
                self._steer()
                for key, _ in self._selector.select(self._pause()):
                    self._hear(key)
                self._restart_due()
                on_tick()
            return not self.forced and all(task.state is not TaskState.FAILED for task in self._tasks())
        finally:
            self._close()

    def _over(self) -> bool:
        tasks = self._tasks()
        if self._stopping:
            return not any(task.alive for task in tasks)
        sources = [task for task in tasks if task.kind == "source"]
        done = bool(sources) and all(task.finished for task in sources)
        return done and all(task.over for task in tasks)

    def _steer(self) -> None:
        """Tell the tasks what the state of the whole asks for."""
        tasks = self._tasks()
        now = time.monotonic()
        if self._killing or (self._deadline is not None and now >= self._deadline):
            self.forced = self.forced or not self._killing
            self._signal_all(tasks)
        elif self._stopping and self._deadline is None:
            self._deadline = now + self._grace
            for task in tasks:
                task.restart_at = None
                task.tell("stop")
        elif not self._draining and not self._stopping:
            sources = [task for task in tasks if task.kind == "source"]
            if sources and all(task.finished for task in sources):
                self._drain(tasks)

    def _signal_all(self, tasks: Sequence[TaskHandle]) -> None:
        alive = [task for task in tasks if task.alive]
        if alive and not self._killing:
            names = ", ".join(f"{task.connector}-{task.number}" for task in alive)
            _log.warning("not stopped within %.0f s, killed: %s", self._grace, names)
        for task in alive:
            task.kill()

    def _drain(self, tasks: Sequence[TaskHandle]) -> None:
        self._draining = True
        _log.info("every source is finished; sinks read what is left")
        for task in tasks:
            if task.kind == "sink":
                task.tell("drain")

    def _pause(self) -> float:
        due = [task.restart_at for task in self._tasks() if task.restart_at is not None]
        if self._deadline is not None:
            due.append(self._deadline)
        return max(0.0, min([TICK, *(moment - time.monotonic() for moment in due)]))

    def _hear(self, key: selectors.SelectorKey) -> None:
        task: TaskHandle | None = key.data
        if task is None:
            self._woken.recv(64)
            return
        assert task.link is not None
        messages = task.link.receive()
        with self._lock:
            if messages is None:
                self._ended(task)
            for message in messages or ():
                self._take(task, message)

    def _take(self, task: TaskHandle, message: Message) -> None:
        if message["kind"] == "log":
            _relog(task, message)
        elif message["kind"] == "topic":
            self._entries[task.connector].topics.setdefault(message["name"])
        else:
            task.take(message)

    def _ended(self, task: TaskHandle) -> None:
        assert task.link is not None
        self._selector.unregister(task.link)
        task.reap(stopping=self._stopping)
        where = f"{task.connector}-{task.number}"
        if task.state is TaskState.FAILED:
            shown = task.trace if task.defect or _log.isEnabledFor(logging.DEBUG) else None
            _log.error("task %s FAILED: %s", where, task.message, extra=_extra(task, trace=shown))
        elif task.restart_at is not None:
            pause = task.restart_at - time.monotonic()
            what = task.message or "ended"
            _log.warning("task %s: %s; next attempt in %.1f s", where, what, pause, extra=_extra(task))
        elif task.message is not None:
            _log.warning("task %s stopped after an error: %s", where, task.message, extra=_extra(task))
        else:
            _log.info("task %s %s", where, task.phase, extra=_extra(task))

    def _restart_due(self) -> None:
        now = time.monotonic()
        for task in self._tasks():
            if task.restart_at is not None and task.restart_at <= now and not self._stopping:
                self._launch(task)

    def _launch(self, task: TaskHandle, ready: Spawned | None = None) -> None:
        with self._lock:
            task.start(self._options, self._level, ready)
            assert task.link is not None
            self._selector.register(task.link, selectors.EVENT_READ, task)
            if self._draining and task.kind == "sink":
                task.tell("drain")

    def _close(self) -> None:
        for task in self._tasks():
            if task.process is not None:
                task.kill()
                task.process.wait()
        self._selector.close()
        self._wake.close()
        self._woken.close()


def _extra(task: TaskHandle, **more: object) -> dict[str, object]:
    return {"connector": task.connector, "task": task.number, **more}


def _relog(task: TaskHandle, message: Message) -> None:
    """Log what a task logged, with the name of the task."""
    record = logging.makeLogRecord(
        {
            "name": message["logger"],
            "levelno": message["level"],
            "levelname": logging.getLevelName(message["level"]),
            "msg": message["message"],
            "created": message["time"],
            "exc_text": message["trace"],
            **_extra(task),
        }
    )
    logging.getLogger(record.name).handle(record)
