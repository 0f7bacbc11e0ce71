"""Over Kafka nothing is lost; with transactions nothing is doubled either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.chaos import Chaos
from tests.faults.databases import Database
from tests.faults.load import Load
from tests.faults.pipeline import Pipeline
from tests.faults.verdict import Verdict, finish
from tests.servers.kafka import KafkaBroker
from tests.servers.policy import require


@pytest.fixture(scope="module")
def doomed_broker() -> Iterator[KafkaBroker]:
    """Return a broker of our own: it is going to be killed."""
    with require("kafka"):
        broker = KafkaBroker().start()
    yield broker
    broker.kill()


def run(
    databases: tuple[Database, Database], broker: KafkaBroker, folder: Path, seed: int, *, exactly_once: bool
) -> Verdict:
    """Kill a task, the worker and the broker under load, and judge."""
    with (
        Pipeline(folder, *databases, bootstrap=broker.bootstrap, exactly_once=exactly_once) as pipeline,
        Load(databases[0], seed, bulk=1000) as load,
    ):
        chaos = Chaos(pipeline, seed, broker)
        load.preload(10_000)
        load.start()
        pipeline.start()
        pipeline.await_message("Streaming from")
        chaos.run([chaos.kill_task, chaos.kill_worker, chaos.restart_broker], 1.5)
        verdict = finish(pipeline, load)
    print(dict(chaos.counts), verdict)
    return verdict


def test_exactly_once(
    databases: tuple[Database, Database], doomed_broker: KafkaBroker, tmp_path: Path, seed: int
) -> None:
    verdict = run(databases, doomed_broker, tmp_path / "run", seed, exactly_once=True)
    assert verdict.exact, str(verdict)


# What it promises is the log's alone, whichever the source is; tests/soak has them all.
@pytest.mark.parametrize("databases", ["postgres"], indirect=True)
def test_at_least_once(
    databases: tuple[Database, Database], doomed_broker: KafkaBroker, tmp_path: Path, seed: int
) -> None:
    # A log that gives changes again may give one that the index does not allow any more.
    databases[1].execute(databases[1].forget_unique)
    verdict = run(databases, doomed_broker, tmp_path / "run", seed, exactly_once=False)
    assert verdict.clean, str(verdict)
