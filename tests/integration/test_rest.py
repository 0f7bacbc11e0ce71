"""The REST API of a real worker with a real source and sink."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.servers.postgres import Database
from tests.servers.process import Process, free_port

TIMEOUT = 30.0


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[httpx.Client]:
    database.server.execute(
        "create table t (id int primary key, v text); insert into t values (1, 'a'), (2, 'b')",
        dbname=database.name,
    )
    source = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        **database.properties(),
        "database.password": "${env:PW}",
        "topic.prefix": "s",
        "plugin.name": "pgoutput",
        "slot.name": f"{database.name}_rest",
        "publication.name": f"{database.name}_rest",
    }
    sink = {
        "connector.class": "jdbc",
        "topics": "s.public.t",
        "connection.url": f"jdbc:sqlite:{tmp_path}/t.db",
    }
    for name, config in (("pg", source), ("copy", sink)):
        lines = (f"{key}={value}\n" for key, value in {"name": name, **config}.items())
        (tmp_path / f"{name}.properties").write_text("".join(lines))
    port = free_port()
    command = [sys.executable, "-m", "cdc.cli.main", "start", "--data-dir", str(tmp_path / "log")]
    command += ["--source", str(tmp_path / "pg.properties"), "--sink", str(tmp_path / "copy.properties")]
    command += ["--listen", f"127.0.0.1:{port}"]
    process = Process(command, tmp_path / "cdc.log", env={"PW": "postgres"})
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=False, trust_env=False) as client:
        process.wait_until(lambda: _answers(client), what="cdc start", timeout=TIMEOUT)
        yield client
    process.stop()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def eventually(found: Callable[[], Any], wanted: Any) -> None:
    deadline = time.monotonic() + TIMEOUT
    while (last := found()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert last == wanted


def samples(client: httpx.Client) -> dict[str, float]:
    text = client.get("/metrics").text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = sample.labels
            key = " ".join(
                [sample.name, *(labels[name] for name in ("connector", "context", "stage") if name in labels)]
            )
            found[key] = found.get(key, 0) + sample.value
    return found


def test_a_real_worker(worker: httpx.Client, database: Database) -> None:
    running = {
        "state": "RUNNING",
        "worker_id": worker.get("/connectors/pg/status").json()["connector"]["worker_id"],
    }
    assert worker.get("/").json()["version"].startswith("4.")
    assert sorted(worker.get("/connectors/").json()) == ["copy", "pg"]

    status = {"name": "pg", "connector": running, "tasks": [{"id": 0, **running}], "type": "source"}
    eventually(lambda: worker.get("/connectors/pg/status/").json(), status)
    info = worker.get("/connectors/pg").json()
    assert info["tasks"] == [{"connector": "pg", "task": 0}]
    assert info["config"]["database.password"] == "${env:PW}"
    assert worker.get("/connectors/pg/tasks").json()[0]["id"] == {"connector": "pg", "task": 0}
    expanded = worker.get("/connectors?expand=status&expand=info").json()
    assert expanded["pg"] == {"status": status, "info": info}

    eventually(lambda: worker.get("/connectors/pg/topics").json(), {"pg": {"topics": ["s.public.t"]}})
    eventually(lambda: samples(worker).get("cdc_rows_total copy"), 2)

    database.server.execute("insert into t values (3, 'c'); update t set v = 'd'", dbname=database.name)
    eventually(lambda: samples(worker).get("cdc_rows_total copy"), 6)
    eventually(lambda: samples(worker)["cdc_rows_total pg"], 6)
    eventually(lambda: samples(worker).get("cdc_lag_seconds_count copy applied"), 4)
    measured = samples(worker)
    assert measured["debezium_metrics_SnapshotCompleted snapshot"] == 1
    assert measured["debezium_metrics_Connected streaming"] == 1
    assert measured["debezium_metrics_TotalNumberOfCreateEventsSeen streaming"] == 1
    assert measured["debezium_metrics_TotalNumberOfUpdateEventsSeen streaming"] == 3
    assert 0 <= measured["debezium_metrics_MilliSecondsSinceLastEvent streaming"] < 30_000
    for stage in ("read", "append", "acknowledged"):
        assert measured[f"cdc_lag_seconds_count pg {stage}"] >= 4
    assert measured["cdc_task_resident_memory_bytes pg"] > 1_000_000
