"""Numbers about processes and samples: CPU and memory of whole trees, medians, percentiles."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType

TICKS = os.sysconf("SC_CLK_TCK")
STALLED_SECONDS = 90.0


class BenchFailed(RuntimeError):
    """A measurement could not be made."""


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the name: state, parent, …; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def tree(pid: int) -> list[int]:
    """Return a process and all of its descendants."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            parents[int(entry)] = int(fields[1])
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, of its descendants, and of those that have ended."""
    ticks = 0
    for one in tree(pid):
        fields = _stat(one)
        ticks += sum(map(int, fields[11:15])) if fields else 0
    return ticks / TICKS


def pss_mb(pid: int) -> float:
    """Return the proportional set size of a process tree: shared pages are counted once."""
    total = 0
    for one in tree(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


class PeakMemory:
    """Sample the summed PSS of a process tree in the background; `peak` is in MB."""

    def __init__(self, pid: int, interval: float = 0.2) -> None:
        self._pid, self._interval = pid, interval
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak = 0.0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(self._interval):
            self.peak = max(self.peak, pss_mb(self._pid))


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast rows came out, from the first one to the last, and what that cost.

    cpu_us: of the measured process tree, a row.
    """

    rows: int
    seconds: float
    cpu_us: float

    @property
    def per_second(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def drain(
    count: Callable[[], int],
    target: int,
    pid: int,
    healthy: Callable[[], None] = lambda: None,
    *,
    skip: int = 0,
) -> Rate:
    """Wait until `count()` reaches the target; measure from the first row on, or behind `skip` rows.

    `healthy` raises when waiting has become useless. The start of a program is thus left out, for
    everybody; `first_event` measures it.
    """
    first = since = 0.0
    start = last = 0
    cpu = 0.0
    moved = time.monotonic()
    while last < target:
        found, now = count(), time.monotonic()
        if found > last:
            if not start and found > skip:
                first, start, cpu = now, found, cpu_seconds(pid)
            last, moved = found, now
        since = now
        if now - moved > STALLED_SECONDS:
            raise BenchFailed(f"no progress for {STALLED_SECONDS:.0f} s at {last} of {target} rows")
        healthy()
        time.sleep(0.05 if last else 0.01)
    rows = max(last - start, 1)
    return Rate(rows, max(since - first, 1e-9), (cpu_seconds(pid) - cpu) / rows * 1e6)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Sequence[float]) -> float:
    """Return the median; raises BenchFailed without values."""
    if not values:
        raise BenchFailed("nothing was measured")
    return median(values)
