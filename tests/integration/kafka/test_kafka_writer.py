"""The writer on a real broker: placement, topic creation, errors, restarts."""

import itertools
import json
import os
import struct
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from cdc import offsets
from cdc.batch import Encoded
from cdc.errors import AccessDenied, CdcError, LogRejected
from cdc.plugin import LogWriter
from cdc.transport.kafka import KafkaConfig, KafkaLog
from tests.servers.kafka import PASSWORD, USER, KafkaBroker
from tests.servers.policy import require


def tick() -> None:
    """Do nothing."""


def write(writer: LogWriter, encoded: Encoded) -> None:
    """Append and commit: topics are made by one of the two."""
    writer.append(encoded, tick)
    writer.commit({}, tick)


def name(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def open_log(broker: KafkaBroker, **more: str) -> KafkaLog:
    return KafkaLog(KafkaConfig({"bootstrap.servers": broker.bootstrap, **more}))


@pytest.fixture
def admin(kafka: KafkaBroker) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.bootstrap})


def make(admin: AdminClient, topic: str, partitions: int = 1, **config: str) -> None:
    wanted = {key.replace("_", "."): value for key, value in config.items()}
    admin.create_topics([NewTopic(topic, partitions, 1, config=wanted)])[topic].result(20)


def dump(broker: KafkaBroker, topic: str, isolation: str = "read_uncommitted") -> list[Any]:
    """Return every message of a topic, read without our reader."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": name("dump"),
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": isolation,
        }
    )
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found, ends = [], set()
    until = time.monotonic() + 30
    while len(ends) < len(partitions) and time.monotonic() < until:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            found.append(message)
        elif message is not None:
            ends.add(message.partition())
    consumer.close()
    assert len(ends) == len(partitions)
    return found


@pytest.fixture
def writer(kafka: KafkaBroker) -> Iterator[LogWriter]:
    log = open_log(kafka)
    opened = log.writer("c", 0, {})
    yield opened
    opened.close()
    log.close()


def murmur2(data: bytes) -> int:
    """Hash as org.apache.kafka.common.utils.Utils does; signed."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for (k,) in struct.iter_unpack("<I", data[:whole]):
        mixed = (k * m) & mask
        mixed ^= mixed >> 24
        h = ((h * m) & mask) ^ ((mixed * m) & mask)
    rest = data[whole:]
    for index in reversed(range(len(rest))):
        h ^= rest[index] << 8 * index
    if rest:
        h = (h * m) & mask
    h ^= h >> 13
    h = (h * m) & mask
    h ^= h >> 15
    return h - (1 << 32) if h >> 31 else h


# From Kafka's own UtilsTest.
FACTS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


def test_murmur2_of_the_test_is_javas() -> None:
    assert {key: murmur2(key) for key in FACTS} == FACTS


def test_keys_land_where_java_puts_them(kafka: KafkaBroker, admin: AdminClient, writer: LogWriter) -> None:
    topic = name("placed")
    make(admin, topic, partitions=7)
    keys: list[bytes | None] = [*FACTS, *(b'{"id":%d}' % n for n in range(300)), "käse".encode(), b""]
    writer.append(Encoded(topic, keys, [b"v"] * len(keys)), tick)
    writer.append(Encoded(topic, [b"21"], [b"forced"], partition=6), tick)
    writer.commit({}, tick)
    for message in dump(kafka, topic):
        key = message.key() or b""
        forced = message.value() == b"forced"
        assert message.partition() == (6 if forced else (murmur2(key) & 0x7FFFFFFF) % 7), key


def test_offsets_are_connects_bytes_in_a_compacted_topic(kafka: KafkaBroker, admin: AdminClient) -> None:
    topic, connector = name("offsets"), name("c")
    log = open_log(kafka, **{"offset.storage.topic": topic, "offset.storage.segment.bytes": "2000000"})
    writer = log.writer(connector, 0, {})
    position = {"transaction_id": None, "lsn": 24023128, "txId": 771, "ts_usec": 1700000000000000}
    writer.commit(offsets.encode(connector, [({"server": "server1"}, position)]), tick)
    writer.commit(offsets.encode(connector, [({"server": "gone"}, None)]), tick)
    first, second = sorted(dump(kafka, topic), key=lambda message: message.value() is None)
    assert first.key() == f'["{connector}",{{"server":"server1"}}]'.encode()
    assert first.value() == json.dumps(position, separators=(",", ":")).encode()
    assert (second.key(), second.value()) == (f'["{connector}",{{"server":"gone"}}]'.encode(), None)
    assert first.headers() is None
    assert first.partition() == (murmur2(first.key()) & 0x7FFFFFFF) % 25
    resource = ConfigResource(ResourceType.TOPIC, topic)
    config = admin.describe_configs([resource])[resource].result(20)
    assert (config["cleanup.policy"].value, config["segment.bytes"].value) == ("compact", "2000000")
    writer.close()
    again = open_log(kafka, **{"offset.storage.topic": topic}).state("offsets")
    assert offsets.of_connector(connector, again.items()) == [({"server": "server1"}, position)]
    again.close()


def test_a_state_topic_that_is_not_compacted_is_refused(kafka: KafkaBroker, admin: AdminClient) -> None:
    topic = name("deleting")
    make(admin, topic)
    with pytest.raises(LogRejected, match=r"offset\.storage\.topic.*cleanup\.policy=delete"):
        open_log(kafka, **{"offset.storage.topic": topic}).state("offsets")


def test_topics_are_made_as_the_connector_says(kafka: KafkaBroker, admin: AdminClient) -> None:
    prefix = name("made")
    config = {
        "topic.creation.default.replication.factor": "1",
        "topic.creation.default.partitions": "3",
        "topic.creation.default.compression.type": "zstd",
        "topic.creation.groups": "one",
        "topic.creation.one.include": rf"{prefix}\.one",
        "topic.creation.one.partitions": "1",
        "topic.creation.one.cleanup.policy": "compact",
    }
    writer = open_log(kafka).writer("c", 0, config)
    for topic in (f"{prefix}.one", f"{prefix}.two"):
        writer.append(Encoded(topic, [b"k"], [b"v"]), tick)
    writer.commit({}, tick)
    found = []
    for topic in (f"{prefix}.one", f"{prefix}.two"):
        resource = ConfigResource(ResourceType.TOPIC, topic)
        made = admin.describe_configs([resource])[resource].result(20)
        partitions = len(admin.list_topics(topic, timeout=20).topics[topic].partitions)
        found.append((partitions, made["cleanup.policy"].value, made["compression.type"].value))
    assert found == [(1, "compact", "producer"), (3, "delete", "zstd")]
    writer.close()


@pytest.mark.parametrize("options", [{}, {"replication.factor": "1", "partitions": "2"}])
def test_the_topics_of_many_tables_are_made_together(kafka: KafkaBroker, options: dict[str, str]) -> None:
    """One after the other takes several requests each, so that a hundred would take seconds."""
    config = {f"topic.creation.default.{key}": value for key, value in options.items()}
    writer = open_log(kafka).writer("c", 0, config)
    topics = [name("many") for _ in range(100)]
    for value in (b"1", b"2"):
        for topic in topics:
            writer.append(Encoded(topic, [b"k"], [value]), tick)
    assert writer.due(idle=True)
    began = time.monotonic()
    writer.commit({}, tick)
    assert time.monotonic() - began < 20
    for topic in topics[::11]:
        assert [message.value() for message in dump(kafka, topic)] == [b"1", b"2"]
    writer.close()


def test_records_that_wait_for_their_topics_are_bounded(kafka: KafkaBroker) -> None:
    writer = open_log(kafka).writer("c", 0, {})
    topic = name("bounded")
    for number in range(1, 12):
        writer.append(Encoded(topic, [None], [b"%2d" % number + bytes(500_000)]), tick)
    until = time.monotonic() + 20
    while len(dump(kafka, topic)) < 9:  # without a commit
        assert time.monotonic() < until
    writer.close()


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("replication.factor", "3", "replication"),
        ("nonsense.config", "1", "nonsense.config"),
        ("retention.ms", "long", "retention.ms"),
    ],
)
def test_a_topic_that_cannot_be_made_is_named(kafka: KafkaBroker, key: str, value: str, reason: str) -> None:
    config = {
        "topic.creation.default.replication.factor": "1",
        "topic.creation.default.partitions": "1",
        f"topic.creation.default.{key}": value,
    }
    writer = open_log(kafka).writer("c", 0, config)
    with pytest.raises(LogRejected, match=rf"(?s)Topic shop\.orders-x cannot be created.*{reason}"):
        write(writer, Encoded("shop.orders-x", [b"k"], [b"v"]))
    writer.close()


def test_a_record_that_is_too_large_is_rejected(
    kafka: KafkaBroker, admin: AdminClient, writer: LogWriter
) -> None:
    with pytest.raises(LogRejected, match=r"key b'k'.*larg"):
        write(writer, Encoded(name("big"), [b"k"], [bytes(2_000_000)]))
    topic = name("narrow")
    make(admin, topic, max_message_bytes="1000")
    writer.append(Encoded(topic, [b"k"], [os.urandom(8000)]), tick)
    with pytest.raises(LogRejected, match=rf"Topic {topic}: .*(?i:large).*max\.message\.bytes"):
        writer.commit({b"never": b"1"}, tick)
    with pytest.raises(LogRejected):
        writer.commit({b"never": b"1"}, tick)
    state = open_log(kafka).state("offsets")
    assert state.get(b"never") is None
    state.close()


def test_an_illegal_topic_name_is_rejected(writer: LogWriter) -> None:
    with pytest.raises(LogRejected, match="a b"):
        write(writer, Encoded("a b", [b"k"], [b"v"]))


def test_memory_is_bounded_and_the_source_is_kept_alive(kafka: KafkaBroker) -> None:
    """With the broker stopped, `append` waits, ticks, and goes on when the broker is back."""
    ticks: list[float] = []
    writer = open_log(kafka, **{"producer.buffer.memory": "1048576"}).writer("c", 0, {})
    topic = name("waiting")
    writer.append(Encoded(topic, [b"k"], [b"first"]), tick)
    writer.commit({}, tick)
    kafka.kill()
    timer = threading.Timer(2.0, kafka.start)
    timer.start()
    batch = Encoded(topic, [b"k"] * 100, [bytes(1000)] * 100)
    for _ in range(30):
        writer.append(batch, lambda: ticks.append(time.monotonic()))
    writer.commit({}, lambda: ticks.append(time.monotonic()))
    timer.join()
    assert len(ticks) >= 2
    assert max(b - a for a, b in itertools.pairwise(ticks)) < 1.5
    assert len(dump(kafka, topic)) == 3001
    writer.close()


@pytest.mark.slow
def test_restarts_of_the_broker_lose_and_double_nothing(kafka: KafkaBroker) -> None:
    writer = open_log(kafka).writer("c", 0, {})
    topic, number = name("restarted"), 0
    writer.append(Encoded(topic, [b"k"], [b"0"]), tick)

    def restart() -> None:
        for stop in (kafka.kill, kafka.stop):
            time.sleep(0.7)
            stop()
            kafka.start()

    thread = threading.Thread(target=restart)
    thread.start()
    while thread.is_alive():
        batch = range(number + 1, number + 51)
        writer.append(Encoded(topic, [b"k"] * 50, [b"%d" % n for n in batch]), tick)
        number += 50
        if writer.due(idle=False):
            writer.commit({}, tick)
        time.sleep(0.002)
    writer.commit({}, tick)
    thread.join()
    assert [int(message.value()) for message in dump(kafka, topic)] == list(range(number + 1))
    writer.close()


# -- rights and passwords ----------------------------------------------------------------------


def login(password: str = PASSWORD, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
    module = "plain.PlainLoginModule" if mechanism == "PLAIN" else "scram.ScramLoginModule"
    return {
        "sasl.mechanism": mechanism,
        "sasl.jaas.config": f"org.apache.kafka.common.security.{module} required "
        f'username="{USER}" password="{password}";',
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_tls_and_logins_with_java_properties(kafka: KafkaBroker, mechanism: str) -> None:
    options = {
        "bootstrap.servers": kafka.address("SASL_SSL"),
        "security.protocol": "SASL_SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(kafka.certificates.ca),
        **login(mechanism=mechanism),
    }
    log = KafkaLog(KafkaConfig(options))
    topic = name("secure")
    writer = log.writer("c", 0, {})
    writer.append(Encoded(topic, [b"k"], [b"v"]), tick)
    writer.commit({b"secure": b"1"}, tick)
    reader = log.reader(name("g"), [topic], {})
    until = time.monotonic() + 20
    while not (found := reader.poll(1000, 0.5)):
        assert time.monotonic() < until
    assert found[0].encoded.values == [b"v"]
    state = log.state("offsets")
    assert state.get(b"secure") == b"1"
    for face in (state, reader, writer):
        face.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sasl.jaas.config": login("wrong")["sasl.jaas.config"]}, "uthentication"),
        ({"ssl.truststore.location": ""}, "verif"),
    ],
)
def test_a_wrong_password_or_certificate_is_told_at_once(
    kafka: KafkaBroker, change: dict[str, str], words: str
) -> None:
    options = {
        "bootstrap.servers": kafka.address("SASL_SSL"),
        "security.protocol": "SASL_SSL",
        "ssl.truststore.location": str(kafka.certificates.ca),
        "offset.storage.file.filename": "unused",
        **login(),
        **change,
    }
    started = time.monotonic()
    writer = KafkaLog(KafkaConfig(options)).writer("c", 0, {})
    with pytest.raises(AccessDenied, match=words) as caught:
        write(writer, Encoded("any", [b"k"], [b"v"]))
    writer.close()
    assert time.monotonic() - started < 15
    assert "wrong" not in str(caught.value)


def test_the_state_tells_of_a_wrong_password_too(kafka: KafkaBroker) -> None:
    options = {"bootstrap.servers": kafka.address("SASL_PLAINTEXT"), "security.protocol": "SASL_PLAINTEXT"}
    started = time.monotonic()
    with pytest.raises(AccessDenied):
        KafkaLog(KafkaConfig({**options, **login("wrong")})).state("offsets")
    assert time.monotonic() - started < 15


@pytest.fixture(scope="module")
def strict_kafka() -> Iterator[KafkaBroker]:
    """Return a broker that makes no topics by itself and lets alice do nothing."""
    settings = {
        "auto.create.topics.enable": "false",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with require("kafka"):
        broker = KafkaBroker(secure=True, settings=settings)
        broker.start()
    yield broker
    broker.kill()


def test_a_topic_that_nobody_makes(strict_kafka: KafkaBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdc.transport.kafka.topic_maker._APPEARS", 1.0)
    writer = open_log(strict_kafka).writer("c", 0, {})
    with pytest.raises(LogRejected, match=r"Topic shop\.orders does not exist.*topic\.creation\.default"):
        write(writer, Encoded("shop.orders", [b"k"], [b"v"]))
    writer.close()


def test_missing_rights_are_told(strict_kafka: KafkaBroker, tmp_path: Any) -> None:
    admin = AdminClient({"bootstrap.servers": strict_kafka.bootstrap})
    topic = name("private")
    make(admin, topic)
    options = {
        "bootstrap.servers": strict_kafka.address("SASL_PLAINTEXT"),
        "security.protocol": "SASL_PLAINTEXT",
        **login(),
    }
    with pytest.raises(LogRejected, match=r"connect-offsets.*uthori"):
        KafkaLog(KafkaConfig(options)).state("offsets")
    log = KafkaLog(KafkaConfig({**options, "offset.storage.file.filename": str(tmp_path / "offsets")}))
    writer = log.writer("c", 0, {})
    with pytest.raises(LogRejected, match=rf"{topic}.*uthori"):
        write(writer, Encoded(topic, [b"k"], [b"v"]))
    reader = log.reader(name("g"), [topic], {})
    with pytest.raises(CdcError, match="uthori"):
        reader.poll(1000, 10)
    reader.close()
    writer.close()


def test_first_records_of_a_topic_that_is_just_being_made(kafka: KafkaBroker, admin: AdminClient) -> None:
    """A broker is named as leader before it serves the partition; what it refuses then must not be lost."""
    overrides = {f"producer.override.{key}": value for key, value in _EAGER.items()}
    for _ in range(3):
        # Many at once take the broker a while; the ones in the middle are written to meanwhile.
        topics = [name("fresh") for _ in range(100)]
        admin.create_topics([NewTopic(topic, 1, 1) for topic in topics])
        log = open_log(kafka)
        writer = log.writer("c", 0, overrides)
        chosen = topics[::33]
        for number in range(40):
            for topic in chosen:
                writer.append(Encoded(topic, [None], [b"%d" % number]), tick)
        writer.commit({}, tick)
        writer.close()
        log.close()
        for topic in chosen:
            assert [int(message.value()) for message in dump(kafka, topic)] == list(range(40))


_EAGER = {"linger.ms": "0", "retry.backoff.ms": "1", "batch.num.messages": "1"}
