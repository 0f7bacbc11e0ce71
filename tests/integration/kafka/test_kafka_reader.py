"""Groups on a real broker: what a rebalance does, and bounded memory."""

import os
import time
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient

from cdc.batch import Encoded
from cdc.errors import LogError, Rebalanced
from cdc.plugin import LogReader
from cdc.transport.kafka import KafkaLog
from tests.integration.kafka.test_kafka_writer import make, name, open_log, tick
from tests.servers.kafka import KafkaBroker

Records = list[tuple[int, int]]


@pytest.fixture
def log(kafka: KafkaBroker) -> Iterator[KafkaLog]:
    opened = open_log(kafka)
    yield opened
    opened.close()


@pytest.fixture
def topic(kafka: KafkaBroker, log: KafkaLog) -> str:
    """Return a topic with four partitions of 100 records."""
    made = name("shared")
    make(AdminClient({"bootstrap.servers": kafka.bootstrap}), made, partitions=4)
    writer = log.writer("c", 0, {})
    for partition in range(4):
        values = [b"%d" % number for number in range(100)]
        writer.append(Encoded(made, [b"k"] * 100, list(values), partition=partition), tick)
    writer.commit({}, tick)
    writer.close()
    return made


def test_a_topic_that_is_made_anew_has_another_identity(kafka: KafkaBroker, log: KafkaLog) -> None:
    admin, made = AdminClient({"bootstrap.servers": kafka.bootstrap}), name("anew")
    assert log.topic_id(made) is None
    make(admin, made)
    first = _identity(log, made, None)
    assert first is not None
    admin.delete_topics([made])[made].result(30)
    make(admin, made)
    assert _identity(open_log(kafka), made, first) not in (None, first)


def test_a_topic_that_is_made_anew_while_it_is_read_is_no_progress(kafka: KafkaBroker, log: KafkaLog) -> None:
    made = name("anew")
    make(AdminClient({"bootstrap.servers": kafka.bootstrap}), made)
    _fill(log, made, 100)
    reader = log.reader(made, [made], {})
    assert len(poll(reader, 100)) == 100
    reader.commit({(made, 0): 100})
    again = _make_anew(kafka, log, made, 10)
    with pytest.raises(LogError, match=f"{made}-0 goes on at offset 0.*made anew") as found:
        poll(reader, 1)
    assert found.value.retry
    reader.close()
    reader = again.reader(made, [made], {})
    assert [offset for _, offset in poll(reader, 10)] == [*range(10)]
    reader.close()


def test_a_topic_that_is_made_anew_with_more_records_than_were_read(
    kafka: KafkaBroker, log: KafkaLog
) -> None:
    """The driver goes on behind the offset it had; what lies before would be skipped in silence."""
    made = name("anew")
    make(AdminClient({"bootstrap.servers": kafka.bootstrap}), made)
    _fill(log, made, 10)
    reader = log.reader(made, [made], {})
    assert len(poll(reader, 10)) == 10
    reader.commit({(made, 0): 10})
    poll(reader, 1, patience=1)  # by now the reader knows which topic it is
    again = _make_anew(kafka, log, made, 30)
    with pytest.raises(LogError, match=f"{made} was deleted and made anew while it was read") as found:
        _read_and_commit(reader, made)
    assert found.value.retry
    reader.close()
    reader = again.reader(made, [made], {})
    assert [offset for _, offset in poll(reader, 30)] == [*range(30)]
    reader.close()


def _make_anew(kafka: KafkaBroker, log: KafkaLog, topic: str, records: int) -> KafkaLog:
    """Delete a topic and make it again with so many records; return a log that knows the new one."""
    admin, first = AdminClient({"bootstrap.servers": kafka.bootstrap}), _identity(log, topic, None)
    admin.delete_topics([topic])[topic].result(30)
    make(admin, topic)
    again = open_log(kafka)
    _identity(again, topic, first)
    _fill(again, topic, records)
    return again


def _read_and_commit(reader: LogReader, topic: str) -> None:
    while read := poll(reader, 1, patience=20):
        reader.commit({(topic, 0): read[-1][1] + 1})


def _fill(log: KafkaLog, topic: str, count: int) -> None:
    writer = log.writer("c", 0, {})
    writer.append(Encoded(topic, [b"k"] * count, [b"v"] * count, partition=0), tick)
    writer.commit({}, tick)
    writer.close()


def _identity(log: KafkaLog, topic: str, before: str | None) -> str | None:
    """Return the topic's identity once the broker tells another one: what was made is not seen at once."""
    until = time.monotonic() + 20
    while (found := log.topic_id(topic)) in (None, before) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def poll(reader: LogReader, count: int, patience: float = 30.0) -> Records:
    found: Records = []
    until = time.monotonic() + patience
    while len(found) < count and time.monotonic() < until:
        for run in reader.poll(1 << 20, 0.2):
            found += [(run.encoded.partition or 0, offset) for offset in run.offsets]
    return found


@pytest.mark.parametrize("strategy", ["RangeAssignor", "CooperativeStickyAssignor"])
def test_a_partition_that_leaves_with_uncommitted_records_is_told(
    log: KafkaLog, topic: str, strategy: str
) -> None:
    group = name("g")
    config = {"consumer.override.partition.assignment.strategy": f"org.apache.kafka.{strategy}"}
    first = log.reader(group, [topic], config)
    assert len(poll(first, 400)) == 400
    first.commit({(topic, 0): 50})
    second = log.reader(group, [topic], config)
    taken: Records = []
    until = time.monotonic() + 30
    with pytest.raises(Rebalanced, match=topic):  # noqa: PT012 - both have to be polled for it
        while time.monotonic() < until:
            taken += poll(second, 1, patience=0.3)
            assert poll(first, 1, patience=0.3) == [], "what stays goes on where it was"
    again: Records = []
    while len(again) + len(taken) < 350 and time.monotonic() < until:
        again += poll(first, 1, patience=0.3)
        taken += poll(second, 1, patience=0.3)
    everything = again + taken
    assert len(everything) == len(set(everything)) == 350, "all that was not committed, each once"
    assert min(offset for partition, offset in everything if partition == 0) == 50
    first.close()
    second.close()


def test_a_rebalance_after_the_commit_is_silent(log: KafkaLog, topic: str) -> None:
    group = name("g")
    first = log.reader(group, [topic], {})
    got = poll(first, 400)
    first.commit({(topic, partition): 100 for partition in range(4)})
    second = log.reader(group, [topic], {})
    until = time.monotonic() + 30
    while not (first.lag() and second.lag()) and time.monotonic() < until:
        assert poll(second, 1, patience=0.2) == []
        assert poll(first, 1, patience=0.2) == []
    shares = [set(first.lag()), set(second.lag())]
    assert shares[0] | shares[1] == {(topic, partition) for partition in range(4)}
    assert len(got) == 400
    first.close()
    second.close()


def test_memory_of_a_reader_is_bounded(kafka: KafkaBroker, log: KafkaLog) -> None:
    topic = name("heavy")
    writer = log.writer("c", 0, {})
    for _ in range(100):
        writer.append(Encoded(topic, [b"k"] * 10, [os.urandom(100_000) for _ in range(10)]), tick)
    writer.commit({}, tick)
    writer.close()
    before = rss()
    reader = log.reader(name("g"), [topic], {})
    count = largest = 0
    until = time.monotonic() + 60
    while count < 1000 and time.monotonic() < until:
        runs = reader.poll(1 << 20, 0.5)
        count += sum(len(run.offsets) for run in runs)
        largest = max(largest, sum(len(value or b"") for run in runs for value in run.encoded.values))
    assert count == 1000
    assert largest <= 3 << 20
    assert rss() - before < 60 << 20
    reader.close()


def rss() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
