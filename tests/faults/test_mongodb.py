"""MongoDB over the embedded log: nothing is lost and nothing doubled, whatever is killed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.chaos import Chaos
from tests.faults.mongodb import COLLECTION, MongoLoad, MongoSource, SqliteTarget, judge, streamed
from tests.faults.pipeline import Pipeline
from tests.servers.mongodb import MongoServer
from tests.servers.policy import require


@pytest.fixture
def doomed_mongodb() -> Iterator[MongoServer]:
    """Return a MongoDB of our own: it is going to be killed."""
    with require("mongodb"):
        server = MongoServer().start()
    yield server
    server.kill()


def test_kills_everywhere(doomed_mongodb: MongoServer, tmp_path: Path, seed: int) -> None:
    source, target = MongoSource(doomed_mongodb), SqliteTarget(tmp_path / "target.db")
    with (
        closing(MongoLoad(source, seed)) as load,
        Pipeline(tmp_path / "run", source, target) as pipeline,  # type: ignore[arg-type]
    ):
        load.preload(40_000)
        sink = pipeline._sink_config() | {"collection.name.format": "${topic}"}
        pipeline._write("sink", sink | {"topics": f"{pipeline.prefix}.{source.name}.{COLLECTION}"})
        chaos = Chaos(pipeline, seed)
        load.start()
        chaos.in_snapshot(3, 0.4)
        kills = [chaos.kill_task, chaos.kill_task, chaos.kill_task, chaos.kill_worker, chaos.kill_worker]
        chaos.run([*kills, chaos.crash_server], 1.5)
        load.finish()
        documents = load.documents()
        _await_equal(pipeline, target.file, documents)
        counts = judge(load, pipeline.consume(COLLECTION), streamed(pipeline.consume("journal")))
        assert pipeline.stop() == 0
        pipeline.require_no_orphans()
    print(dict(chaos.counts), dict(counts))
    assert counts["streamed"]
    assert not counts["lost"]
    assert not counts["doubled"]
    assert not counts["never written"]


def _await_equal(pipeline: Pipeline, file: Path, documents: dict[int, Any]) -> None:
    deadline = time.monotonic() + 120
    while (found := _rows(file)) != documents:
        pipeline.require_healthy()
        if time.monotonic() > deadline:
            missing, more = documents.keys() - found.keys(), found.keys() - documents.keys()
            raise AssertionError(f"the target lacks {len(missing)} documents and has {len(more)} more")
        time.sleep(0.5)


def _rows(file: Path) -> dict[int, Any]:
    with closing(sqlite3.connect(file, timeout=10)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        found = [name for name in tables if name.endswith(COLLECTION)]
        if not found:
            return {}
        rows = connection.execute(f'SELECT id, document FROM "{found[0]}"').fetchall()
    return {int(key): json.loads(document) for key, document in rows}
