"""Over the embedded log nothing is lost and nothing doubled, whatever is killed."""

from __future__ import annotations

from pathlib import Path

from tests.faults.chaos import Chaos
from tests.faults.databases import Database
from tests.faults.load import Load
from tests.faults.pipeline import Pipeline
from tests.faults.verdict import finish


def test_kills_everywhere(databases: tuple[Database, Database], tmp_path: Path, seed: int) -> None:
    with Pipeline(tmp_path / "run", *databases) as pipeline, Load(databases[0], seed) as load:
        chaos = Chaos(pipeline, seed)
        load.preload(60_000)
        load.start()
        chaos.in_snapshot(3, 0.4)
        steps = [chaos.kill_task, chaos.kill_task, chaos.kill_task, chaos.kill_worker, chaos.kill_worker]
        chaos.run([*steps, chaos.alter_while_down, chaos.crash_server], 1.5)
        verdict = finish(pipeline, load)
    print(dict(chaos.counts), verdict)
    assert verdict.exact, str(verdict)
