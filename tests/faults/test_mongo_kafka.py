"""A copy of collections, as MongoDB's own connector makes it, goes on where `kill -9` cut it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.faults.pipeline import CDC
from tests.servers.mongodb import MongoServer
from tests.servers.policy import require
from tests.servers.process import Process, tail

DOCUMENTS = 16_000
KILLS = 3


@pytest.fixture
def server() -> Iterator[MongoServer]:
    """Return a MongoDB of our own."""
    with require("mongodb"):
        started = MongoServer().start()
    with closing(started.client()) as client:
        text = "x" * 2000
        for start in range(0, DOCUMENTS, 4_000):
            client.shop.item.insert_many({"_id": start + n, "text": text} for n in range(4_000))
        client.shop.other.insert_many({"_id": n} for n in range(10))
    yield started
    started.kill()


def test_a_copy_survives_kill_9(server: MongoServer, tmp_path: Path) -> None:
    config = {
        "name": "copy",
        "connector.class": "com.mongodb.kafka.connect.MongoSourceConnector",
        "connection.uri": server.url(),
        "database": "shop",
        "startup.mode": "copy_existing",
        "startup.mode.copy.existing.max.threads": "1",
        "batch.size": "1000",
        "key.converter": "string",
        "value.converter": "string",
    }
    (tmp_path / "source.yaml").write_text(yaml.safe_dump(config))
    log = tmp_path / "cdc.log"
    for kill in range(KILLS):
        worker = _start(tmp_path, log)
        _await(log, "The copy of 2 collections", more_than=kill, worker=worker)
        before = _written(tmp_path)
        _until(lambda before=before: _written(tmp_path) > before + (4 << 20), worker, log)
        worker.kill()
        assert _count(log, "The copy is finished") == 0, "killed too late: nothing is proved"
    worker = _start(tmp_path, log)
    _await(log, "The copy is finished", more_than=0, worker=worker)
    with closing(server.client()) as client:
        client.shop.other.insert_one({"_id": "last"})
    time.sleep(2)
    worker.stop(timeout=30)
    assert _count(log, "The copy of 2 collections goes on") == KILLS
    assert sorted(_keys(tmp_path, "shop.item")) == list(range(DOCUMENTS))
    assert [key for key in _keys(tmp_path, "shop.other") if key != "last"] == list(range(10))
    assert _keys(tmp_path, "shop.other")[-1] == "last"


def _start(folder: Path, log: Path) -> Process:
    command = [*CDC, "start", "--source", str(folder / "source.yaml"), "--data-dir", str(folder / "data")]
    return Process([*command, "--listen", "off", "--log-format", "json"], log)


def _count(log: Path, text: str) -> int:
    return log.read_text(errors="replace").count(text)


def _written(folder: Path) -> int:
    """Return how large the log is."""
    return sum(file.stat().st_size for file in (folder / "data").rglob("*") if file.is_file())


def _await(log: Path, text: str, *, more_than: int, worker: Process) -> None:
    """Wait until the worker has said this, so many times and once more."""
    _until(lambda: _count(log, text) > more_than, worker, log)


def _until(condition: Callable[[], bool], worker: Process, log: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert worker.alive, tail(log, 6000)
        assert time.monotonic() < deadline, tail(log, 6000)
        time.sleep(0.01)


def _keys(folder: Path, topic: str) -> list[Any]:
    """Return the `_id` of every record of a topic."""
    command = [*CDC, "consume", topic, "--from-beginning", "--data-dir", str(folder / "data")]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line)["key"]["_id"] for line in output.splitlines()]
