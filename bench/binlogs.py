"""The log and the tables of MySQL to Kafka; the limit of the stream is MariaDB's own reader on MariaDB."""

from __future__ import annotations

from collections.abc import Collection

from bench import snapshots
from bench.pairs import Variants, run_pairs
from bench.rates import against_debezium, cpu, ratio, speed
from bench.result import Result
from bench.stage import Stage
from bench.streams import Streams

NAMES = ("mysql_stream_kafka", "mysql_snapshot_kafka")


def stream(stage: Stage) -> Result:
    """Measure the stream of MySQL against Debezium, and that of MariaDB against `mariadb-binlog`."""
    on_mysql, on_mariadb = Streams(stage, stage.mysql_origin), Streams(stage, stage.mariadb_origin)
    variants: Variants = {"limit": on_mariadb.limit, "mariadb": on_mariadb.kafka, "kafka": on_mysql.kafka}
    if stage.debezium:
        variants |= {"debezium": on_mysql.fresh, "tuned": on_mysql.tuned}
    runs = run_pairs(stage, "stream", variants)
    values = against_debezium(runs["kafka"], runs)
    values |= {"ratio_limit": ratio(runs["mariadb"], runs["limit"])}
    values |= {"mariadb": speed(runs["mariadb"]), "mariadb_cpu_us_per_row": cpu(runs["mariadb"])}
    return Result("mysql_stream_kafka", values)


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure what is wanted of MySQL and MariaDB."""
    found = [stream(stage)] if "mysql_stream_kafka" in wanted else []
    if "mysql_snapshot_kafka" in wanted:
        found.append(snapshots.result(stage, stage.mysql_origin))
    return found
