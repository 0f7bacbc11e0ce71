"""Our events and those of real Debezium 3.6.3 on real Connect, byte for byte."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from cdc.errors import CdcError
from cdc.runtime.worker_config import open_log
from tests.differential.script import Script
from tests.golden.corpus import Event, Header
from tests.servers.connect import ConnectWorker
from tests.servers.kafka import KafkaBroker
from tests.servers.postgres import Database
from tests.servers.process import Process, tail

PATIENCE = 60.0
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "defaults": {},
    "other-modes": {
        "decimal.handling.mode": "string",
        "time.precision.mode": "connect",
        "interval.handling.mode": "string",
        "binary.handling.mode": "base64",
        "hstore.handling.mode": "map",
        "include.unknown.datatypes": "true",
        "provide.transaction.metadata": "true",
    },
}
Topics = dict[str, list[Event]]


def config(database: Database, prefix: str, slot: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return the connector's config: the same for both but for the slot."""
    converter = "org.apache.kafka.connect.json.JsonConverter"
    return {
        "name": slot,
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        **database.properties(),
        "topic.prefix": prefix,
        "slot.name": slot,
        "key.converter": converter,
        "value.converter": converter,
        "key.converter.schemas.enable": "true",
        "value.converter.schemas.enable": "true",
        **options,
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_events_are_equal(
    variant: str, database: Database, kafka: KafkaBroker, connect: ConnectWorker, tmp_path: Path
) -> None:
    seed = int(os.environ.get("CDC_TEST_SEED") or random.SystemRandom().randrange(1 << 30))
    print(f"CDC_TEST_SEED={seed}")
    prefix, script = database.name, Script(seed)
    run(database, script.setup())
    theirs = config(database, prefix, f"{prefix}_theirs", VARIANTS[variant])
    connect.create(theirs["name"], theirs)
    process = start(tmp_path, config(database, prefix, f"{prefix}_ours", VARIANTS[variant]))
    try:
        wait("both slots", lambda: _active(database) == 2, process)
        failed = run(database, script.stream(600))
        database.execute("INSERT INTO zz_end VALUES (1)")
        reader = Ours(tmp_path / "data", prefix)
        wait("our end", lambda: reader.poll() or f"{prefix}.public.zz_end" in reader.events, process)
        expected = debezium(kafka, prefix)
    finally:
        process.stop()
        connect.delete(theirs["name"])
    total = sum(map(len, expected.values()))
    different = list(differences(reader.events, expected))
    print(f"{variant}: {total} events, {len(different)} differ; {failed} transactions were refused")
    for difference in different[:40]:
        print(difference)
    assert total > 300
    assert not different


def run(database: Database, transactions: Iterator[str]) -> int:
    """Run transactions; return how many the database refused (a key that is there already)."""
    failed = 0
    with database.connect() as connection:
        for transaction in transactions:
            try:
                connection.execute(transaction.encode())
            except psycopg.errors.UniqueViolation:
                connection.execute("ROLLBACK")
                failed += 1
    return failed


def start(folder: Path, options: Mapping[str, str]) -> Process:
    """Start `cdc start` with the source alone, over the embedded log."""
    (folder / "pg.yaml").write_text(yaml.safe_dump(dict(options)))
    # As a Connect worker has it.
    (folder / "worker.yaml").write_text("value.converter.replace.null.with.default: 'true'\n")
    files = ["--source", str(folder / "pg.yaml"), "--worker", str(folder / "worker.yaml")]
    arguments = [*files, "--data-dir", str(folder / "data"), "--listen", "off", "--log-format", "json"]
    return Process([sys.executable, "-m", "cdc.cli.main", "start", *arguments], folder / "log")


def wait(what: str, ready: Callable[[], bool], process: Process) -> None:
    """Wait for something, as long as our worker is well."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        text = tail(process.log, 6000)
        assert process.alive, text
        assert "FAILED" not in text, text
        assert time.monotonic() < deadline, f"{what} takes too long\n{text}"
        time.sleep(0.1)


def _active(database: Database) -> int:
    query = "SELECT count(*) FROM pg_replication_slots WHERE active AND database = %s"
    return int(database.execute(query, [database.name])[0][0])


class Ours:
    """What is in our log."""

    def __init__(self, data: Path, prefix: str) -> None:
        log = open_log({"data.dir": str(data)})
        self._reader = log.reader("differential", [], {}, pattern=f"{prefix}\\..*")
        self.events: Topics = {}

    def poll(self) -> bool:
        """Take what is there; always False."""
        try:
            while fetched := self._reader.poll(1 << 20, 0.2):
                for run_ in fetched:
                    self._take(run_.encoded)
        except CdcError:
            pass
        return False

    def _take(self, encoded: Any) -> None:
        for index, (key, value) in enumerate(encoded.whole()):
            headers = [*encoded.row_headers.get(index, ()), *encoded.headers]
            event = _event(encoded.topic, key, value, headers)
            self.events.setdefault(encoded.topic, []).append(event)


def debezium(kafka: KafkaBroker, prefix: str) -> Topics:
    """Return what Debezium wrote, once it has written the end."""
    consumer = Consumer({**kafka.client(), "group.id": prefix, "enable.auto.commit": False})
    found: Topics = {}
    assigned: set[str] = set()
    deadline, idle = time.monotonic() + PATIENCE, 0
    while idle < 3 or f"{prefix}.public.zz_end" not in found:
        assert time.monotonic() < deadline, f"Debezium has not written the end, only {sorted(found)}"
        topics = {name for name in consumer.list_topics().topics if name.startswith(f"{prefix}.")}
        if topics != assigned:
            assigned, found = topics, {}
            consumer.assign([TopicPartition(name, 0, OFFSET_BEGINNING) for name in sorted(topics)])
        messages = consumer.consume(10000, 1.0)
        idle = idle + 1 if not messages else 0
        for message in messages:
            assert message.error() is None, message.error()
            topic, headers = str(message.topic()), list(message.headers() or [])
            event = _event(topic, message.key(), message.value(), headers)
            found.setdefault(topic, []).append(event)
    consumer.close()
    return found


def _event(topic: str, key: Any, value: Any, headers: Sequence[Any]) -> Event:
    shown = tuple(Header(name, None, _text(data)) for name, data in headers)
    return Event(topic, None, _text(key), _text(value), shown).masked()


def _text(data: bytes | str | None) -> str | None:
    return data.decode() if isinstance(data, bytes) else data


def differences(ours: Topics, theirs: Topics) -> Iterator[str]:
    """Yield, in words, each event that is not the same."""
    for topic in sorted(ours.keys() ^ theirs.keys()):
        yield f"{topic}: {'Debezium' if topic in theirs else 'cdc'} alone has this topic"
    for topic in sorted(ours.keys() & theirs.keys()):
        here, there = ours[topic], theirs[topic]
        if len(here) != len(there):
            yield f"{topic}: {len(here)} events, Debezium has {len(there)}"
        for index, (mine, other) in enumerate(zip(here, there, strict=False)):
            if mine != other:
                yield f"{topic} event {index}: {_where(mine, other)}"


def _where(mine: Event, other: Event) -> str:
    for part in ("key", "value", "headers"):
        left, right = str(getattr(mine, part)), str(getattr(other, part))
        if left != right:
            pairs = enumerate(zip(left, right, strict=False))
            at = next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)))
            shown = slice(max(0, at - 90), at + 90)
            return f"{part} at {at}\n  cdc      …{left[shown]}\n  Debezium …{right[shown]}"
    return "nothing"
