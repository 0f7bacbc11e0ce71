"""At least sixty `kill -9`, ten restarts of the server, five of the broker: nothing lost, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.chaos import Chaos
from tests.faults.databases import Database
from tests.faults.load import Load
from tests.faults.pipeline import Pipeline
from tests.faults.verdict import Verdict, finish
from tests.servers.kafka import KafkaBroker
from tests.servers.policy import require

Databases = tuple[Database, Database]


def report(name: str, chaos: Chaos, verdict: Verdict, *, exact: bool = True) -> None:
    """Print the counts and fail unless they are what they must be."""
    happened = ", ".join(f"{what} {count}" for what, count in sorted(chaos.counts.items()))
    print(f"\n{name}: {happened}\n  {verdict}")
    assert verdict.exact if exact else verdict.clean, str(verdict)


def test_embedded(databases: Databases, tmp_path: Path, seed: int) -> None:
    with Pipeline(tmp_path / "run", *databases) as pipeline, Load(databases[0], seed, pause=0.03) as load:
        chaos = Chaos(pipeline, seed)
        load.preload(300_000)
        load.start()
        chaos.in_snapshot(8, 0.3)
        steps = [chaos.kill_task] * 24 + [chaos.kill_worker] * 14 + [chaos.alter_while_down] * 3
        chaos.run([*steps, *[chaos.crash_server] * 4, *[chaos.restart_server] * 3], 3.0)
        report("embedded log", chaos, finish(pipeline, load))


@pytest.mark.parametrize("exactly_once", [True, False], ids=["exactly-once", "at-least-once"])
def test_kafka(databases: Databases, exactly_once: bool, tmp_path: Path, seed: int) -> None:
    with require("kafka"):
        broker = KafkaBroker().start()
    if not exactly_once:
        # A log that gives changes again may give one that the index does not allow any more.
        databases[1].execute(databases[1].forget_unique)
    with (
        Pipeline(
            tmp_path / "run", *databases, bootstrap=broker.bootstrap, exactly_once=exactly_once
        ) as pipeline,
        Load(databases[0], seed, pause=0.03) as load,
    ):
        chaos = Chaos(pipeline, seed, broker)
        load.preload(100_000)
        load.start()
        chaos.in_snapshot(4, 0.6)
        steps = [chaos.kill_task] * 15 + [chaos.kill_worker] * 8 + [chaos.alter_while_down]
        servers = [chaos.crash_server] * 2 + [chaos.restart_server] + [chaos.restart_broker] * 5
        chaos.run([*steps, *servers], 4.0)
        verdict = finish(pipeline, load)
    name = "Kafka, exactly once" if exactly_once else "Kafka, at least once"
    report(name, chaos, verdict, exact=exactly_once)
    broker.kill()
