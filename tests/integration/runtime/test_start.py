"""`cdc start` as a process: supervision, signals, exit codes, and plugins from another package."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.fakes.outside import install

CDC = [sys.executable, "-m", "cdc.cli.main"]
PATIENCE = 30.0
OPENER = build_opener(ProxyHandler({}))


class Bench:
    """A folder with configs, and the commands that run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines, self.copy = folder / "lines.txt", folder / "copy.txt"
        self.lines.write_text("one\ntwo\nthree\n")
        self.env = {**os.environ, "PYTHONPATH": str(install(folder / "site")), "LINES_SECRET": "hunter2"}
        self.started: list[subprocess.Popen[str]] = []
        self.port = _free_port()

    def source(self, **more: str) -> str:
        options = {
            "connector.class": "lines",
            "topic.prefix": "shop",
            "lines.file": self.lines,
            "lines.password": "${env:LINES_SECRET}",
            **{name.replace("_", "."): value for name, value in more.items()},
        }
        return self._write("src.yaml", options)

    def sink(self, **more: str) -> str:
        return self._write("copy.yaml", {"connector.class": "append", "append.file": self.copy, **more})

    def _write(self, name: str, options: dict[str, Any]) -> str:
        (self.folder / name).write_text("".join(f"{key}: '{value}'\n" for key, value in options.items()))
        return name

    def start(self, *args: str) -> subprocess.Popen[str]:
        command = [*CDC, "start", *args, "--data-dir", "log", "--listen", f"127.0.0.1:{self.port}"]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CDC, *args],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def copied(self) -> list[str]:
        return self.copy.read_text().splitlines() if self.copy.exists() else []

    def get(self, path: str) -> Any:
        with OPENER.open(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return json.load(answer)

    def task_state(self, name: str = "src") -> dict[str, Any]:
        try:
            (task,) = self.get(f"/connectors/{name}/status")["tasks"]
        except OSError:
            return {"state": None}
        return task  # type: ignore[no-any-return]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path)
    yield one
    for process in one.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def records(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_a_plugin_of_another_package_is_listed(bench: Bench) -> None:
    listed = bench.run("plugins").stdout
    assert "lines            org.example.LinesConnector" in listed
    assert "append" in listed
    options = bench.run("plugins", "lines").stdout
    assert "lines.file (string, required)" in options
    assert bench.run("plugins", "nobody").returncode == 1


def test_it_ends_by_itself_when_the_source_is_finished_and_the_sink_drained(bench: Bench) -> None:
    process = bench.start("--source", bench.source(lines_follow="false"), "--sink", bench.sink())
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert bench.copied() == ["one", "two", "three"]
    topics = bench.run("topics", "--data-dir", "log", "--json").stdout
    assert records(topics) == [{"topic": "shop.public.lines", "partitions": 1, "records": 3}]
    consumed = bench.run("consume", "shop.public.lines", "--data-dir", "log", "--max", "2").stdout
    assert [(one["offset"], one["key"], one["value"]) for one in records(consumed)] == [
        (0, "k", "one"),
        (1, "k", "two"),
    ]


def test_sigterm_flushes_and_a_new_start_goes_on(bench: Bench) -> None:
    for expected in (["one", "two", "three"], ["one", "two", "three", "four"]):
        process = bench.start("--source", bench.source(), "--sink", bench.sink())
        until(lambda wanted=expected: bench.copied() == wanted, "rows")  # type: ignore[misc]
        process.terminate()
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output
        with bench.lines.open("a") as file:
            file.write("four\n")
        bench.lines.write_text("one\ntwo\nthree\nfour\n")
    consumed = bench.run("consume", "shop.public.lines", "--data-dir", "log").stdout
    assert [one["value"] for one in records(consumed)] == ["one", "two", "three", "four"]


def test_killed_tasks_are_restarted(bench: Bench) -> None:
    process = bench.start("--source", bench.source(), "--sink", bench.sink())
    until(lambda: len(bench.copied()) == 3, "rows")
    before = children(process.pid)
    for child in before:
        os.kill(child, signal.SIGKILL)
    with bench.lines.open("a") as file:
        file.write("four\n")
    until(lambda: bench.copied() == ["one", "two", "three", "four"], "rows after the kill")
    assert not set(before) & set(children(process.pid))
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert "was killed by SIGKILL" in output


def test_a_task_that_gets_sigterm_is_started_again(bench: Bench) -> None:
    process = bench.start("--source", bench.source())
    until(lambda: bench.task_state()["state"] == "RUNNING", "start")
    (child,) = children(process.pid)
    os.kill(child, signal.SIGTERM)
    until(lambda: [pid for pid in children(process.pid) if pid != child] != [], "restart")
    until(lambda: bench.task_state()["state"] == "RUNNING", "running again")


def test_no_task_outlives_a_killed_worker(bench: Bench) -> None:
    process = bench.start("--source", bench.source(), "--sink", bench.sink())
    until(lambda: len(bench.copied()) == 3, "rows")
    tasks = children(process.pid)
    assert len(tasks) == 2
    process.kill()
    process.wait()
    until(lambda: not any(map(alive, tasks)), "end of the tasks")


def test_a_second_signal_ends_everything_at_once(bench: Bench) -> None:
    process = bench.start("--source", bench.source(lines_trouble="stuck"))
    until(lambda: bench.task_state()["state"] == "UNASSIGNED", "start")
    (child,) = children(process.pid)
    time.sleep(0.5)
    process.terminate()
    time.sleep(0.2)
    assert process.poll() is None
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert time.monotonic() - started < 3
    assert not alive(child)


def test_a_task_that_does_not_stop_is_killed_when_its_time_is_up(bench: Bench) -> None:
    worker = bench._write("worker.yaml", {"task.shutdown.graceful.timeout.ms": "300"})
    process = bench.start("--worker", worker, "--source", bench.source(lines_trouble="stuck"))
    until(lambda: bench.task_state()["state"] == "UNASSIGNED", "start")
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "killed: src-0" in output


def test_other_errors_are_failed_with_the_trace_and_without_the_secret(bench: Bench) -> None:
    process = bench.start("--source", bench.source(lines_trouble="broken"))
    until(lambda: bench.task_state()["state"] == "FAILED", "FAILED")
    trace = bench.task_state()["trace"]
    assert "ValueError: no luck with [hidden]" in trace
    config = bench.get("/connectors/src/config")
    assert config["lines.password"] == "${env:LINES_SECRET}"
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "hunter2" not in output
    (error,) = [entry for entry in records(output) if entry["level"] == "ERROR"]
    assert (error["connector"], error["task"]) == ("src", 0)
    assert "Traceback" in error["trace"]


def test_retriable_errors_are_tried_again_as_often_as_allowed(bench: Bench) -> None:
    away = bench.folder / "away"
    away.touch()
    source = bench.source(lines_trouble=str(away), errors_max_retries="1")
    first = bench.start("--source", source)
    until(lambda: bench.task_state()["state"] == "FAILED", "FAILED")
    assert "ConnectionFailed: the database is away" in bench.task_state()["trace"]
    first.terminate()
    output, _ = first.communicate(timeout=PATIENCE)
    assert "task src-0 FAILED: the database is away" in output
    assert "Traceback" not in output, "which is for REST, and for defects"
    second = Bench.__new__(Bench)
    second.__dict__.update({**bench.__dict__, "port": _free_port()})
    source = second.source(lines_trouble=str(away))
    second.start("--source", source, "--data-dir", "other")
    until(lambda: second.task_state()["state"] == "RESTARTING", "RESTARTING")
    away.unlink()
    until(lambda: second.task_state()["state"] == "RUNNING", "RUNNING")


@pytest.mark.parametrize("delay", [0.2, 0.4, 0.8])
def test_ctrl_c_while_everything_starts_is_for_the_worker_alone(bench: Bench, delay: float) -> None:
    command = [*CDC, "start", "--source", bench.source(), "--data-dir", "log", "--listen", "off"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, cwd=bench.folder, env=bench.env, start_new_session=True, **pipes)
    bench.started.append(process)
    until(lambda: bool(children(process.pid)), "the task's process")
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in output
    # Interrupted in an import's `exec`, CPython ends itself by the signal, which a shell calls 130 as well.
    assert process.returncode in (0, 130, -signal.SIGINT)


def test_options_with_secrets_stand_neither_in_argv_nor_in_the_environment(bench: Bench) -> None:
    process = bench.start("--source", bench.source(lines_password="topsecret"))
    until(lambda: bench.task_state()["state"] == "RUNNING", "start")
    (child,) = children(process.pid)
    for place in ("cmdline", "environ"):
        assert b"topsecret" not in Path(f"/proc/{child}/{place}").read_bytes()
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert "topsecret" not in output
    assert "log in with [hidden] at line 0" in output


def test_a_port_that_is_taken(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", bench.port)):
        process = bench.start("--source", bench.source())
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{bench.port}" in output
    assert "--listen" in output
    assert not (bench.folder / "log").exists()


def test_nothing_starts_when_a_config_is_wrong(bench: Bench) -> None:
    wrong = {"connector.class": "append", "tasks.max": "0", "topics": "t", "append.fil": "copy.txt"}
    bench._write("bad.yaml", wrong)
    process = bench.start("--source", bench.source(), "--sink", "bad.yaml", "--sink", "none.yaml")
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "bad: Invalid value 0 for configuration tasks.max: Value must be at least 1" in output
    assert 'bad: Missing required configuration "append.file" which has no default value.' in output
    assert "warning: bad: Unknown option append.fil is ignored; did you mean append.file?" in output
    assert "none.yaml cannot be read" in output
    assert not (bench.folder / "log").exists()


def test_validate_tells_everything_about_every_file(bench: Bench) -> None:
    bench._write("bad.yaml", {"connector.class": "lines", "lines.fil": "x", "lines.follow": "perhaps"})
    found = bench.run("validate", bench.source(), "bad.yaml")
    assert found.returncode == 2
    assert "src.yaml: ok" in found.stdout
    assert "did you mean lines.file?" in found.stdout
    assert 'bad.yaml: error: Missing required configuration "lines.file"' in found.stdout
    assert "lines.follow: Expected value to be either true or false" in found.stdout
    assert bench.run("validate", bench.source()).returncode == 0


def test_validate_asks_the_server_of_each_source(bench: Bench) -> None:
    options = {"topic.prefix": "a", "database.dbname": "x", "database.user": "u", "database.port": "1"}
    for name in ("one.yaml", "two.yaml"):
        bench._write(name, {"connector.class": "postgres", "database.hostname": "127.0.0.1", **options})
    found = bench.run("validate", "--connect", "one.yaml", "two.yaml", bench.sink())
    assert found.returncode == 2
    for name in ("one.yaml", "two.yaml"):
        assert f"{name}: error: PostgreSQL 127.0.0.1:1" in found.stdout
    assert "copy.yaml: warning: --connect asks the servers of sources alone" in found.stdout


def test_consume_follows(bench: Bench) -> None:
    process = bench.start("--source", bench.source(lines_follow="false"))
    process.communicate(timeout=PATIENCE)
    command = [*CDC, "consume", "shop.public.lines", "--data-dir", "log", "--follow", "--max", "1"]
    with subprocess.Popen(
        command, cwd=bench.folder, env=bench.env, stdout=subprocess.PIPE, text=True
    ) as following:
        time.sleep(1.5)
        bench.lines.write_text("one\ntwo\nthree\nfour\n")
        bench.start("--source", bench.source(lines_follow="false")).communicate(timeout=PATIENCE)
        output, _ = following.communicate(timeout=PATIENCE)
    assert [one["value"] for one in records(output)] == ["four"]
    assert bench.run("consume", "nope", "--data-dir", "log").returncode == 1
    assert "not a number of records" in bench.run("consume", "nope", "--max", "0").stderr


@pytest.mark.parametrize(
    "command", [("topics",), ("consume", "shop.public.lines"), ("consume", "t", "--follow")]
)
def test_a_folder_without_a_log_stays_without(bench: Bench, command: tuple[str, ...]) -> None:
    found = bench.run(*command, "--data-dir", "elsewhere")
    assert (found.returncode, found.stdout) == (2, "")
    assert f"There is no log at {bench.folder / 'elsewhere' / 'log.db'}" in found.stderr
    assert "--data-dir" in found.stderr
    assert not (bench.folder / "elsewhere").exists()


def test_a_log_without_records(bench: Bench) -> None:
    bench.lines.write_text("")
    bench.start("--source", bench.source(lines_follow="false")).communicate(timeout=PATIENCE)
    nothing = bench.run("topics", "--data-dir", "log")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "no topic has records\n")
