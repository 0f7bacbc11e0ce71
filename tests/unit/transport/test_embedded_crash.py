"""A writer that is killed at any moment leaves rows and offset equal; no other state is ever seen."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

from cdc.batch import Encoded
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig

ROOT = Path(__file__).resolve().parents[3]
KILLS = 25

# Numbers go to two topics alternately, in commits from one row to some MB, some with a WAL checkpoint.
CHILD = """
import random, sys
from tests.unit.transport.test_embedded_crash import open_log, numbered
log = open_log(sys.argv[1])
at = int(log.state("offsets").get(b"task") or 0)
writer = log.writer("crash", 0, {})
while True:
    for _ in range(random.randint(1, 4)):
        step = random.choice((1, 10, 1000))
        for encoded in numbered(at, at + step):
            writer.append(encoded, lambda: None)
        at += step
    writer.commit({b"task": b"%d" % at}, lambda: None)
    if at < 5000: print(at, flush=True)
"""


def open_log(path: str) -> EmbeddedLog:
    return EmbeddedLog(EmbeddedLogConfig({"data.dir": path}))


def numbered(start: int, stop: int) -> list[Encoded]:
    parts = [[n for n in range(start, stop) if n % 2 == odd] for odd in (0, 1)]
    return [
        Encoded(f"crash-{odd}", [b"%d" % n for n in part], [b"%d" % n + bytes(600) for n in part])
        for odd, part in enumerate(parts)
    ]


def test_kill_at_random_moments(tmp_path: Path) -> None:
    log = open_log(str(tmp_path))
    chance = random.Random(4)
    reader = log.reader("check", ["crash-0", "crash-1"], {})
    state = log.state("offsets")
    got: list[list[int]] = [[], []]
    for _ in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        before = state.get(b"task")
        while state.get(b"task") == before:  # it writes
            assert child.poll() is None
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.08))
        child.kill()
        child.wait()
        while found := reader.poll(4 << 20, 0):
            for run in found:
                got[int(run.encoded.topic[-1])] += map(int, run.encoded.keys)  # type: ignore[arg-type]
        at = int(state.get(b"task") or 0)
        assert len(got[0]) + len(got[1]) == at, "rows and offset are equal"
    for odd, numbers in enumerate(got):
        assert all(a == b for a, b in zip(numbers, count(odd, 2), strict=False)), "none lost, none twice"
    reader.close()
    state.close()
    connection = sqlite3.connect(log.path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
