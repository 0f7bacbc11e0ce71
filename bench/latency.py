"""How soon: the first event after the start, an event after its commit, a row in the target."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import psycopg

from bench import load, traffic
from bench.configs import WITHOUT_SCHEMA, jdbc_sink, table_source
from bench.measure import BenchFailed, middle, percentile
from bench.product import Product
from bench.result import Result
from bench.stage import Stage
from cdc.plugin import LogReader
from cdc.runtime.worker_config import open_log, worker_options

NAMES = ("first_event", "latency", "end_to_end")
SECONDS, WARM_UP = 15.0, 3.0
PATIENCE = 30.0


@contextmanager
def reader(data_dir: Path, topic: str, bootstrap: str | None) -> Iterator[LogReader]:
    """Give a reader of a topic, from the embedded log or from Kafka."""
    raw = {"bootstrap.servers": bootstrap} if bootstrap else {}
    log = open_log(worker_options(raw, data_dir=str(data_dir), listen=None))
    reading = log.reader(f"bench-{time.monotonic_ns()}", [topic], {})
    try:
        yield reading
    finally:
        reading.close()
        log.close()


def first_event(stage: Stage) -> Result:
    """Measure from the command to the first readable event: embedded log, and Kafka for comparison."""
    stage.postgres.execute("drop table if exists small")
    stage.postgres.execute("create table small(id int primary key, t text)")
    stage.postgres.execute("insert into small select g, 'x' from generate_series(1, 10) g")
    runs = max(stage.pairs, 3)
    embedded = middle([_first_event(stage, None) for _ in range(runs)])
    kafka = middle([_first_event(stage, stage.broker.bootstrap) for _ in range(runs)])
    stage.say(f"first event after {embedded:.2f} s; with Kafka {kafka:.2f} s")
    return Result("first_event", {"ours": embedded, "unit": "s", "seconds": embedded, "kafka_seconds": kafka})


def _first_event(stage: Stage, bootstrap: str | None) -> float:
    name = stage.name("first")
    topic = f"{name}.public.small"
    source = table_source(stage.postgres, name, "small")
    product = Product([source], bootstrap=bootstrap)
    try:
        with reader(product.data_dir, topic, bootstrap) as reading:
            started = time.monotonic()
            with product:
                while not any(len(run.encoded) for run in reading.poll(1 << 20, 0.05)):
                    product.healthy()
                    if time.monotonic() - started > PATIENCE:
                        raise BenchFailed(f"no event after {PATIENCE:.0f} s:\n{product.log}")
                return time.monotonic() - started
    finally:
        _forget(stage, name, bootstrap)


def _forget(stage: Stage, name: str, bootstrap: str | None = None) -> None:
    load.drop_slot(stage.postgres, name)
    stage.postgres.execute(f"drop publication if exists {name}")
    if bootstrap:
        stage.topics.delete(f"{name}.")


def latency(stage: Stage) -> Result:
    """Measure from the commit to a reader of the log, at 1,000 single-row transactions a second."""
    values: dict[str, float | str | None] = {"unit": "ms"}
    for what, bootstrap in (("", stage.broker.bootstrap), ("embedded_", None)):
        found = _latencies(stage, bootstrap)
        p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
        stage.say(f"{what or 'kafka_'}latency: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(found)} events")
        values |= {f"{what}p50_ms": p50, f"{what}p99_ms": p99}
    return Result("latency", {"ours": values["p50_ms"], **values})


def _latencies(stage: Stage, bootstrap: str | None) -> list[float]:
    name = stage.name("late")
    topic = f"{name}.public.ticks"
    traffic.make_table(stage.postgres)
    source = table_source(stage.postgres, name, "ticks", snapshot__mode="no_data") | WITHOUT_SCHEMA
    try:
        with (
            Product([source], bootstrap=bootstrap) as product,
            reader(product.data_dir, topic, bootstrap) as reading,
        ):
            traffic.wait_for_slot(stage.postgres, name, product.healthy)
            with traffic.running(stage.postgres, 1000, WARM_UP + SECONDS):
                return _read_latencies(reading)
    finally:
        _forget(stage, name, bootstrap)


def _read_latencies(reading: LogReader) -> list[float]:
    """Read until the traffic ends; leave the first seconds out."""
    found: list[float] = []
    begin = time.monotonic() + WARM_UP
    end = begin + SECONDS
    while (now := time.monotonic()) < end:
        for run in reading.poll(1 << 20, 0.2):
            seen = time.time() * 1000
            if now >= begin:
                events = [orjson.loads(value) for value in run.encoded.values if value is not None]
                found += [seen - event["source"]["ts_us"] / 1000 for event in events]
    return found


def end_to_end(stage: Stage) -> Result:
    """Measure from the insert to the row in the target table, at 200 single-row transactions a second."""
    name = stage.name("through")
    traffic.make_table(stage.postgres)
    target = load.target_database(stage.postgres, "target")
    source = table_source(stage.postgres, name, "ticks", snapshot__mode="no_data")
    sink = jdbc_sink(target, f"{name}sink", f"{name}.public.ticks")
    try:
        with Product([source], [sink]) as product:
            traffic.wait_for_slot(stage.postgres, name, product.healthy)
            with traffic.running(stage.postgres, 200, WARM_UP + SECONDS), target.connect() as connection:
                found = _seen_in(connection, f"{name}_public_ticks", product.healthy)
    finally:
        _forget(stage, name)
    p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
    stage.say(f"end to end: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(found)} rows")
    return Result("end_to_end", {"ours": p50, "unit": "ms", "p50_ms": p50, "p99_ms": p99})


def _seen_in(
    connection: psycopg.Connection[tuple[int, float]], table: str, healthy: Callable[[], None]
) -> list[float]:
    """Look for new rows every two milliseconds; `made` is the clock of the insert, before its commit."""
    found: list[float] = []
    begin = time.monotonic() + WARM_UP
    end, last = begin + SECONDS, 0
    query = f'select id, extract(epoch from made)::float8 from "{table}" where id > %s order by id'
    while (now := time.monotonic()) < end:
        try:
            rows = connection.execute(query, [last]).fetchall()
        except psycopg.errors.UndefinedTable:
            healthy()
            rows = []
        seen = time.time()
        if rows:
            last = rows[-1][0]
            found += [(seen - made) * 1000 for _, made in rows if now >= begin]
        time.sleep(0.002)
    if not found:
        raise BenchFailed("no row reached the target")
    return found


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure what is wanted of the latencies."""
    measures = {"first_event": first_event, "latency": latency, "end_to_end": end_to_end}
    return [run(stage) for name, run in measures.items() if name in wanted]
