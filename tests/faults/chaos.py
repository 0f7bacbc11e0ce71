"""What goes wrong, at moments that a seed chooses."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

from tests.faults.databases import Server
from tests.faults.pipeline import Pipeline
from tests.servers.kafka import KafkaBroker


class Chaos:
    """Break things; `counts` says how often which."""

    def __init__(self, pipeline: Pipeline, seed: int, broker: KafkaBroker | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self.random = random.Random(seed)
        self._pipeline, self._broker = pipeline, broker
        self._server: Server = pipeline.source.server

    def wait(self, most: float) -> None:
        """Let it run for a random while."""
        time.sleep(self.random.uniform(0.0, most))

    def kill_task(self) -> None:
        """`kill -9` a task."""
        self._pipeline.kill_task(self.random)
        self.counts["task killed"] += 1

    def kill_worker(self) -> None:
        """`kill -9` the worker, and start another at once or a little later."""
        self._pipeline.kill_worker()
        self.counts["worker killed"] += 1
        if self.random.random() < 0.5:
            self.wait(0.5)
        self._pipeline.start()

    def alter_while_down(self) -> None:
        """`kill -9` the worker, and alter tables under load before it comes back."""
        self._pipeline.kill_worker()
        self.wait(0.5)
        self.counts["altered"] += 1
        for statement in self._pipeline.source.alterations:
            self._pipeline.source.execute(statement.format(n=self.counts["altered"]))
        self.wait(0.5)
        self._pipeline.start()

    def kill(self) -> None:
        """`kill -9` a task or the worker."""
        self.random.choice((self.kill_task, self.kill_task, self.kill_worker))()

    def crash_server(self) -> None:
        """`kill -9` the server, source and target at once, and start it again."""
        self._server.kill()
        self.wait(0.5)
        self._server.start()
        self.counts["server killed"] += 1

    def restart_server(self) -> None:
        """Shut the server down in order and start it again."""
        self._server.stop()
        self.wait(0.5)
        self._server.start()
        self.counts["server restarted"] += 1

    def restart_broker(self) -> None:
        """Stop or kill the broker, and start it again."""
        assert self._broker is not None
        self.random.choice((self._broker.stop, self._broker.kill))()
        self.wait(1.0)
        self._broker.start()
        self.counts["broker restarted"] += 1

    def in_snapshot(self, kills: int, most: float) -> None:
        """Start, and kill the worker or a task so many times, each moments after a snapshot has begun.

        When the snapshot is finished sooner the rest of the kills meets the stream.
        """
        self._pipeline.start()
        for _ in range(kills):
            known, deadline = self._snapshots(), time.monotonic() + 20
            while self._snapshots() == known and not self._finished() and time.monotonic() < deadline:
                time.sleep(0.02)
            self.wait(most)
            self.counts["killed in snapshot"] += not self._finished()
            self.kill()

    def _finished(self) -> bool:
        return self._pipeline.count("Snapshot finished") > 0

    def _snapshots(self) -> int:
        return self._pipeline.count("Snapshot of")

    def run(self, steps: list[Callable[[], None]], most: float) -> None:
        """Do the steps in random order, with random pauses."""
        self.random.shuffle(steps)
        for step in steps:
            self.wait(most)
            step()
            self._pipeline.require_healthy()
