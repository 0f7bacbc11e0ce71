"""Customers for the demo's shop, and a stopwatch from commit to target."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdc.cli.demo.compare import open_copy
from cdc.cli.demo.shop import Shopper

if TYPE_CHECKING:
    import psycopg

SHOPPERS = 4
# About 200 transactions a second: lively, and no measure of what is possible.
PAUSE = 0.02
MISSED = 10.0

Connect = Callable[[], "psycopg.Connection[tuple[Any, ...]]"]


class Traffic:
    """Several connections that write until told to stop; errors come out of `stop`."""

    def __init__(self, connect: Connect) -> None:
        self._stopping = threading.Event()
        self._errors: list[Exception] = []
        self._shoppers: list[Shopper] = []
        self._threads = [
            threading.Thread(target=self._write, args=(connect, seed), name=f"shopper-{seed}")
            for seed in range(1, SHOPPERS + 1)
        ]

    def start(self) -> None:
        """Begin to write."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the transactions that run; raises the first error that a writer met."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    @property
    def rows(self) -> Counter[str]:
        """Return how many rows were inserted, updated and deleted so far."""
        return sum((shopper.rows for shopper in list(self._shoppers)), Counter())

    @property
    def transactions(self) -> int:
        """Return how many transactions were committed so far."""
        return sum(shopper.transactions for shopper in list(self._shoppers))

    def _write(self, connect: Connect, seed: int) -> None:
        pause = random.Random(seed)
        try:
            with connect() as connection:
                shopper = Shopper(connection, seed)
                self._shoppers.append(shopper)
                while not self._stopping.wait(pause.uniform(0.5, 1.5) * PAUSE):
                    shopper.act()
        except Exception as error:  # noqa: BLE001 - it is raised again by stop()
            self._errors.append(error)


class Stopwatch:
    """Measure how long after its commit in the source a row can be read in the target.

    It visits the shop about twenty times a second, one visit after the other, and looks for each.
    """

    def __init__(self, connect: Connect, target: Path) -> None:
        self.milliseconds: list[float] = []
        self._connect, self._target = connect, target
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="stopwatch")

    def start(self) -> None:
        """Begin to measure."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the measurement that runs."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def percentile(self, share: float) -> float | None:
        """Return the milliseconds that this share of the visits stayed under."""
        found = sorted(self.milliseconds)
        return found[min(len(found) - 1, int(share * len(found)))] if found else None

    def _measure(self) -> None:
        while not self._target.exists():
            if self._stopping.wait(0.01):
                return
        with self._connect() as connection, closing(open_copy(self._target)) as copy:
            while not self._stopping.wait(0.04):
                row = connection.execute("insert into visits default values returning id").fetchone()
                committed = time.monotonic()
                if row is not None and self._arrives(copy, row[0], committed + MISSED):
                    self.milliseconds.append((time.monotonic() - committed) * 1000)

    def _arrives(self, copy: sqlite3.Connection, visit: int, deadline: float) -> bool:
        while time.monotonic() < deadline and not self._stopping.is_set():
            if has_visit(copy, visit):
                return True
            time.sleep(0.001)
        return False


def has_visit(copy: sqlite3.Connection, visit: int) -> bool:
    """Tell whether a visit is in the target yet."""
    try:
        return copy.execute("select 1 from visits where id = ?", [visit]).fetchone() is not None
    except sqlite3.OperationalError:  # the table is yet to be made, or is being written
        return False
