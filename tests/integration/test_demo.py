"""`cdc demo`, as a newcomer runs it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers.process import scratch

DEMO = [sys.executable, "-m", "cdc.cli.main", "demo"]


@pytest.fixture
def folder() -> Path:
    """Return where the demo makes its temporary folders: as root its server must be able to get there."""
    return scratch("demo")


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder)}


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of processes that still work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def test_ends_equal_and_leaves_nothing(environment: dict[str, str], folder: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--seconds", "3"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first = re.search(r"([\d.]+) s  the first events are in the log", done.stdout)
    assert first is not None
    assert float(first[1]) < 15  # 5 s on an idle machine
    assert [done.stdout.count(f'"op": "{op}"') for op in "cud"] == [1, 1, 1]
    assert "every row and every value is equal" in done.stdout
    assert "lag p50" in done.stdout
    assert done.stderr == ""
    assert list(folder.iterdir()) == []
    assert left_behind(folder) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_is_kept_until_it_is_stopped(environment: dict[str, str], folder: Path, how: signal.Signals) -> None:
    command = [*DEMO, "--seconds", "0.5", "--keep"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while "configs" not in said and (line := process.stdout.readline()):
            said += line
        psql = re.search(r"the shop +(\S+) (\S+)", said)
        assert psql is not None, said
        command = [psql[1], psql[2], "-Atc", "select count(*) > 0 from customers"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "t\n"
        process.send_signal(how)
        assert process.wait(60) == 130
    assert list(folder.iterdir()) == []
    assert left_behind(folder) == []


def test_a_stop_in_the_middle_leaves_nothing(environment: dict[str, str], folder: Path) -> None:
    with subprocess.Popen([*DEMO], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "first events" not in (line := process.stdout.readline()):
            assert line, "the demo has ended"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert list(folder.iterdir()) == []
    assert left_behind(folder) == []
