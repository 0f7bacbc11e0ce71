"""Over the embedded log nothing is lost and nothing doubled, whatever is killed."""

from __future__ import annotations

from pathlib import Path

from tests.faults.chaos import Chaos
from tests.faults.load import Load
from tests.faults.pipeline import Pipeline
from tests.faults.verdict import Verdict, await_drained, judge
from tests.servers.postgres import Database, PostgresServer

Databases = tuple[Database, Database]


def finish(pipeline: Pipeline, load: Load) -> Verdict:
    """Stop the load, wait for the rest, judge, and leave in order."""
    load.stop()
    await_drained(pipeline)
    pipeline.require_healthy()
    verdict = judge(pipeline, load.models)
    assert pipeline.stop() == 0
    pipeline.require_no_orphans()
    return verdict


def test_kills_everywhere(databases: Databases, doomed: PostgresServer, tmp_path: Path, seed: int) -> None:
    pipeline, load = Pipeline(tmp_path / "run", *databases), Load(databases[0], seed)
    chaos = Chaos(pipeline, seed, doomed)
    try:
        load.preload(60_000)
        load.start()
        chaos.in_snapshot(3, 0.5)
        steps = [chaos.kill_task, chaos.kill_task, chaos.kill_task, chaos.kill_worker, chaos.kill_worker]
        chaos.run([*steps, chaos.crash_postgres], 2.5)
        verdict = finish(pipeline, load)
    finally:
        load.end()
        pipeline.close()
    print(dict(pipeline.kills), dict(chaos.counts), verdict)
    assert verdict.clean, str(verdict)
    assert not verdict.doubled_in_log, str(verdict)
