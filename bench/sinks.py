"""A topic into a PostgreSQL table, by upserts: our JDBC sink and Debezium's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

import psycopg

from bench import baseline, load
from bench.configs import debezium_jdbc_sink, jdbc_sink, stream_source
from bench.measure import BenchFailed, Rate, drain
from bench.product import Product
from bench.rates import against_debezium, describe
from bench.result import Result
from bench.stage import Stage
from tests.servers.connect import ConnectWorker
from tests.servers.postgres import Connectable

NAMES = ("jdbc_sink_pg",)


class Table:
    """The sink's table: how much of the backlog is in it, and whether all of it is right."""

    def __init__(self, database: Connectable, topic: str) -> None:
        self._name = topic.replace(".", "_")
        self._connection = database.connect()

    def applied(self) -> int:
        """Return how many changes of the backlog are in the table, by the newest transaction seen."""
        try:
            ((newest,),) = self._connection.execute(f'select max(id) from "{self._name}"').fetchall()
        except psycopg.errors.UndefinedTable:
            return 0
        return (newest or 0) // 5 * load.CHANGES_IN_TRANSACTION

    def same_as(self, source: Connectable) -> bool:
        """Tell whether the table has what the source has."""
        query = "select count(*), sum(id), sum(acct), count(name) from {}"
        mine = self._connection.execute(query.format(f'"{self._name}"')).fetchall()
        return mine == source.execute(query.format("changes"))

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


class Sinks:
    """Brings the same topic into an empty database again and again."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._topic = self._fill_topic()

    def _fill_topic(self) -> str:
        """Stream the backlog once, by our source, with the schemas that Debezium's sink needs."""
        stage, name = self._stage, self._stage.name("forsinks")
        assert stage.postgres_origin.backlog_end
        stage.say("filling the topic for the sinks")
        load.copy_slot(stage.postgres, name)
        topic = f"{name}.public.changes"
        source = stream_source(stage.postgres, name)
        source |= {"key.converter.schemas.enable": "true", "value.converter.schemas.enable": "true"}
        with Product([source], bootstrap=stage.broker.bootstrap) as product:
            drain(lambda: stage.topics.records(topic), stage.rows, product.pid, product.healthy)
        load.drop_slot(stage.postgres, name)
        return topic

    def measure(self) -> Result:
        """Run the pairs."""
        stage, runs = self._stage, defaultdict[str, list[Rate]](list)
        variants: dict[str, Callable[[], Rate]] = {"ours": self._ours}
        if stage.debezium:
            variants |= {"debezium": self._fresh, "tuned": self._tuned}
        for pair in range(stage.pairs):
            for name, run in variants.items():
                rate = run()
                runs[name].append(rate)
                stage.say(f"pair {pair + 1}: sink, {name}: {describe(rate)}")
        stage.topics.delete(self._topic)
        return Result(NAMES[0], against_debezium(runs["ours"], runs))

    def _ours(self) -> Rate:
        target = load.target_database(self._stage.postgres, "target")
        sink = jdbc_sink(target, self._stage.name("ours"), self._topic)
        with Product(sinks=[sink], bootstrap=self._stage.broker.bootstrap) as product:
            return self._watched(target, lambda rows, n: drain(rows, n, product.pid, product.healthy))

    def _fresh(self) -> Rate:
        with baseline.running(self._stage.broker.bootstrap) as worker:
            return self._debezium(worker, {})

    def _tuned(self) -> Rate:
        return self._debezium(self._stage.warm_worker, baseline.TUNED_SINK)

    def _debezium(self, worker: ConnectWorker, more: dict[str, str]) -> Rate:
        target = load.target_database(self._stage.postgres, "target")
        config = debezium_jdbc_sink(target, self._stage.name("debezium"), self._topic, more)
        config["consumer.override.auto.offset.reset"] = "earliest"
        return self._watched(target, lambda rows, n: baseline.run(worker, config, rows, n))

    def _watched(self, target: Connectable, run: Callable[[Callable[[], int], int], Rate]) -> Rate:
        """Run until the last transaction is there; then the table must equal the source."""
        table = Table(target, self._topic)
        complete = False

        def applied() -> int:
            nonlocal complete
            rows = table.applied()
            if rows < self._stage.rows:
                return rows
            complete = table.same_as(self._stage.postgres)
            return rows if complete else rows - 1

        try:
            rate = run(applied, self._stage.rows)
            if not complete:
                raise BenchFailed("the target does not equal the source")
            return rate
        finally:
            table.close()


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure the JDBC sink."""
    return [Sinks(stage).measure()]
