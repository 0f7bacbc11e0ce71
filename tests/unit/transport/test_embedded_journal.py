"""Journals of the embedded log: out of reach of retention, deaf to Kafka's options."""

import logging
from pathlib import Path

import pytest

from cdc.batch import Encoded
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig


def test_retention_leaves_journals_alone(tmp_path: Path) -> None:
    limits = {"log.retention.bytes": "1", "log.retention.ms": "1", "log.retention.check.interval.ms": "1"}
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path), **limits}))
    journal, writer = log.journal("history", {}), log.writer("shop", 0, {})
    journal.append([b"kept"])
    for _ in range(5):
        writer.append(Encoded("t", [None], [bytes(100_000)]), lambda: None)
        writer.commit({b"offset": b"1"}, lambda: None)
    assert [topic.records for topic in log.topics()] < [5], "retention has been at work"
    assert list(journal.read()) == [b"kept"]
    writer.close()
    journal.close()


def test_a_journal_is_no_state_of_the_same_name(tmp_path: Path) -> None:
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)}))
    journal, state = log.journal("offsets", {}), log.state("offsets")
    journal.append([b"1"])
    assert list(state.items()) == []
    journal.close()
    state.close()


def test_kafkas_options_are_ignored_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)}))
    with caplog.at_level(logging.WARNING):
        log.journal("quiet", {}).close()
        log.journal(
            "history", {"bootstrap.servers": "kafka:9092", "producer.sasl.jaas.config": "s3cret"}
        ).close()
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "history" in warning
    assert "bootstrap.servers, producer.sasl.jaas.config are ignored" in warning
    assert "s3cret" not in warning
