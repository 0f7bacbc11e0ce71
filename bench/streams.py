"""The backlog of changes out of the database: to Kafka, to the embedded log, with values asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bench import baseline, load, outside
from bench.measure import Rate, drain
from bench.origins import Origin
from bench.pairs import Variants, run_pairs
from bench.product import Product
from bench.rates import Runs, against_debezium, cpu, ratio, speed
from bench.result import Result
from bench.stage import Stage
from bench.watch import embedded_records
from tests.servers.connect import ConnectWorker

NAMES = ("pg_stream_kafka", "pg_stream_embedded", "pg_stream_columns")


class Streams:
    """Reads the same backlog again and again, each time from the beginning."""

    def __init__(self, stage: Stage, origin: Origin) -> None:
        self._stage, self._origin = stage, origin

    def limit(self) -> Rate:
        """Read with the server's own tool, into nothing."""
        return self._placed(
            "limit", lambda name: Rate(self._origin.rows, self._origin.receive_backlog(name), 0.0)
        )

    def kafka(self) -> Rate:
        """Stream to Kafka."""
        return self._placed("ours", self._to_kafka)

    def columns(self) -> Rate:
        """Stream to Kafka through a transform that looks at every column."""
        with outside.installed() as environment:
            return self._placed("columns", lambda name: self._to_kafka(name, **environment))

    def embedded(self) -> Rate:
        """Stream to the embedded log."""
        return self._placed("embedded", self._to_embedded)

    def fresh(self) -> Rate:
        """Run Debezium by its defaults."""
        with baseline.running(self._stage.broker.bootstrap) as worker:
            return self._debezium(worker, "debezium", {})

    def tuned(self) -> Rate:
        """Run Debezium at its best; the first time warms it up."""
        return self._debezium(self._stage.warm_worker, "tuned", baseline.TUNED_SOURCE)

    def _to_kafka(self, name: str, **environment: str) -> Rate:
        stage = self._stage
        more = {"transforms": "look", "transforms__look__type": outside.NAME} if environment else {}
        source = self._origin.stream_source(name, **more)
        with Product([source], bootstrap=stage.broker.bootstrap, environment=environment) as product:
            return drain(self._records(name), self._origin.rows, product.pid, product.healthy)

    def _to_embedded(self, name: str) -> Rate:
        with Product([self._origin.stream_source(name)]) as product:
            topic, folder = self._topic(name), product.data_dir
            count = lambda: embedded_records(folder, topic)  # noqa: E731
            return drain(count, self._origin.rows, product.pid, product.healthy)

    def _debezium(self, worker: ConnectWorker, what: str, more: dict[str, str]) -> Rate:
        def run(name: str) -> Rate:
            config, place = self._origin.debezium_stream(name, self._stage.broker.bootstrap)
            return baseline.run(worker, config | more, self._records(name), self._origin.rows, place)

        return self._placed(what, run)

    def _topic(self, name: str) -> str:
        return self._origin.topic(name, load.CHANGES_TABLE)

    def _records(self, name: str) -> Callable[[], int]:
        topic = self._topic(name)
        return lambda: self._stage.topics.records(topic)

    def _placed(self, what: str, run: Callable[[str], Rate]) -> Rate:
        """Run with a place in the backlog, and topics, of this name; both are gone afterwards."""
        name = self._stage.name(what)
        try:
            with self._origin.place(name):
                return run(name)
        finally:
            if "broker" in self._stage.__dict__:
                self._stage.topics.delete(f"{name}.")


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure what is wanted of PostgreSQL's stream."""
    streams = Streams(stage, stage.postgres_origin)
    variants: Variants = {"kafka": streams.kafka}
    if "pg_stream_kafka" in wanted:
        variants = {"limit": streams.limit, **variants}
    if "pg_stream_embedded" in wanted:
        variants["embedded"] = streams.embedded
    if "pg_stream_columns" in wanted:
        variants["columns"] = streams.columns
    if "pg_stream_kafka" in wanted and stage.debezium:
        variants |= {"debezium": streams.fresh, "tuned": streams.tuned}
    runs = run_pairs(stage, "stream", variants)
    return [_RESULTS[name](runs) for name in NAMES if name in wanted]


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
