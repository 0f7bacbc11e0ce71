"""A broker that is away when something begins: it is said at once, waited for, and then an error."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from cdc.errors import LogError
from cdc.transport.kafka import KafkaConfig, KafkaLog
from tests.servers.kafka import KafkaBroker
from tests.servers.process import free_port


def log_at(address: str, patience_ms: int) -> KafkaLog:
    return KafkaLog(KafkaConfig({"bootstrap.servers": address, "default.api.timeout.ms": str(patience_ms)}))


@pytest.mark.parametrize(
    "begin",
    [
        lambda log: log.writer("c", 0, {}),
        lambda log: log.reader("g", ["t"], {}),
        lambda log: log.offsets({}),
        lambda log: log.topics(),
    ],
    ids=["writer", "reader", "offsets", "topics"],
)
def test_it_is_said_at_once_and_an_error_in_time(
    begin: Callable[[KafkaLog], object], caplog: pytest.LogCaptureFixture
) -> None:
    address = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    with pytest.raises(LogError, match=f"Kafka at {address} does not answer: .*refused") as raised:
        begin(log_at(address, 2500))
    assert 2.5 <= time.monotonic() - began < 10
    assert raised.value.retry
    assert "default.api.timeout.ms" in str(raised.value)
    assert "bootstrap.servers" in str(raised.value)
    (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    for part in (f"Kafka at {address} does not answer", "2.5 s at most (default.api.timeout.ms)"):
        assert part in said.getMessage()


def test_one_that_starts_later_is_used(caplog: pytest.LogCaptureFixture) -> None:
    broker = KafkaBroker()
    with ThreadPoolExecutor(1) as pool:
        topics = pool.submit(log_at(broker.bootstrap, 60_000).topics)
        until = time.monotonic() + 20
        while "does not answer" not in caplog.text and time.monotonic() < until:
            time.sleep(0.05)
        assert not topics.done()
        broker.start()
        try:
            assert topics.result(30) == []
        finally:
            broker.stop()
    assert caplog.text.count("it is waited for, 60 s at most") == 1
