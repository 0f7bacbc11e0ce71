"""Run a golden case against our own source and collect its records."""

import time
from collections.abc import Sequence
from typing import Any

from cdc.batch import Batch, Encoded
from cdc.metrics import Metrics
from cdc.plugin import SourceContext
from cdc.runtime.encoder import Encoder
from cdc.runtime.formats import build_format, build_headers
from cdc.runtime.headers import FormatHeaders
from cdc.sources.postgres import PostgresConfig, PostgresSource
from cdc.transport.memory import MemoryLog
from tests.golden.corpus import Case, Event, Header
from tests.golden.targets import psql
from tests.servers.postgres import Database

PATIENCE = 20.0
"""Seconds that a case may take."""


def replay(case: Case, database: Database) -> list[Event]:
    """Run setup, snapshot and stream of a case; return our events in emitted order."""
    psql(database, case.setup)
    config = case.config(database.properties())
    source = PostgresSource(PostgresConfig(config))
    encoder = Collector(config)
    stored: list[tuple[Any, Any]] = []
    journal = MemoryLog().journal
    source.open(SourceContext("golden", 0, lambda partition: None, lambda: stored, Metrics(), journal))
    try:
        _read(source, encoder, until=None)
        psql(database, case.stream)
        ((target,),) = database.execute("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
        _read(source, encoder, until=int(target))
        if "heartbeat.interval.ms" in config:
            time.sleep(int(config["heartbeat.interval.ms"]) / 1000)
            encoder.take(source.read(1 << 20, 0.2).batches)
    finally:
        source.close()
    return encoder.events


def _read(source: PostgresSource, encoder: "Collector", until: int | None) -> None:
    """Read the snapshot (`until` None), or the stream up to a point of the log."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if until is None and source._snapshot is None:
            return
        window = source.read(1 << 20, 0.05)
        if window is None:
            return
        encoder.take(window.batches)
        source.confirm(window.offsets)
        if until is not None and not window.batches and source._stream.wal_end >= until:
            return
    raise TimeoutError(f"the case did not end within {PATIENCE} s")


class Collector:
    """Encode batches as a task would, and keep the records as text."""

    def __init__(self, config: dict[str, str]) -> None:
        key, value = build_format("key", config, {}), build_format("value", config, {})
        self._simple = Encoder(key, value, build_headers({}, {}))
        json_headers = FormatHeaders(build_format("value", {"value.converter.schemas.enable": "false"}, {}))
        self._json = Encoder(key, value, json_headers)
        self.events: list[Event] = []

    def take(self, batches: Sequence[Batch]) -> None:
        """Encode the batches and keep their records."""
        for batch in batches:
            for simple, as_json in zip(self._simple.encode(batch), self._json.encode(batch), strict=True):
                self._keep(simple, as_json)

    def _keep(self, simple: Encoded, as_json: Encoded) -> None:
        for index, (key, value) in enumerate(simple.whole()):
            pairs = zip(_headers(simple, index), _headers(as_json, index), strict=True)
            headers = tuple(Header(name, _text(json), _text(plain)) for (name, plain), (_, json) in pairs)
            self.events.append(Event(simple.topic, simple.partition, _text(key), _text(value), headers))


def _headers(encoded: Encoded, index: int) -> list[tuple[str, bytes | None]]:
    return [*encoded.row_headers.get(index, ()), *encoded.headers]


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "surrogateescape")
