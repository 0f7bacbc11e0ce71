"""Clients that show a certificate, in each of the ways that Java clients have for it."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cdc.batch import Encoded
from cdc.errors import AccessDenied, CdcError
from cdc.transport.kafka import KafkaConfig, KafkaLog
from tests.integration.kafka.test_kafka_writer import name, tick
from tests.servers.kafka import KafkaBroker
from tests.servers.policy import require

SECRET = "store-secret"
Way = Callable[[KafkaBroker, Path], dict[str, str]]


@pytest.fixture(scope="module")
def kafka() -> Iterator[KafkaBroker]:
    """Return a broker whose TLS listener takes nobody without a certificate."""
    with require("kafka"):
        broker = KafkaBroker(secure=True, settings={"ssl.client.auth": "required"})
        broker.start()
    yield broker
    broker.kill()


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def in_one_file(kafka: KafkaBroker, folder: Path) -> dict[str, str]:
    store = folder / "client-store.pem"
    certs = kafka.certificates
    store.write_text(certs.client_key.read_text() + certs.client.read_text())
    return {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(store)}


def encrypted(kafka: KafkaBroker, folder: Path) -> dict[str, str]:
    key, certs = folder / "encrypted.key", kafka.certificates
    openssl("pkcs8", "-topk8", "-in", certs.client_key, "-out", key, "-passout", f"pass:{SECRET}")
    store = folder / "encrypted-store.pem"
    store.write_text(key.read_text() + certs.client.read_text())
    return {"ssl.keystore.location": str(store), "ssl.key.password": SECRET}


def in_the_options(kafka: KafkaBroker, folder: Path) -> dict[str, str]:
    """As a line of a properties file has them: without line ends."""
    certs = kafka.certificates
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.key": " ".join(certs.client_key.read_text().split("\n")),
        "ssl.keystore.certificate.chain": " ".join(certs.client.read_text().split("\n")),
        "ssl.truststore.certificates": " ".join(certs.ca.read_text().split("\n")),
        "ssl.truststore.location": "",
    }


def pkcs12(kafka: KafkaBroker, folder: Path) -> dict[str, str]:
    store, certs = folder / "client.p12", kafka.certificates
    openssl(
        *("pkcs12", "-export", "-in", certs.client, "-inkey", certs.client_key),
        *("-certfile", certs.ca, "-out", store, "-passout", f"pass:{SECRET}"),
    )
    return {
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": str(store),
        "ssl.keystore.password": SECRET,
        "ssl.key.password": SECRET,
    }


def options(kafka: KafkaBroker, **more: str) -> dict[str, str]:
    return {
        "bootstrap.servers": kafka.address("SSL"),
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(kafka.certificates.ca),
        "exactly.once.source.support": "enabled",
        **more,
    }


@pytest.mark.parametrize("way", [in_one_file, encrypted, in_the_options, pkcs12])
def test_all_clients_show_the_certificate(kafka: KafkaBroker, tmp_path: Path, way: Way) -> None:
    log = KafkaLog(KafkaConfig(options(kafka, **way(kafka, tmp_path))))
    topic = name("mutual")
    writer = log.writer(name("c"), 0, {})
    writer.append(Encoded(topic, [b"k"], [b"v"]), tick)
    writer.commit({topic.encode(): b"1"}, tick)
    reader, state = log.reader(name("g"), [topic], {}), log.state("offsets")
    until = time.monotonic() + 20
    while not (found := reader.poll(1000, 0.5)):
        assert time.monotonic() < until
    assert found[0].encoded.values == [b"v"]
    assert state.get(topic.encode()) == b"1"
    assert [info.name for info in log.topics() if info.name == topic] == [topic]
    for face in (state, reader, writer):
        face.close()


def test_without_one_it_is_told_at_once(kafka: KafkaBroker) -> None:
    began = time.monotonic()
    with pytest.raises(AccessDenied, match=r"certificate.*ssl\.keystore\.location"):
        KafkaLog(KafkaConfig(options(kafka))).state("offsets")
    assert time.monotonic() - began < 15


def test_a_wrong_password_of_the_store_is_told_without_it(kafka: KafkaBroker, tmp_path: Path) -> None:
    wrong = pkcs12(kafka, tmp_path) | {"ssl.keystore.password": "not-the-secret"}
    with pytest.raises(CdcError, match=r"ssl\.keystore\.(location|password)") as caught:
        KafkaLog(KafkaConfig(options(kafka, **wrong))).state("offsets")
    assert "not-the-secret" not in str(caught.value)
