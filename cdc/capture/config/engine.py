"""Options of Debezium's engine that its users bring along; what they tune is not there."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option


def _accepted(name: str, default: int, why: str, kind: Kind = Kind.INT) -> Option[int]:
    return options.integer(
        name,
        default,
        kind=kind,
        doc=f"Accepted for compatibility: {why}.",
        group="Compatibility",
        importance=Importance.LOW,
    )


_NO_QUEUE = "there is no queue between reader and log; see `window.max.bytes`"


class EngineOptions(Config):
    """Queues, polls and threads of Debezium."""

    max_batch_size = _accepted("max.batch.size", 2048, _NO_QUEUE)
    max_queue_size = _accepted("max.queue.size", 8192, _NO_QUEUE)
    max_queue_size_in_bytes = _accepted("max.queue.size.in.bytes", 0, _NO_QUEUE, Kind.LONG)
    poll_interval_ms = _accepted("poll.interval.ms", 500, "changes are read as they come", Kind.LONG)
    query_fetch_size = _accepted("query.fetch.size", 0, "the other queries are small")
    executor_shutdown_timeout_ms = _accepted(
        "executor.shutdown.timeout.ms", 4000, "no threads outlive their task", Kind.LONG
    )
    connection_validation_timeout_ms = _accepted(
        "connection.validation.timeout.ms",
        60_000,
        "a validation takes as long as connecting may",
        Kind.LONG,
    )
