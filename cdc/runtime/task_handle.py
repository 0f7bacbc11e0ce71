"""One task as the worker sees it: its process, its state, and when to start it again."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cdc.runtime.backoff import Backoff
from cdc.runtime.herder import TaskMetrics, TaskState, TaskStatus
from cdc.runtime.link import Link, Message
from cdc.runtime.spawn import Spawned, spawn

STEADY_SECONDS = 10.0
"""A task that ran this long has recovered: the next error starts with a short pause again."""


@dataclass(slots=True)
class TaskHandle:
    """Starts a task's process, follows what it reports, and decides what its end means.

    config is raw: `${…}` is resolved in the process. retries: -1 without limit. defect: whether it failed
    with an error that was not made for the operator, so that the trace has to tell.
    """

    connector: str
    number: int
    kind: str
    plugin: str
    config: Mapping[str, str]
    retries: int
    backoff: Backoff
    state: TaskState = TaskState.UNASSIGNED
    trace: str | None = None
    message: str | None = None
    defect: bool = False
    finished: bool = False
    restarts: int = 0
    restart_at: float | None = None
    process: subprocess.Popen[bytes] | None = None
    link: Link | None = None
    phase: str = "starting"
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    rss: int = 0
    _ended: Message | None = None
    _running_since: float | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of this task by itself."""
        return not self.alive and self.restart_at is None

    def start(self, worker: Mapping[str, str], level: str, ready: Spawned | None = None) -> None:
        """Tell a process what to do: one that is `ready`, or a new one."""
        spawned = ready or spawn()
        self.process, self.link = spawned.process, spawned.link
        self.restart_at, self._ended, self._running_since = None, None, None
        self.link.send(
            "assign",
            connector=self.connector,
            task=self.number,
            type=self.kind,
            config=dict(self.config),
            worker=dict(worker),
            level=level,
        )

    def tell(self, kind: str) -> None:
        """Send `stop` or `drain`."""
        if self.link is not None:
            self.link.send(kind)

    def kill(self) -> None:
        """End the process at once."""
        if self.process is not None:
            self.process.kill()

    def take(self, message: Message) -> None:
        """Note what the process reports about itself."""
        kind = message["kind"]
        if kind == "metrics":
            self.phase, self.snapshot, self.rss = message["phase"], message["snapshot"], message["rss"]
        elif kind == "state":
            self.state, self.trace, self.message = TaskState(message["state"]), None, None
            self._running_since = time.monotonic()
        elif kind in ("stopped", "finished", "failed"):
            self._ended = message

    def reap(self, *, stopping: bool) -> None:
        """Wait for the process, whose end of the link is closed, and set what comes next."""
        assert self.process is not None
        assert self.link is not None
        code = self.process.wait()
        self.link.close()
        self.process, self.link, self.rss = None, None, 0
        since = self._running_since
        if since is not None and time.monotonic() - since > STEADY_SECONDS:
            self.backoff.reset()
        self._settle(self._ended or _unreported(code), stopping=stopping)

    def _settle(self, ended: Message, *, stopping: bool) -> None:
        kind = ended["kind"]
        if kind == "finished":
            self.finished, self.state, self.phase = True, TaskState.STOPPED, "finished"
        elif stopping and (kind == "stopped" or ended["retry"]):
            self.message = None if ended.get("crash") else ended.get("message")
            self.state, self.phase = TaskState.UNASSIGNED, "stopped"
        elif kind == "stopped":
            self._again()  # somebody else has sent SIGTERM
        else:
            self.trace, self.message = ended["trace"], ended["message"]
            self.defect = not ended.get("known")
            if ended["retry"] and not stopping and self._may_retry(crash=bool(ended.get("crash"))):
                self._again()
            else:
                self.state, self.phase = TaskState.FAILED, "failed"

    def _may_retry(self, *, crash: bool) -> bool:
        return crash or self.retries < 0 or self.backoff.attempts < self.retries

    def _again(self) -> None:
        self.restarts += 1
        self.restart_at = time.monotonic() + self.backoff.next()
        self.state, self.phase = TaskState.RESTARTING, "restarting"

    def status(self, worker_id: str) -> TaskStatus:
        """Return the state as REST shows it."""
        return TaskStatus(self.number, self.state, worker_id, self.trace)

    def metrics(self, now_ms: int) -> TaskMetrics:
        """Return the newest numbers, with those that only the worker knows."""
        running = _passed(self.snapshot.get("since", {}), now_ms)
        values = {**self.snapshot.get("values", {}), **running, "restarts": self.restarts}
        snapshot = {"tables": {}, "histograms": {}, **self.snapshot, "values": values}
        return TaskMetrics(
            self.connector, self.number, self.kind, self.plugin, self.phase, snapshot, self.rss
        )


def _passed(since: Mapping[str, int], now_ms: int) -> dict[str, int]:
    """Return how long each moment is ago, in the unit that the name tells."""
    return {
        name: max(0, now_ms - moment) // (1 if "MilliSeconds" in name else 1000)
        for name, moment in since.items()
    }


def _unreported(code: int) -> Message:
    """Return what an end without a report means: a signal is bad luck, all else a defect."""
    if code < 0:
        what = f"The task's process was killed by {_signal_name(-code)}"
        return {"kind": "failed", "trace": what, "message": what, "retry": True, "known": True, "crash": True}
    what = f"The task's process ended with exit code {code} and no report; its stderr may tell more"
    return {"kind": "failed", "trace": what, "message": what, "retry": False, "known": True}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
