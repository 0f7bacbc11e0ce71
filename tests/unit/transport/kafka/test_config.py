import builtins
import sys
from typing import Any

import pytest

from cdc.errors import ConfigError, DriverMissing
from cdc.transport.kafka import KafkaConfig, KafkaLog


def test_all_problems_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        KafkaConfig(
            {
                "exactly.once.source.support": "enabled",
                "offset.storage.file.filename": "/tmp/x",
                "consumer.sasl.jaas.config": "nonsense",
            }
        )
    assert {problem.option for problem in caught.value.problems} == {
        "exactly.once.source.support",
        "sasl.jaas.config",
    }


def test_the_driver_is_asked_for_late(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("confluent_kafka"):
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.startswith("confluent_kafka")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    log = KafkaLog(KafkaConfig({}))
    with pytest.raises(DriverMissing, match=r"cdc\[kafka\]"):
        log.state("offsets")


def test_an_offset_file_needs_no_broker(tmp_path: Any) -> None:
    log = KafkaLog(KafkaConfig({"offset.storage.file.filename": str(tmp_path / "offsets")}))
    log.state("offsets").put(b"k", b"v")
    assert log.state("offsets").get(b"k") == b"v"
