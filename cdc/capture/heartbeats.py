"""Heartbeats: records that say that a connector lives."""

from __future__ import annotations

import time

from cdc.batch import RecordBatch
from cdc.capture.config.events import EventOptions
from cdc.topics import TopicNames
from schemas import connect

_KEY = connect.struct(
    "io.debezium.connector.common.ServerNameKey", [("serverName", connect.STRING)], version=1
)
_VALUE = connect.struct("io.debezium.connector.common.Heartbeat", [("ts_ms", connect.INT64)], version=1)


class Heartbeats:
    """Say regularly that the connector lives, and let the offset move with it."""

    def __init__(self, config: EventOptions, topics: TopicNames) -> None:
        self._interval = config.heartbeat_interval_ms / 1000
        self._server, self._topic = config.topic_prefix, topics.heartbeat
        self._next = time.monotonic() + self._interval

    def due(self) -> bool:
        """Whether it is time for a heartbeat."""
        return bool(self._interval) and time.monotonic() >= self._next

    def beat(self) -> RecordBatch:
        """Return a heartbeat of now."""
        self._next = time.monotonic() + self._interval
        now = {"ts_ms": time.time_ns() // 1_000_000}
        return RecordBatch(self._topic, _KEY, _VALUE, [{"serverName": self._server}], [now], partition=0)
