"""The whole way, source to sink through the embedded log: a first load, and one huge transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import psycopg

from bench import limits, load, traffic
from bench.configs import jdbc_sink, snapshot_source, table_source
from bench.measure import STALLED_SECONDS, BenchFailed, PeakMemory, middle
from bench.product import Product
from bench.result import FIRST_LOAD, Result
from bench.stage import Stage
from tests.servers.postgres import Connectable

NAMES = ("first_load", "big_transaction")
BIG, SMALL = 3.0, 0.3
"""Rows of the huge transaction, and of the one before it that shows what is normal: times `--rows`."""


def first_load(stage: Stage) -> Result:
    """Measure `cdc start` of a snapshot and a sink to its end, and `pg_dump | psql` beside it."""
    table, ours, theirs = stage.postgres_origin.table, [], []
    for pair in range(stage.pairs):
        target = load.target_database(stage.postgres, "target")
        theirs.append(stage.rows / limits.dump_and_load(stage.postgres, target, table))
        ours.append(stage.rows / _load(stage, table))
        stage.say(f"pair {pair + 1}: first load {ours[-1]:,.0f} rows/s; pg_dump | psql {theirs[-1]:,.0f}")
    ratio = middle([mine / other for mine, other in zip(ours, theirs, strict=True)])
    values: dict[str, float | str | None] = {"ours": middle(ours), "unit": "rows/s", "limit": middle(theirs)}
    return Result("first_load", {**values, "ratio_limit": ratio, FIRST_LOAD[0].key: middle(ours)})


def _load(stage: Stage, table: str) -> float:
    target = load.target_database(stage.postgres, "target")
    name = stage.name("load")
    source = {k: v for k, v in snapshot_source(stage.postgres, name).items() if "schemas.enable" not in k}
    sink = jdbc_sink(target, f"{name}sink", f"{name}.public.{table}")
    started = time.monotonic()
    with Product([source], [sink]) as product:
        product.ended_well()
    seconds = time.monotonic() - started
    count = "select count(*), sum(id), sum(acct) from {}"
    if target.execute(count.format(f'"{name}_public_{table}"')) != stage.postgres.execute(
        count.format(table)
    ):
        raise BenchFailed("the target does not equal the source")
    return seconds


def big_transaction(stage: Stage) -> Result:
    """Measure how much more memory a transaction of 3 M rows takes than one of a tenth of it."""
    name = stage.name("big")
    stage.postgres.execute("drop table if exists big")
    stage.postgres.execute("create table big(id bigint primary key, n int, t text)")
    target = load.target_database(stage.postgres, "target")
    source = table_source(stage.postgres, name, "big", snapshot__mode="no_data")
    sink = jdbc_sink(target, f"{name}sink", f"{name}.public.big")
    small, big = int(stage.rows * SMALL), int(stage.rows * BIG)
    try:
        with Product([source], [sink]) as product:
            traffic.wait_for_slot(stage.postgres, name, product.healthy)
            with target.connect() as connection:
                arrived = _arrived(connection, f"{name}_public_big")
                normal, _ = _through(stage.postgres, product, arrived, 0, small)
                peak, seconds = _through(stage.postgres, product, arrived, small, small + big)
    finally:
        load.drop_slot(stage.postgres, name)
        stage.postgres.execute(f"drop publication if exists {name}")
    stage.say(
        f"a transaction of {big:,} rows: {peak:.0f} MB in {seconds:.0f} s; of {small:,}: {normal:.0f} MB"
    )
    growth = peak - normal
    return Result(
        "big_transaction",
        {"ours": growth, "unit": "MB", "rss_growth_mb": growth, "peak_mb": peak, "rows_per_s": big / seconds},
    )


def _arrived(connection: psycopg.Connection[tuple[int]], table: str) -> Callable[[], int]:
    """Return what counts the rows in the target, by the newest."""

    def arrived() -> int:
        try:
            rows = connection.execute(f'select max(id) from "{table}"').fetchall()
        except psycopg.errors.UndefinedTable:
            return 0
        return rows[0][0] or 0

    return arrived


def _through(
    source: Connectable, product: Product, arrived: Callable[[], int], first: int, last: int
) -> tuple[float, float]:
    """Insert rows in one transaction; return peak memory and seconds until the last one has arrived."""
    source.execute(
        "insert into big select g, g %% 1000, 'row ' || g from generate_series(%s::bigint, %s::bigint) g",
        [first + 1, last],
    )
    started = moved = time.monotonic()
    seen = 0
    with PeakMemory(product.pid) as memory:
        while seen < last:
            time.sleep(0.1)
            product.healthy()
            if (found := arrived()) > seen:
                seen, moved = found, time.monotonic()
            if time.monotonic() - moved > STALLED_SECONDS:
                raise BenchFailed(f"{seen} of {last} rows arrived:\n{product.log}")
    return memory.peak, time.monotonic() - started


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure what is wanted of the whole way."""
    measures = {"first_load": first_load, "big_transaction": big_transaction}
    return [run(stage) for name, run in measures.items() if name in wanted]
