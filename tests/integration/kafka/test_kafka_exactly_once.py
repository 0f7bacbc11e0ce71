"""Transactions on a real broker: what a killed or superseded task leaves behind."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdc.batch import Encoded
from cdc.errors import Fenced
from cdc.transport.kafka import KafkaConfig, KafkaLog
from tests.integration.kafka.test_kafka_writer import dump, name, tick
from tests.servers.kafka import KafkaBroker

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def worker(kafka: KafkaBroker) -> dict[str, str]:
    return {"bootstrap.servers": kafka.bootstrap, "exactly.once.source.support": "enabled"}


@pytest.fixture
def log(worker: dict[str, str]) -> Iterator[KafkaLog]:
    opened = KafkaLog(KafkaConfig(worker))
    yield opened
    opened.close()


def test_a_killed_task_leaves_nothing_half_done(
    kafka: KafkaBroker, worker: dict[str, str], log: KafkaLog
) -> None:
    topic, connector = name("once"), name("c")
    command = [sys.executable, "-m", "tests.integration.kafka.exactly_once_child"]
    child = subprocess.Popen(
        [*command, json.dumps(worker), connector, topic], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "written\n"
    child.kill()
    child.wait()
    child.stdout.close()
    assert len(dump(kafka, topic)) == 20, "the broker has the rows of the open window"
    assert {m.value() for m in dump(kafka, topic, "read_committed")} == {b"committed"}

    heir = log.writer(connector, 0, {})
    state = log.state("offsets")
    assert state.get(connector.encode()) == b"10"
    heir.append(Encoded(topic, [b"k"] * 10, [b"again"] * 10), tick)
    heir.commit({connector.encode(): b"20"}, tick)
    assert state.get(connector.encode()) == b"20"
    seen = [m.value() for m in dump(kafka, topic, "read_committed")]
    assert seen == [b"committed"] * 10 + [b"again"] * 10
    reader = log.reader(name("g"), [topic], {})
    found: list[bytes | None] = []
    until = time.monotonic() + 30
    while (len(found) < 20 or reader.lag()[topic, 0]) and time.monotonic() < until:
        found += [value for run in reader.poll(1 << 20, 0.5) for value in run.encoded.values]
    assert found == seen
    assert reader.lag() == {(topic, 0): 0}, "the marks at the end are no records"
    for face in (reader, state, heir):
        face.close()


def test_rows_and_offsets_become_visible_together(kafka: KafkaBroker, log: KafkaLog) -> None:
    topic, connector = name("together"), name("c")
    writer, state = log.writer(connector, 0, {}), log.state("offsets")
    for number in range(3):
        writer.append(Encoded(topic, [b"k"] * 5, [b"%d" % number] * 5), tick)
        assert len(dump(kafka, topic, "read_committed")) == 5 * number
        writer.commit({connector.encode(): b"%d" % number}, tick)
        assert len(dump(kafka, topic, "read_committed")) == 5 * number + 5
        assert state.get(connector.encode()) == b"%d" % number
    writer.append(Encoded(topic, [b"k"], [b"given up"]), tick)
    writer.close()
    assert len(dump(kafka, topic, "read_committed")) == 15
    state.close()


def test_a_zombie_is_fenced_wherever_it_stands(kafka: KafkaBroker, log: KafkaLog) -> None:
    topic, connector = name("zombie"), name("c")
    idle, middle = log.writer(connector, 0, {}), log.writer(connector, 1, {})
    middle.append(Encoded(topic, [b"k"], [b"zombie"]), tick)
    heirs = [log.writer(connector, number, {}) for number in (0, 1)]
    with pytest.raises(Fenced):
        middle.commit({b"zombie": b"1"}, tick)
    with pytest.raises(Fenced):
        middle.append(Encoded(topic, [b"k"], [b"zombie"]), tick)
    idle.append(Encoded(topic, [b"k"], [b"zombie"]), tick)
    with pytest.raises(Fenced):
        idle.commit({b"zombie": b"1"}, tick)
    for heir in heirs:
        heir.append(Encoded(topic, [b"k"], [b"heir"]), tick)
        heir.commit({}, tick)
    assert [m.value() for m in dump(kafka, topic, "read_committed")] == [b"heir"] * 2
    for writer in (idle, middle, *heirs):
        writer.close()


def test_an_empty_window_costs_no_transaction(kafka: KafkaBroker, log: KafkaLog) -> None:
    writer = log.writer(name("c"), 0, {})
    assert writer.exactly_once
    started = time.monotonic()
    for _ in range(50):
        writer.commit({}, tick)
    assert time.monotonic() - started < 0.5
    writer.close()
