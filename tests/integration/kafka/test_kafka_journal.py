"""Journals on Kafka: what the topic must be like, which cluster it is on, and with which logins."""

import uuid
from collections.abc import Mapping

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from cdc.errors import AccessDenied, CdcError, ConfigError, LogRejected
from cdc.plugin import Journal
from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.log import KafkaLog
from tests.servers.kafka import PASSWORD, USER, KafkaBroker


def name() -> str:
    return f"journal-{uuid.uuid4().hex[:8]}"


def journal(broker: KafkaBroker, topic: str, options: Mapping[str, str] | None = None) -> Journal:
    return KafkaLog(KafkaConfig({"bootstrap.servers": broker.bootstrap})).journal(topic, options or {})


def make(broker: KafkaBroker, partitions: int = 1, **config: str) -> str:
    topic, settings = name(), {key.replace("_", "."): value for key, value in config.items()}
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic(topic, partitions, 1, config=settings)])[topic].result()
    return topic


def test_the_topic_is_made_to_be_kept_for_ever(kafka: KafkaBroker) -> None:
    topic = name()
    one = journal(kafka, topic)
    assert one.span() is None
    one.append([b"{}"])
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    resource = ConfigResource(ResourceType.TOPIC, topic)
    found = admin.describe_configs([resource])[resource].result()
    wanted = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
    assert {option: found[option].value for option in wanted} == wanted
    assert len(admin.list_topics(topic).topics[topic].partitions) == 1
    one.close()


def test_records_are_values_without_keys_and_headers(kafka: KafkaBroker) -> None:
    topic = name()
    one = journal(kafka, topic)
    one.append([b'{"a":1}'])
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": topic})
    consumer.assign([TopicPartition(topic, 0, 0)])
    message = consumer.poll(20)
    assert message is not None
    assert (message.key(), message.value(), message.headers()) == (None, b'{"a":1}', None)
    consumer.close()
    one.close()


def test_an_empty_topic_of_the_operator_is_not_missing(kafka: KafkaBroker) -> None:
    topic = make(kafka, retention_ms="-1")
    one = journal(kafka, topic)
    assert one.span() == range(0)
    assert list(one.read()) == []
    one.close()


def test_a_lost_beginning_shows(kafka: KafkaBroker) -> None:
    topic = name()
    one = journal(kafka, topic)
    one.append([b"1", b"2", b"3"])
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, 2)]).values():
        future.result()
    assert one.span() == range(2, 3)
    assert list(one.read()) == [b"3"]
    one.close()


@pytest.mark.parametrize(
    ("partitions", "config", "complaint"),
    [
        (2, {"retention_ms": "-1"}, "should have one partition but has 2"),
        (1, {"cleanup_policy": "compact"}, "option 'cleanup.policy' should be 'delete' but is 'compact'"),
        (1, {"cleanup_policy": "compact,delete", "retention_ms": "-1"}, "cleanup.policy"),
        (1, {"retention_ms": "604800000"}, "option 'retention.ms' should be '-1' but is '604800000'"),
        (1, {"retention_ms": "-1", "retention_bytes": "1000000"}, "option 'retention.bytes' should be '-1'"),
        (1, {}, "option 'retention.ms' should be '-1' but is '604800000'"),
    ],
)
def test_a_topic_that_loses_records_is_refused(
    kafka: KafkaBroker, partitions: int, config: dict[str, str], complaint: str
) -> None:
    topic = make(kafka, partitions, **config)
    for use in (lambda j: j.span(), lambda j: j.append([b"1"]), lambda j: list(j.read())):
        with pytest.raises(LogRejected, match=complaint) as caught:
            use(journal(kafka, topic))
        assert topic in str(caught.value)
        assert caught.value.hint


def test_debeziums_own_retention_will_do(kafka: KafkaBroker) -> None:
    topic = make(kafka, retention_ms="9223372036854775807", retention_bytes="-1")
    one = journal(kafka, topic)
    one.append([b"1"])
    assert one.span() == range(1)
    one.close()


def secure(password: str) -> dict[str, str]:
    login = (
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'username="{USER}" password="{password}";'
    )
    common = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.jaas.config": login,
        "client.id": "history",
    }
    return {f"{role}.{key}": value for role in ("producer", "consumer") for key, value in common.items()}


def test_another_cluster_has_its_own_logins(kafka: KafkaBroker) -> None:
    topic, other = name(), {"bootstrap.servers": kafka.address("SASL_PLAINTEXT")}
    one = journal(kafka, topic, {**other, **secure(PASSWORD)})
    one.append([b"1"])
    assert list(one.read()) == [b"1"]
    one.close()
    with pytest.raises(AccessDenied) as caught:
        journal(kafka, topic, {**other, **secure("wrong-password")}).span()
    assert "wrong-password" not in str(caught.value)


def test_the_workers_logins_are_for_the_workers_cluster_only(kafka: KafkaBroker) -> None:
    settings = {
        key.removeprefix("producer."): value for key, value in secure(PASSWORD).items() if "producer" in key
    }
    address = kafka.address("SASL_PLAINTEXT")
    log, topic = KafkaLog(KafkaConfig({"bootstrap.servers": address, **settings})), name()
    one = log.journal(topic, {"bootstrap.servers": f" {address.upper()} "})
    one.append([b"1"])
    one.close()
    plain = log.journal(topic, {"bootstrap.servers": kafka.bootstrap})
    assert list(plain.read()) == [b"1"]
    plain.close()


def test_what_the_clients_cannot_use_is_said_at_once(kafka: KafkaBroker) -> None:
    with pytest.raises(ConfigError, match=r"recovery\.attempts"):
        journal(kafka, name(), {"recovery.attempts": "many"})
    with pytest.raises(CdcError, match=r"partitioner\.class"):
        journal(kafka, name(), {"producer.partitioner.class": "com.example.Own"}).append([b"1"])
