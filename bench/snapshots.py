"""A table out of the database to Kafka: COPY as the limit, Debezium beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

from bench import baseline, limits
from bench.configs import snapshot_source
from bench.measure import Rate, drain
from bench.product import Product
from bench.rates import against_debezium, describe
from bench.result import Result
from bench.stage import Stage
from tests.servers.connect import ConnectWorker

NAMES = ("pg_snapshot_kafka",)


class Snapshots:
    """Reads the same table again and again."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._table = stage.snapshot_table

    def measure(self) -> Result:
        """Run the pairs."""
        stage, runs = self._stage, defaultdict[str, list[Rate]](list)
        variants: dict[str, Callable[[], Rate]] = {"limit": self._copy, "ours": self._ours}
        if stage.debezium:
            variants |= {"debezium": self._fresh, "tuned": self._tuned}
            stage.say("warming the tuned Debezium up")
            self._tuned()
        for pair in range(stage.pairs):
            for name, run in variants.items():
                rate = run()
                runs[name].append(rate)
                stage.say(f"pair {pair + 1}: snapshot, {name}: {describe(rate)}")
        return Result(NAMES[0], against_debezium(runs["ours"], runs))

    def _copy(self) -> Rate:
        return Rate(self._stage.rows, limits.copy_out(self._stage.postgres, self._table), 0.0)

    def _ours(self) -> Rate:
        stage = self._stage
        name = stage.name("ours")
        topic = f"{name}.public.{self._table}"
        source = snapshot_source(stage.postgres, name)
        try:
            with Product([source], bootstrap=stage.broker.bootstrap) as product:
                return drain(lambda: stage.topics.records(topic), stage.rows, product.pid, product.not_failed)
        finally:
            stage.topics.delete(f"{name}.")

    def _fresh(self) -> Rate:
        with baseline.running(self._stage.broker.bootstrap) as worker:
            return self._debezium(worker, {})

    def _tuned(self) -> Rate:
        return self._debezium(self._stage.warm_worker, baseline.TUNED_SOURCE)

    def _debezium(self, worker: ConnectWorker, more: dict[str, str]) -> Rate:
        stage = self._stage
        name = stage.name("debezium")
        topic = f"{name}.public.{self._table}"
        try:
            config = snapshot_source(stage.postgres, name) | more
            return baseline.run(worker, config, lambda: stage.topics.records(topic), stage.rows)
        finally:
            stage.topics.delete(f"{name}.")


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure the snapshot."""
    return [Snapshots(stage).measure()]
