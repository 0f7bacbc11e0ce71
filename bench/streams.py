"""The backlog of changes out of the database: to Kafka, to the embedded log, with values asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

from bench import baseline, limits, load, outside
from bench.configs import stream_source
from bench.measure import Rate, drain
from bench.product import Product
from bench.rates import Runs, against_debezium, cpu, describe, ratio, speed
from bench.result import Result
from bench.stage import Stage
from bench.watch import embedded_records
from tests.servers.connect import ConnectWorker

NAMES = ("pg_stream_kafka", "pg_stream_embedded", "pg_stream_columns")


class Streams:
    """Reads the same backlog again and again, each time from a slot of its own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.end = stage.backlog_end

    def measure(self, wanted: Collection[str]) -> list[Result]:
        """Run the pairs; within a pair everybody has its turn."""
        stage, runs = self._stage, defaultdict[str, list[Rate]](list)
        variants = self._variants(wanted)
        if "tuned" in variants:
            stage.say("warming the tuned Debezium up")
            self._debezium(stage.warm_worker, "warm", baseline.TUNED_SOURCE)
        for pair in range(stage.pairs):
            for name, run in variants.items():
                rate = run()
                runs[name].append(rate)
                stage.say(f"pair {pair + 1}: stream, {name}: {describe(rate)}")
        return [_RESULTS[name](runs) for name in NAMES if name in wanted]

    def _variants(self, wanted: Collection[str]) -> dict[str, Callable[[], Rate]]:
        variants: dict[str, Callable[[], Rate]] = {"kafka": self.kafka}
        if "pg_stream_kafka" in wanted:
            variants = {"limit": self._limit, **variants}
        if "pg_stream_embedded" in wanted:
            variants["embedded"] = self._embedded
        if "pg_stream_columns" in wanted:
            variants["columns"] = self._columns
        if "pg_stream_kafka" in wanted and self._stage.debezium:
            variants["debezium"] = self._fresh
            variants["tuned"] = self._tuned
        return variants

    def _limit(self) -> Rate:
        return self._with_slot("limit", lambda name: self._receive(name))

    def _receive(self, slot: str) -> Rate:
        seconds = limits.receive_backlog(self._stage.postgres, slot, self.end)
        return Rate(self._stage.rows, seconds, 0.0)

    def kafka(self) -> Rate:
        """Stream to Kafka."""
        return self._with_slot("ours", self._to_kafka)

    def _to_kafka(self, name: str, **environment: str) -> Rate:
        stage = self._stage
        more = {"transforms": "look", "transforms__look__type": outside.NAME} if environment else {}
        source = stream_source(stage.postgres, name, **more)
        with Product([source], bootstrap=stage.broker.bootstrap, environment=environment) as product:
            topic = f"{name}.public.changes"
            return drain(lambda: stage.topics.records(topic), stage.rows, product.pid, product.healthy)

    def _columns(self) -> Rate:
        with outside.installed() as environment:
            return self._with_slot("columns", lambda name: self._to_kafka(name, **environment))

    def _embedded(self) -> Rate:
        return self._with_slot("embedded", self._to_embedded)

    def _to_embedded(self, name: str) -> Rate:
        with Product([stream_source(self._stage.postgres, name)]) as product:
            topic, folder = f"{name}.public.changes", product.data_dir
            count = lambda: embedded_records(folder, topic)  # noqa: E731
            return drain(count, self._stage.rows, product.pid, product.healthy)

    def _fresh(self) -> Rate:
        with baseline.running(self._stage.broker.bootstrap) as worker:
            return self._debezium(worker, "debezium", {})

    def _tuned(self) -> Rate:
        return self._debezium(self._stage.warm_worker, "tuned", baseline.TUNED_SOURCE)

    def _debezium(self, worker: ConnectWorker, what: str, more: dict[str, str]) -> Rate:
        def run(name: str) -> Rate:
            config = stream_source(self._stage.postgres, name) | more
            count = lambda: self._stage.topics.records(f"{name}.public.changes")  # noqa: E731
            return baseline.run(worker, config, count, self._stage.rows)

        return self._with_slot(what, run)

    def _with_slot(self, what: str, run: Callable[[str], Rate]) -> Rate:
        """Run with a slot, and topics, of this name; both are gone afterwards."""
        name = self._stage.name(what)
        load.copy_slot(self._stage.postgres, name)
        try:
            return run(name)
        finally:
            load.drop_slot(self._stage.postgres, name)
            if "broker" in self._stage.__dict__:
                self._stage.topics.delete(f"{name}.")


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure what is wanted of the streams."""
    return Streams(stage).measure(wanted)


def _kafka_result(runs: Runs) -> Result:
    return Result("pg_stream_kafka", against_debezium(runs["kafka"], runs))


def _beside_kafka(name: str, variant: str) -> Callable[[Runs], Result]:
    def result(runs: Runs) -> Result:
        rates = runs[variant]
        values: dict[str, float | str | None] = {"ours": speed(rates), "unit": "rows/s"}
        values |= {"cpu_us_per_row": cpu(rates), "ratio_kafka": ratio(rates, runs["kafka"])}
        return Result(name, values)

    return result


_RESULTS: dict[str, Callable[[Runs], Result]] = {
    "pg_stream_kafka": _kafka_result,
    "pg_stream_embedded": _beside_kafka("pg_stream_embedded", "embedded"),
    "pg_stream_columns": _beside_kafka("pg_stream_columns", "columns"),
}
