"""A thousand tables: what a row costs when each is in another table than the one before, and the start."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import partial

from bench import binlog_load
from bench.binlog_origin import BinlogOrigin
from bench.load import CHANGES_IN_TRANSACTION, CHANGES_TABLE
from bench.measure import BenchFailed, Rate, drain, middle
from bench.pairs import run_pairs
from bench.product import Product
from bench.rates import cpu, speed
from bench.result import Result
from bench.stage import Stage

NAMES = ("mysql_1000_tables",)
TABLES = 1000
PATIENCE = 60.0
_LEAD = TABLES * CHANGES_IN_TRANSACTION
"""Rows until every table has had its turn: topics are made, definitions looked at."""


class ManyTables:
    """Reads the changes of one table, and as many of a thousand tables, to a topic for each table."""

    def __init__(self, stage: Stage, origin: BinlogOrigin) -> None:
        self._stage, self._origin = stage, origin

    def measure(self) -> Result:
        """Run the pairs, then the starts."""
        stage = self._stage
        assert self._origin.backlog
        stage.say(f"making as many changes in {TABLES:,} tables")
        binlog_load.make_many(self._origin.server, stage.rows, TABLES)
        runs = run_pairs(stage, "stream", {"one": self._one, "many": self._many})
        start = middle([self._start() for _ in range(max(stage.pairs, 3))])
        stage.say(f"first event after {start:.2f} s, with {TABLES:,} tables in the history")
        costs = [many.cpu_us / one.cpu_us for many, one in zip(runs["many"], runs["one"], strict=True)]
        values: dict[str, float | str | None] = {"ours": speed(runs["many"]), "unit": "rows/s"}
        values |= {"cpu_us_per_row": cpu(runs["many"]), "one_cpu_us_per_row": cpu(runs["one"])}
        return Result(NAMES[0], {**values, "cost_ratio": middle(costs), "start_seconds": start})

    def _one(self) -> Rate:
        return self._read(CHANGES_TABLE)

    def _many(self) -> Rate:
        return self._read("many[0-9]+")

    def _read(self, tables: str) -> Rate:
        stage, name = self._stage, self._stage.name("tables")
        source = self._origin.source(name, tables, snapshot__mode="never")
        prefix = f"{name}.{binlog_load.DATABASE}."
        count = partial(stage.topics.records_of_all, prefix)
        try:
            with Product([source], bootstrap=stage.broker.bootstrap) as product:
                return drain(count, stage.rows, product.pid, product.healthy, skip=_LEAD)
        finally:
            stage.topics.delete(f"{name}.")

    def _start(self) -> float:
        """Return the seconds from the command to a change, when the history has all tables."""
        stage, name = self._stage, self._stage.name("start")
        source = self._origin.source(name, "many[0-9]+", snapshot__mode="no_data")
        try:
            seen = self._change_until_seen(source)
            self._change()
            started = time.monotonic()
            with Product([source], bootstrap=stage.broker.bootstrap) as product:
                self._await(product, name, seen)
                return time.monotonic() - started
        finally:
            stage.topics.delete(f"{name}.")

    def _change_until_seen(self, source: dict[str, str]) -> int:
        """Run until the stream has begun; return how many changes it has told."""
        with Product([source], bootstrap=self._stage.broker.bootstrap) as product:
            self._await(product, source["name"], 0, pause=0.2, meanwhile=self._change)
        return self._seen(source["name"])

    def _await(
        self,
        product: Product,
        name: str,
        seen: int,
        *,
        pause: float = 0.005,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Look every `pause` seconds, until more than `seen` events are there."""
        deadline = time.monotonic() + PATIENCE
        while self._seen(name) <= seen:
            meanwhile()
            product.healthy()
            if time.monotonic() > deadline:
                raise BenchFailed(f"no event after {PATIENCE:.0f} s:\n{product.log}")
            time.sleep(pause)

    def _seen(self, name: str) -> int:
        return self._stage.topics.records(self._origin.topic(name, "many0"))

    def _change(self) -> None:
        self._origin.server.execute("update many0 set acct = acct + 1 limit 1", database=binlog_load.DATABASE)


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure a thousand tables on MySQL."""
    return [ManyTables(stage, stage.mysql_origin).measure()]
