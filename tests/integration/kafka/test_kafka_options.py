"""Where offsets are kept, and how long transactions last, on a real broker."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from cdc.batch import Encoded
from cdc.errors import ConfigError, LogRejected
from cdc.plugin import LogWriter
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from cdc.transport.kafka import KafkaLog
from cdc.transport.kafka.clients import Clients
from cdc.transport.kafka.config import KafkaConfig
from tests.integration.kafka.test_kafka_writer import admin, dump, make, name, open_log, tick
from tests.servers.kafka import KafkaBroker
from tests.servers.policy import require

__all__ = ["admin"]


def settings_of(admin: AdminClient, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    found = admin.describe_configs([resource])[resource].result(20)
    return {key: entry.value for key, entry in found.items()}


def stored(broker: KafkaBroker, topic: str) -> dict[bytes, bytes]:
    """Return what a reader of committed data sees of a compacted topic."""
    return {message.key(): message.value() for message in dump(broker, topic, "read_committed")}


def test_the_workers_offset_topic(kafka: KafkaBroker, admin: AdminClient) -> None:
    """It is made as the worker says, and another worker finds what is in it."""
    topic = name("offsets")
    options = {
        "offset.storage.topic": topic,
        "offset.storage.partitions": "3",
        "offset.storage.replication.factor": "1",
        "offset.storage.segment.bytes": "1048576",
    }
    log = open_log(kafka, **options)
    writer = log.writer("c", 0, {})
    keys = [json.dumps(["c", {"n": n}], separators=(",", ":")).encode() for n in range(20)]
    writer.commit(dict.fromkeys(keys, b"1"), tick)
    writer.commit({keys[0]: b"2", keys[1]: None}, tick)
    writer.close()
    state = open_log(kafka, **options).offsets({})
    assert dict(state.items()) == {keys[0]: b"2"} | dict.fromkeys(keys[2:], b"1")
    state.close()
    assert len(admin.list_topics(topic).topics[topic].partitions) == 3
    settings = settings_of(admin, topic)
    assert (settings["cleanup.policy"], settings["segment.bytes"]) == ("compact", "1048576")


@pytest.mark.parametrize("exactly_once", ["disabled", "enabled"])
def test_a_connectors_own_offset_topic(kafka: KafkaBroker, admin: AdminClient, exactly_once: str) -> None:
    """What it has counts; the worker's topic has a copy, and what was there before."""
    shared, own, config = name("shared"), name("own"), {"offsets.storage.topic": ""}
    config["offsets.storage.topic"] = own
    log = open_log(kafka, **{"offset.storage.topic": shared, "exactly.once.source.support": exactly_once})
    before = log.writer("c", 0, {})
    before.commit({b"old": b"1", b"moved": b"1"}, tick)
    before.close()
    writer = log.writer("c", 0, config)
    writer.commit({b"moved": b"2", b"new": b"2"}, tick)
    state = log.offsets(config)
    assert dict(state.items()) == {b"old": b"1", b"moved": b"2", b"new": b"2"}
    assert (state.get(b"old"), state.get(b"moved")) == (b"1", b"2")
    assert stored(kafka, own) == {b"moved": b"2", b"new": b"2"}
    assert stored(kafka, shared) == {b"old": b"1", b"moved": b"2", b"new": b"2"}
    assert settings_of(admin, own)["cleanup.policy"] == "compact"
    writer.commit({b"moved": None}, tick)
    assert state.get(b"moved") is None
    state.put(b"old", None)
    state.put(b"new", b"3")
    assert dict(state.items()) == {b"new": b"3"}
    for face in (state, writer):
        face.close()


def test_one_that_is_not_compacted_is_refused_by_its_option(kafka: KafkaBroker, admin: AdminClient) -> None:
    own = name("own")
    make(admin, own, cleanup_policy="delete")
    with pytest.raises(LogRejected, match=r"offsets\.storage\.topic"):
        open_log(kafka).writer("c", 0, {"offsets.storage.topic": own})


def test_without_a_topic_for_offsets_it_is_ignored_and_said(
    kafka: KafkaBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = {"offsets.storage.topic": "mine"}
    file = str(tmp_path / "offsets")
    open_log(kafka, **{"offset.storage.file.filename": file}).offsets(own).close()
    EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)})).offsets(own).close()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "offsets.storage.topic is ignored"
    ] * 2


@pytest.fixture(scope="module")
def other_kafka() -> Iterator[KafkaBroker]:
    with require("kafka"):
        broker = KafkaBroker()
        broker.start()
    yield broker
    broker.kill()


@pytest.mark.parametrize("exactly_once", ["disabled", "enabled"])
@pytest.mark.parametrize("named", [False, True])
def test_a_connector_that_writes_to_another_cluster(
    kafka: KafkaBroker, other_kafka: KafkaBroker, exactly_once: str, named: bool
) -> None:
    topic, shared, own = name("far"), name("shared"), name("own")
    elsewhere = {f"{role}.override.bootstrap.servers": other_kafka.bootstrap for role in ROLES}
    config = {**elsewhere, **({"offsets.storage.topic": own} if named else {})}
    options = {"offset.storage.topic": shared, "exactly.once.source.support": exactly_once}
    writer = open_log(kafka, **options).writer("c", 0, config)
    writer.append(Encoded(topic, [b"k"], [b"v"]), tick)
    writer.commit({b"here": b"1"}, tick)
    writer.close()
    assert [message.value() for message in dump(other_kafka, topic)] == [b"v"]
    state = open_log(kafka, **options).offsets(config)
    assert state.get(b"here") == b"1"
    state.close()
    assert stored(kafka, shared) == {b"here": b"1"}
    if named or exactly_once == "enabled":
        assert stored(other_kafka, own if named else shared) == {b"here": b"1"}


ROLES = ("producer", "consumer", "admin")


def transactional(kafka: KafkaBroker, **config: str) -> LogWriter:
    log: KafkaLog = open_log(kafka, **{"exactly.once.source.support": "enabled"})
    return log.writer(name("c"), 0, {key.replace("_", "."): value for key, value in config.items()})


def test_transactions_of_an_interval(kafka: KafkaBroker) -> None:
    """They last as long as is asked for, also where the producer's own limit is lower by default."""
    writer = transactional(kafka, transaction_boundary="interval", transaction_boundary_interval_ms="3000")
    topic, began = name("interval"), time.monotonic()
    writer.commit({}, tick)
    writer.append(Encoded(topic, [b"k"], [b"v"]), tick)
    while not writer.due(idle=True):
        time.sleep(0.05)
    assert 2.9 < time.monotonic() - began < 6
    assert dump(kafka, topic, "read_committed") == []
    writer.commit({b"o": b"1"}, tick)
    assert [message.value() for message in dump(kafka, topic, "read_committed")] == [b"v"]
    writer.close()
    long = transactional(kafka, transaction_boundary="interval", transaction_boundary_interval_ms="120000")
    long.append(Encoded(topic, [b"k"], [b"w"]), tick)
    long.commit({}, tick)
    long.close()


def test_transactions_of_a_poll_are_short(kafka: KafkaBroker) -> None:
    writer, topic = transactional(kafka, transaction_boundary="poll"), name("poll")
    writer.append(Encoded(topic, [b"k"], [b"v"]), tick)
    began = time.monotonic()
    while not writer.due(idle=True):
        time.sleep(0.01)
    assert time.monotonic() - began < 1
    writer.close()


def test_no_source_defines_transactions(kafka: KafkaBroker) -> None:
    with pytest.raises(ConfigError, match=r"transaction\.boundary.*poll or interval"):
        transactional(kafka, transaction_boundary="connector")
    open_log(kafka).writer("c", 0, {"transaction.boundary": "connector"}).close()


def test_threads_that_come_first_share_one_admin_client(kafka: KafkaBroker) -> None:
    """Of two that were made at once one would be let go, and what was asked of it never answered."""
    clients, start = Clients(KafkaConfig({"bootstrap.servers": kafka.bootstrap})), threading.Barrier(8)
    found: list[AdminClient] = []

    def ask() -> None:
        start.wait()
        found.append(clients.admin())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
