"""A table out of the database to Kafka: COPY as the limit, Debezium beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bench import baseline, load
from bench.measure import Rate, drain
from bench.origins import Origin
from bench.pairs import Variants, run_pairs
from bench.product import Product
from bench.rates import Runs, against_debezium
from bench.result import Result
from bench.stage import Stage
from tests.servers.connect import ConnectWorker

NAMES = ("pg_snapshot_kafka",)


class Snapshots:
    """Reads the same table again and again."""

    def __init__(self, stage: Stage, origin: Origin) -> None:
        self._stage, self._origin = stage, origin

    def measure(self) -> Runs:
        """Run the pairs."""
        variants: Variants = {"limit": self._copy, "ours": self._ours}
        if self._stage.debezium:
            variants |= {"debezium": self._fresh, "tuned": self._tuned}
        return run_pairs(self._stage, "snapshot", variants)

    def _copy(self) -> Rate:
        return Rate(self._origin.rows, self._origin.copy_out(), 0.0)

    def _ours(self) -> Rate:
        def run(name: str) -> Rate:
            source = self._origin.snapshot_source(name)
            with Product([source], bootstrap=self._stage.broker.bootstrap) as product:
                return drain(self._records(name), self._origin.rows, product.pid, product.not_failed)

        return self._named("ours", run)

    def _fresh(self) -> Rate:
        with baseline.running(self._stage.broker.bootstrap) as worker:
            return self._debezium(worker, {})

    def _tuned(self) -> Rate:
        return self._debezium(self._stage.warm_worker, baseline.TUNED_SOURCE)

    def _debezium(self, worker: ConnectWorker, more: dict[str, str]) -> Rate:
        def run(name: str) -> Rate:
            config = self._origin.debezium_snapshot(name, self._stage.broker.bootstrap)
            return baseline.run(worker, config | more, self._records(name), self._origin.rows)

        return self._named("debezium", run)

    def _records(self, name: str) -> Callable[[], int]:
        topic = self._origin.topic(name, load.SNAPSHOT_TABLE)
        return lambda: self._stage.topics.records(topic)

    def _named(self, what: str, run: Callable[[str], Rate]) -> Rate:
        """Run with topics of this name, which are gone afterwards."""
        name = self._stage.name(what)
        try:
            return run(name)
        finally:
            self._stage.topics.delete(f"{name}.")


def result(stage: Stage, origin: Origin) -> Result:
    """Measure the snapshot of a server's table."""
    runs = Snapshots(stage, origin).measure()
    values = against_debezium(runs["ours"], runs) | {"rows": origin.rows}
    return Result(f"{origin.prefix}_snapshot_kafka", values)


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure PostgreSQL's snapshot."""
    return [result(stage, stage.postgres_origin)]
