"""A full disk: nothing is acknowledged, nothing is lost, and it goes on when there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdc.batch import Encoded
from cdc.errors import LogFull
from cdc.plugin import LogWriter
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from cdc.transport.embedded import writer as writer_module

ROOT = Path(__file__).resolve().parents[3]


def open_log(path: Path) -> EmbeddedLog:
    return EmbeddedLog(EmbeddedLogConfig({"data.dir": str(path)}))


def fill(writer: LogWriter, at: int = 0) -> int:
    """Commit until there is no room; return the number of the commit that failed (it is held)."""
    for number in range(at, at + 1000):
        values: list[bytes | None] = [
            b"%d " % n + os.urandom(4000) for n in range(number * 100, number * 100 + 100)
        ]
        writer.append(Encoded("t", [b"k"] * 100, values), lambda: None)
        try:
            writer.commit({b"task": b"%d" % (number + 1)}, lambda: None)
        except LogFull:
            return number
    raise AssertionError("there was room")


def assert_whole(log: EmbeddedLog, commits: int) -> None:
    """Check that exactly so many commits are visible, rows and offset."""
    reader, state = log.reader("check", ["t"], {}), log.state("offsets")
    assert state.get(b"task") == b"%d" % commits
    numbers = [
        int((value or b"").split(b" ", 1)[0])
        for run in iter(lambda: reader.poll(1 << 30, 0), [])
        for one in run
        for value in one.encoded.values
    ]
    assert numbers == list(range(commits * 100))
    reader.close()
    state.close()


def until_room_and_after(log: EmbeddedLog, writer: LogWriter, make_room: object) -> None:
    failed = fill(writer)
    assert_whole(log, failed)
    for _ in range(2):
        with pytest.raises(LogFull, match="free disk space"):
            writer.commit({b"task": b"%d" % (failed + 1)}, lambda: None)
    assert_whole(log, failed)
    assert callable(make_room)
    make_room()
    writer.commit({b"task": b"%d" % (failed + 1)}, lambda: None)
    assert_whole(log, failed + 1)
    writer.append(
        Encoded("t", [b"k"] * 100, [b"%d " % n for n in range((failed + 1) * 100, (failed + 2) * 100)]),
        lambda: None,
    )
    writer.commit({b"task": b"%d" % (failed + 2)}, lambda: None)
    assert_whole(log, failed + 2)


@pytest.fixture
def log(tmp_path: Path) -> EmbeddedLog:
    return open_log(tmp_path)


@pytest.fixture
def writer(log: EmbeddedLog) -> Iterator[LogWriter]:
    opened = log.writer("full", 0, {})
    yield opened
    opened.close()


def test_the_database_may_not_grow(log: EmbeddedLog, writer: LogWriter) -> None:
    store = writer._store  # type: ignore[attr-defined]
    store.query("PRAGMA max_page_count = 200")
    until_room_and_after(log, writer, lambda: store.query("PRAGMA max_page_count = 100000"))


def test_what_is_held_is_bounded(
    log: EmbeddedLog, writer: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "HOLD_BYTES", 1 << 20)
    writer._store.query("PRAGMA max_page_count = 200")  # type: ignore[attr-defined]
    failed = fill(writer)
    more = Encoded("t", [b"k"], [bytes(400_000)])
    for _ in range(2):
        writer.append(more, lambda: None)
    with pytest.raises(LogFull, match="wait to be committed"):
        writer.append(more, lambda: None)
    writer._store.query("PRAGMA max_page_count = 100000")  # type: ignore[attr-defined]
    writer.commit({b"task": b"%d" % (failed + 1)}, lambda: None)
    writer.append(Encoded("t", [b"k"], [b"more"]), lambda: None)


LIMITED = """
import resource, sys
from pathlib import Path
from tests.unit.transport.test_embedded_full import open_log, until_room_and_after
log = open_log(Path(sys.argv[1]))
writer = log.writer("full", 0, {})
limit = lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
limit(6_000_000)
until_room_and_after(log, writer, lambda: limit(resource.RLIM_INFINITY))
writer.close()
"""


def test_a_file_may_not_grow(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], cwd=ROOT, check=True)


MOUNTED = """
import subprocess, sys
from pathlib import Path
from tests.unit.transport.test_embedded_full import open_log, until_room_and_after
log = open_log(Path(sys.argv[1]))
writer = log.writer("full", 0, {})
more = lambda: subprocess.run(["mount", "-o", "remount,size=200m", sys.argv[1]], check=True)
until_room_and_after(log, writer, more)
writer.close()
"""


def test_a_file_system_is_full(tmp_path: Path) -> None:
    """Fill a small tmpfs in a mount namespace of its own; needs root."""
    mount = f"mount -t tmpfs -o size=8m none {tmp_path}"
    own = ["unshare", "-m", "sh", "-c"]
    try:
        possible = subprocess.run([*own, mount], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        possible = False
    if not possible:
        pytest.skip("mounting a small file system needs root and unshare")
    script = f'{mount} && exec "$0" "$@"'
    subprocess.run([*own, script, sys.executable, "-c", MOUNTED, str(tmp_path)], cwd=ROOT, check=True)
