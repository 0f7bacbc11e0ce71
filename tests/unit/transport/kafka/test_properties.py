from pathlib import Path

import pytest

from cdc.transport.kafka import jaas
from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.properties import translate

SCRAM = (
    'org.apache.kafka.common.security.scram.ScramLoginModule required username="al\\"ice" password="p=;w";'
)


@pytest.mark.parametrize(
    ("java", "ours"),
    [
        ({"linger.ms": "20"}, {"linger.ms": "20"}),
        ({"batch.size": "262144"}, {"batch.size": "262144"}),
        ({"buffer.memory": "67108864"}, {"queue.buffering.max.kbytes": "65536"}),
        ({"buffer.memory": "100"}, {"queue.buffering.max.kbytes": "1"}),
        ({"compression.type": "zstd"}, {"compression.type": "zstd"}),
        ({"compression.zstd.level": "3"}, {"compression.level": "3"}),
        ({"acks": "1"}, {"acks": "1"}),
        ({"max.request.size": "2000000"}, {"message.max.bytes": "2000000"}),
        ({"delivery.timeout.ms": "120000"}, {"delivery.timeout.ms": "120000"}),
        (
            {"max.in.flight.requests.per.connection": "1"},
            {"max.in.flight.requests.per.connection": "1"},
        ),
        ({"receive.buffer.bytes": "-1"}, {"socket.receive.buffer.bytes": "0"}),
        ({"auto.offset.reset": "none"}, {"auto.offset.reset": "error"}),
        (
            {
                "partition.assignment.strategy": "org.apache.kafka.clients.consumer.RangeAssignor, "
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
            },
            {"partition.assignment.strategy": "range,cooperative-sticky"},
        ),
        ({"ssl.endpoint.identification.algorithm": ""}, {"ssl.endpoint.identification.algorithm": "none"}),
        ({"queue.buffering.max.messages": "5"}, {"queue.buffering.max.messages": "5"}),
        ({"key.serializer": "x.Y", "partitioner.class": "o.a.k.DefaultPartitioner"}, {}),
        (
            {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": SCRAM},
            {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "PLAIN",
                "sasl.username": 'al"ice',
                "sasl.password": "p=;w",
            },
        ),
        (
            {"sasl.oauthbearer.token.endpoint.url": "https://login/token"},
            {
                "sasl.oauthbearer.token.endpoint.url": "https://login/token",
                "sasl.oauthbearer.method": "oidc",
            },
        ),
        ({"ssl.key.password": "pw"}, {"ssl.key.password": "pw"}),
        (
            {"ssl.truststore.certificates": "-----BEGIN CERTIFICATE----- AA BB -----END CERTIFICATE-----"},
            {"ssl.ca.pem": "-----BEGIN CERTIFICATE-----\nAA\nBB\n-----END CERTIFICATE-----\n"},
        ),
        (
            {"ssl.keystore.location": "/no/such.pem", "ssl.keystore.type": "PEM"},
            {"ssl.key.location": "/no/such.pem", "ssl.certificate.location": "/no/such.pem"},
        ),
        (
            {
                "ssl.keystore.location": "/k.p12",
                "ssl.keystore.type": "PKCS12",
                "ssl.keystore.password": "pw",
            },
            {"ssl.keystore.location": "/k.p12", "ssl.keystore.password": "pw"},
        ),
        ({"ssl.cipher.suites": "ECDHE-A:ECDHE-B"}, {"ssl.cipher.suites": "ECDHE-A:ECDHE-B"}),
    ],
)  # fmt: skip
def test_java_properties_become_librdkafkas(java: dict[str, str], ours: dict[str, str]) -> None:
    done = translate(java, "producer")
    assert done.settings == ours
    assert done.problems == []


@pytest.mark.parametrize(
    ("java", "words"),
    [
        ({"sasl.jaas.config": "secret-garbage"}, "required"),
        ({"sasl.jaas.config": 'Module required password="secret'}, "not closed"),
        ({"sasl.jaas.config": "x.PlainLoginModule required secret;"}, "option"),
        ({"sasl.jaas.config": "a.b.MSKIAM required;"}, "Java only"),
        ({"sasl.login.callback.handler.class": "a.b.MskHandler"}, "Java only"),
        ({"ssl.engine.factory.class": "a.B"}, "Java only"),
        ({"partitioner.class": "a.b.RoundRobinPartitioner"}, "librdkafka"),
        ({"buffer.memory": "much"}, "whole number"),
    ],
)
def test_what_cannot_be_translated_is_a_problem_without_the_value(java: dict[str, str], words: str) -> None:
    (problem,) = translate(java, "producer").problems
    assert problem.option == next(iter(java))
    assert words in problem.message
    assert "secret" not in problem.message


def test_java_stores_are_refused_with_the_way_out(tmp_path: Path) -> None:
    jks, p12, pem = (tmp_path / name for name in ("a.jks", "a.p12", "a.pem"))
    jks.write_bytes(b"\xfe\xed\xfe\xed\0\0")
    p12.write_bytes(b"0\x82\n")
    pem.write_text("# ca\n-----BEGIN CERTIFICATE-----\n")
    (problem,) = translate({"ssl.truststore.location": str(jks)}, "admin").problems
    assert "keytool" in problem.message
    assert translate({"ssl.truststore.location": str(p12)}, "admin").problems
    assert translate({"ssl.keystore.location": str(jks)}, "admin").problems
    assert translate({"ssl.truststore.location": str(pem)}, "admin").settings == {"ssl.ca.location": str(pem)}
    assert "ssl.keystore.location" in translate({"ssl.keystore.location": str(p12)}, "admin").settings


def test_java_only_tuning_is_a_warning() -> None:
    done = translate(
        {"ssl.enabled.protocols": "TLSv1.3", "ssl.cipher.suites": "TLS_AES_128_GCM_SHA256"}, "admin"
    )
    assert done.settings == {}
    assert {warned.option for warned in done.warnings} == {"ssl.enabled.protocols", "ssl.cipher.suites"}


def test_jaas() -> None:
    login = jaas.parse(
        "a.b.PlainLoginModule required\n  username='bob'\n password=\"x y\"  serviceName=kafka ;"
    )
    assert (login.module, login.options) == (
        "a.b.PlainLoginModule",
        {"username": "bob", "password": "x y", "serviceName": "kafka"},
    )
    assert "x y" not in repr(login)
    assert jaas.settings(login) == {
        "sasl.username": "bob",
        "sasl.password": "x y",
        "sasl.kerberos.service.name": "kafka",
    }


def test_prefixes_and_overrides_win_in_connects_order() -> None:
    config = KafkaConfig(
        {
            "bootstrap.servers": "b:1",
            "security.protocol": "SSL",
            "session.timeout.ms": "1",
            "producer.linger.ms": "1",
            "producer.security.protocol": "SASL_SSL",
            "consumer.fetch.min.bytes": "2",
        }
    )
    connector = {"producer.override.linger.ms": "9", "consumer.override.fetch.min.bytes": "7", "x": "y"}
    assert config.client("producer") == {"security.protocol": "SASL_SSL", "linger.ms": "1"}
    assert config.client("producer", connector) == {"security.protocol": "SASL_SSL", "linger.ms": "9"}
    assert config.client("consumer", connector) == {"security.protocol": "SSL", "fetch.min.bytes": "7"}
    assert config.client("admin", connector) == {"security.protocol": "SSL"}


def test_secrets_do_not_print() -> None:
    config = KafkaConfig({"sasl.jaas.config": SCRAM, "producer.sasl.jaas.config": SCRAM})
    assert "p=;w" not in repr(config) + repr(list(config)) + repr(
        translate(config.client("producer"), "producer")
    )


def test_storage_settings() -> None:
    config = KafkaConfig(
        {
            "offset.storage.topic": "o",
            "offset.storage.partitions": "3",
            "offset.storage.segment.bytes": "1000000",
        }
    )
    assert config.storage("offset") == {"segment.bytes": "1000000"}
    assert config.storage("status") == {}
    assert (config.offset_topic, config.offset_partitions, config.config_topic) == ("o", 3, "connect-configs")
