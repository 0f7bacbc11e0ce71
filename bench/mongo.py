"""Change streams and collections to Kafka; the limit is pymongo's raw cursor, which decodes nothing."""

from __future__ import annotations

from collections.abc import Collection

from bench import snapshots
from bench.pairs import Variants, run_pairs
from bench.rates import against_debezium
from bench.result import Result
from bench.stage import Stage
from bench.streams import Streams

NAMES = ("mongo_stream_kafka", "mongo_snapshot_kafka")


def stream(stage: Stage) -> Result:
    """Measure the stream against Debezium."""
    streams = Streams(stage, stage.mongo_origin)
    variants: Variants = {"limit": streams.limit, "kafka": streams.kafka}
    if stage.debezium:
        variants |= {"debezium": streams.fresh, "tuned": streams.tuned}
    runs = run_pairs(stage, "stream", variants)
    values = against_debezium(runs["kafka"], runs) | {"rows": stage.mongo_origin.rows}
    return Result("mongo_stream_kafka", values)


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure what is wanted of MongoDB."""
    found = [stream(stage)] if "mongo_stream_kafka" in wanted else []
    if "mongo_snapshot_kafka" in wanted:
        found.append(snapshots.result(stage, stage.mongo_origin))
    return found
