"""Memory of all processes of a worker with one source: at full speed, and when it is idle."""

from __future__ import annotations

import time
from collections.abc import Collection

from bench import load
from bench.configs import stream_source
from bench.measure import PeakMemory, drain, pss_mb
from bench.product import Product
from bench.result import Result
from bench.stage import Stage
from bench.watch import embedded_records

NAMES = ("memory",)
IDLE_SECONDS = 5.0


def _run(stage: Stage, bootstrap: str | None) -> tuple[float, float]:
    """Return the peak while the backlog is read, and what is left when it has been."""
    name = stage.name("memory")
    topic = f"{name}.public.changes"
    load.copy_slot(stage.postgres, name)
    try:
        with Product([stream_source(stage.postgres, name)], bootstrap=bootstrap) as product:
            folder = product.data_dir

            def records() -> int:
                return stage.topics.records(topic) if bootstrap else embedded_records(folder, topic)

            with PeakMemory(product.pid) as memory:
                drain(records, stage.rows, product.pid, product.healthy)
            time.sleep(IDLE_SECONDS)
            return memory.peak, pss_mb(product.pid)
    finally:
        load.drop_slot(stage.postgres, name)
        if bootstrap:
            stage.topics.delete(f"{name}.")


def measure(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Measure with Kafka and with the embedded log; the larger one counts."""
    assert stage.postgres_origin.backlog_end
    full, idle = _run(stage, stage.broker.bootstrap)
    embedded_full, embedded_idle = _run(stage, None)
    stage.say(
        f"Kafka {full:.0f} MB, then {idle:.0f} MB; embedded {embedded_full:.0f} MB, {embedded_idle:.0f} MB"
    )
    values: dict[str, float | str | None] = {
        "ours": max(full, embedded_full),
        "unit": "MB",
        "full_speed_mb": max(full, embedded_full),
        "idle_mb": max(idle, embedded_idle),
        "kafka_full_speed_mb": full,
        "embedded_full_speed_mb": embedded_full,
    }
    return [Result(NAMES[0], values)]
