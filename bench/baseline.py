"""Real Debezium 3.6.3 on real Kafka Connect: by its defaults on a fresh worker, and at its best.

At its best: larger batches and queues, lz4, a producer that gathers, and a worker that is warm and
has run the very same job before. Both have 2 GB of heap, which is what Connect's own script gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from bench.measure import Rate, drain
from bench.origins import Place
from tests.servers.connect import ConnectWorker

HEAP = "2g"
TUNED_PRODUCER = {
    "producer.override.linger.ms": "20",
    "producer.override.batch.size": "262144",
    "producer.override.buffer.memory": "67108864",
    "producer.override.compression.type": "lz4",
}
TUNED_SOURCE = {
    "max.batch.size": "16384",
    "max.queue.size": "65536",
    "poll.interval.ms": "50",
    "snapshot.fetch.size": "10240",
    **TUNED_PRODUCER,
}
TUNED_SINK = {
    "batch.size": "10000",
    "use.reduction.buffer": "true",
    "consumer.override.max.poll.records": "10000",
    "consumer.override.fetch.max.bytes": "104857600",
    "consumer.override.max.partition.fetch.bytes": "104857600",
}

_serial = count(1)


def worker(bootstrap: str) -> ConnectWorker:
    """Return a worker that shares nothing with others, not yet started."""
    number = next(_serial)
    settings: dict[str, object] = {"group.id": f"bench-connect-{number}"}
    for kind in ("config", "offset", "status"):
        settings[f"{kind}.storage.topic"] = f"_bench-connect-{number}-{kind}s"
    return ConnectWorker(bootstrap, heap=HEAP, settings=settings)


@contextmanager
def running(bootstrap: str) -> Iterator[ConnectWorker]:
    """Give a fresh worker."""
    started = worker(bootstrap).start()
    try:
        yield started
    finally:
        started.stop()


def run(
    on: ConnectWorker,
    config: Mapping[str, str],
    rows: Callable[[], int],
    target: int,
    place: Place | None = None,
) -> Rate:
    """Run a connector until `rows()` is `target`; measure the worker from the first row on.

    place: where it begins, if it has an offset.
    """
    name = config["name"]
    if place is None:
        on.create(name, config)
    else:
        on.create_at(name, config, place.partition, place.offset)
    checks = count()

    def healthy() -> None:
        if next(checks) % 40 == 0:
            on.is_running(name)  # raises with the trace of a task that failed

    try:
        return drain(rows, target, on.pid, healthy)
    finally:
        on.delete(name)
