"""Over Kafka nothing is lost; with transactions nothing is doubled either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.chaos import Chaos
from tests.faults.databases import Database
from tests.faults.load import Load
from tests.faults.pipeline import Pipeline
from tests.faults.verdict import finish
from tests.servers.kafka import KafkaBroker
from tests.servers.policy import require


@pytest.fixture(scope="module")
def doomed_broker() -> Iterator[KafkaBroker]:
    """Return a broker of our own: it is going to be killed."""
    with require("kafka"):
        broker = KafkaBroker().start()
    yield broker
    broker.kill()


@pytest.mark.parametrize("exactly_once", [True, False], ids=["exactly-once", "at-least-once"])
def test_kills_and_a_restart_of_the_broker(
    exactly_once: bool,
    databases: tuple[Database, Database],
    doomed_broker: KafkaBroker,
    tmp_path: Path,
    seed: int,
) -> None:
    if not exactly_once:
        # A log that gives changes again may give one that the index does not allow any more.
        databases[1].execute(databases[1].forget_unique)
    with (
        Pipeline(
            tmp_path / "run", *databases, bootstrap=doomed_broker.bootstrap, exactly_once=exactly_once
        ) as pipeline,
        Load(databases[0], seed, bulk=1000) as load,
    ):
        chaos = Chaos(pipeline, seed, doomed_broker)
        load.preload(10_000)
        load.start()
        pipeline.start()
        pipeline.await_message("Streaming from")
        chaos.run([chaos.kill_task, chaos.kill_worker, chaos.restart_broker], 1.5)
        verdict = finish(pipeline, load)
    print(dict(chaos.counts), verdict)
    assert verdict.exact if exactly_once else verdict.clean, str(verdict)
