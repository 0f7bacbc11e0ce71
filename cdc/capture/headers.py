"""Debezium's context headers: which connector, task and run wrote a record."""

from __future__ import annotations

import os
import time
import uuid

from cdc.batch import Header
from cdc.capture.config.events import EventOptions
from schemas.connect import STRING


def context_headers(config: EventOptions, connector: str, task: int) -> tuple[Header, ...]:
    """Return the headers of every data event of this run; connector: its name in `source`."""
    if not config.extended_headers_enabled:
        return ()
    values = {
        "connectorLogicalName": config.topic_prefix,
        "taskId": str(task),
        "connectorName": connector,
        "runId": str(_uuid7()),
    }
    return tuple((f"__debezium.context.{name}", STRING, value) for name, value in values.items())


def _uuid7() -> uuid.UUID:
    """Return a time-ordered UUID (RFC 9562, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(3 << 62) | 2 << 62
    return uuid.UUID(int=number)
