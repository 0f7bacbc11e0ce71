"""Measure the embedded log: append, poll, and the delay from commit to reader.

`python -m bench.embedded_log [--records N] [--dir DIR]`. CPU is of the measured process, kernel
included; wall depends on the disk. The delay is between two processes, at 1,000 commits of the
source a second, from before `append` until `poll` has returned.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cdc.batch import Encoded
from cdc.plugin import LogWriter
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig

BATCH = 1000
VALUE = 600


def open_log(path: str) -> EmbeddedLog:
    return EmbeddedLog(EmbeddedLogConfig({"data.dir": path}))


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Clock:
    """Print what a stage costs a record."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), cpu()

    def report(self, name: str, records: int) -> None:
        wall, used = time.perf_counter() - self.wall, cpu() - self.cpu
        print(
            f"{name:8} {used / records * 1e6:5.2f} us CPU a record = {records / used / 1000:5.0f} k/s a core,"
            f" {records / wall / 1000:5.0f} k/s wall"
        )


def append(writer: LogWriter, records: int) -> None:
    values: list[bytes | None] = [os.urandom(VALUE // 2).hex().encode() for _ in range(BATCH)]
    keys: list[bytes | None] = [b'{"id":%06d}' % number for number in range(BATCH)]
    clock = Clock()
    for number in range(records // BATCH):
        writer.append(Encoded("bench", keys, values), lambda: None)
        if writer.due(idle=False):
            writer.commit({b"bench": b"%d" % number}, lambda: None)
    writer.commit({b"bench": b"end"}, lambda: None)
    clock.report("append", records)


def poll(log: EmbeddedLog, records: int) -> None:
    reader, left = log.reader("bench", ["bench"], {}), records
    clock = Clock()
    while left:
        left -= sum(len(run.offsets) for run in reader.poll(1 << 20, 0))
    clock.report("poll", records)
    reader.close()


def single_rows(path: str, seconds: float) -> None:
    """Append one record a millisecond; commit whenever nothing has come meanwhile."""
    writer, start, sent = open_log(path).writer("latency", 0, {}), time.perf_counter(), 0
    while (now := time.perf_counter() - start) < seconds:
        due = int(now * 1000)
        for _ in range(due - sent):
            writer.append(
                Encoded("latency", [b"k"], [b"%d" % time.monotonic_ns() + bytes(VALUE)]), lambda: None
            )
        if due > sent and writer.due(idle=True):
            writer.commit({b"latency": b"%d" % due}, lambda: None)
        sent = due
        time.sleep(max(0.0, (sent + 1) / 1000 - (time.perf_counter() - start)))
    writer.close()


def delays(path: str, seconds: float) -> None:
    reader = open_log(path).reader("latency", ["latency"], {})
    command = [sys.executable, "-m", "bench.embedded_log", "--single-rows", str(seconds), "--dir", path]
    child, found = subprocess.Popen(command), list[float]()
    used = cpu()
    while runs := reader.poll(1 << 20, 2.0):
        now = time.monotonic_ns()
        found += ((now - int((value or b"")[:-VALUE])) / 1e6 for run in runs for value in run.encoded.values)
    used = cpu() - used
    child.wait()
    reader.close()
    found.sort()
    at = [found[int(len(found) * share)] for share in (0.5, 0.99)]
    print(
        f"delay    p50 {at[0]:.2f} ms, p99 {at[1]:.2f} ms of {len(found)} records; "
        f"reader {used / seconds:.1%} of a core"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--dir")
    parser.add_argument("--single-rows", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.single_rows:
        single_rows(options.dir, options.single_rows)
        return
    path = tempfile.mkdtemp(dir=options.dir)
    try:
        log = open_log(path)
        writer = log.writer("bench", 0, {})
        append(writer, options.records)
        writer.close()
        poll(log, options.records)
        delays(path, 5.0)
        size = sum(file.stat().st_size for file in Path(path).glob("log.db*") if file.is_file())
        print(f"size     {size / options.records:.0f} bytes a record of {VALUE + 12}")
    finally:
        shutil.rmtree(path)


if __name__ == "__main__":
    main()
