"""The bodies, byte for byte, that Kafka Connect's clients read."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from cdc import __version__
from cdc.rest.server import listen, start
from cdc.runtime.herder import ConnectorStatus, TaskState
from tests.fakes.herder import FakeHerder

RUNNING = '"state":"RUNNING","worker_id":"127.0.0.1:8083"'


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeHerder, httpx.Client]]:
    """Return one running API and its herder for all tests here."""
    herder = FakeHerder()
    server = start(herder, listen("127.0.0.1", 0))
    with httpx.Client(base_url=server.url, follow_redirects=False) as client:
        yield herder, client
    server.stop()


@pytest.fixture
def herder(served: tuple[FakeHerder, httpx.Client]) -> FakeHerder:
    herder = served[0]
    vars(herder).clear()
    vars(herder).update(vars(FakeHerder()))
    herder.add("pg", **{"connector.class": "postgres", "database.password": "${env:PW}"})
    herder.add("jdbc", "sink", tasks=2, topics="a,b")
    herder.topics["pg"] = ["s.t2", "s.t1"]
    return herder


@pytest.fixture
def client(served: tuple[FakeHerder, httpx.Client], herder: FakeHerder) -> httpx.Client:
    return served[1]


def test_server(client: httpx.Client) -> None:
    expected = f'{{"version":"4.3.1","commit":"cdc-{__version__}","kafka_cluster_id":"cluster-1"}}'
    assert client.get("/").text == expected


HEALTHY = "Worker has completed startup and is ready to handle requests."


@pytest.mark.parametrize(
    ("healthy", "starting", "code", "word"),
    [(True, False, 200, "healthy"), (False, True, 503, "starting"), (False, False, 500, "unhealthy")],
)
def test_health(
    client: httpx.Client, herder: FakeHerder, healthy: bool, starting: bool, code: int, word: str
) -> None:
    herder.health, herder.starting = (healthy, HEALTHY), starting
    answer = client.get("/health")
    assert (answer.status_code, answer.text) == (code, f'{{"status":"{word}","message":"{HEALTHY}"}}')


PG_INFO = (
    '{"name":"pg","config":{"name":"pg","connector.class":"postgres","database.password":"${env:PW}"},'
    '"tasks":[{"connector":"pg","task":0}],"type":"source"}'
)
PG_STATUS = f'{{"name":"pg","connector":{{{RUNNING}}},"tasks":[{{"id":0,{RUNNING}}}],"type":"source"}}'
JDBC_INFO = (
    '{"name":"jdbc","config":{"name":"jdbc","topics":"a,b"},'
    '"tasks":[{"connector":"jdbc","task":0},{"connector":"jdbc","task":1}],"type":"sink"}'
)
JDBC_STATUS = (
    f'{{"name":"jdbc","connector":{{{RUNNING}}},'
    f'"tasks":[{{"id":0,{RUNNING}}},{{"id":1,{RUNNING}}}],"type":"sink"}}'
)
BODIES = {
    "/connectors": '["pg","jdbc"]',
    "/connectors?expand=status": f'{{"pg":{{"status":{PG_STATUS}}},"jdbc":{{"status":{JDBC_STATUS}}}}}',
    "/connectors?expand=info": f'{{"pg":{{"info":{PG_INFO}}},"jdbc":{{"info":{JDBC_INFO}}}}}',
    "/connectors?expand=status&expand=info": f'{{"pg":{{"status":{PG_STATUS},"info":{PG_INFO}}},'
    f'"jdbc":{{"status":{JDBC_STATUS},"info":{JDBC_INFO}}}}}',
    "/connectors?expand=nonsense": '{"pg":{},"jdbc":{}}',
    "/connectors/pg": PG_INFO,
    "/connectors/pg/config": '{"name":"pg","connector.class":"postgres","database.password":"${env:PW}"}',
    "/connectors/pg/status": PG_STATUS,
    "/connectors/pg/tasks": '[{"id":{"connector":"pg","task":0},"config":{"name":"pg","task.class":"t"}}]',
    "/connectors/pg/tasks-config": '{"pg-0":{"name":"pg","task.class":"t"}}',
    "/connectors/jdbc/tasks/1/status": f'{{"id":1,{RUNNING}}}',
    "/connectors/pg/topics": '{"pg":{"topics":["s.t1","s.t2"]}}',
    "/connectors/jdbc/topics": '{"jdbc":{"topics":[]}}',
}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("path", "body"), BODIES.items())
def test_bodies(client: httpx.Client, path: str, body: str, slash: str) -> None:
    plain, question, query = path.partition("?")
    answer = client.get(plain + slash + question + query)
    assert (answer.status_code, answer.text) == (200, body)
    assert answer.headers["content-type"] == "application/json"


ERRORS = {
    "/connectors/nope": "Connector nope not found",
    "/connectors/nope/config": "Connector nope not found",
    "/connectors/nope/tasks": "Connector nope not found",
    "/connectors/nope/status": "No status found for connector nope",
    "/connectors/nope/tasks/0/status": "No status found for task nope-0",
    "/connectors/pg/tasks/7/status": "No status found for task pg-7",
    "/connectors/pg/tasks/x/status": "HTTP 404 Not Found",
    "/nope": "HTTP 404 Not Found",
    "/connectors//": "HTTP 404 Not Found",
}


@pytest.mark.parametrize(("path", "message"), ERRORS.items())
def test_not_found(client: httpx.Client, path: str, message: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (404, f'{{"error_code":404,"message":"{message}"}}')


def test_method_not_allowed(client: httpx.Client) -> None:
    answer = client.post("/connectors/pg/status")
    assert answer.text == '{"error_code":405,"message":"HTTP 405 Method Not Allowed"}'
    assert "GET" in answer.headers["allow"]


def test_a_failure_is_told_in_the_same_shape(
    client: httpx.Client, herder: FakeHerder, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(name: str) -> ConnectorStatus:
        raise ValueError("the state is unreadable")

    herder.status = broken  # type: ignore[method-assign]
    answer = client.get("/connectors/pg/status")
    assert (answer.status_code, answer.text) == (
        500,
        '{"error_code":500,"message":"the state is unreadable"}',
    )
    assert client.get("/connectors").status_code == 200, "over the same connection"
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["cdc.rest.app"]


def test_the_trace_is_there_only_when_a_task_failed(client: httpx.Client, herder: FakeHerder) -> None:
    status = herder.status("jdbc")
    status.tasks.reverse()
    status.tasks[1].state, status.tasks[1].trace = TaskState.FAILED, "Traceback…\n  why"
    tasks = client.get("/connectors/jdbc/status").json()["tasks"]
    assert tasks == [
        {"id": 0, "state": "FAILED", "worker_id": "127.0.0.1:8083", "trace": "Traceback…\n  why"},
        {"id": 1, "state": "RUNNING", "worker_id": "127.0.0.1:8083"},
    ]


def test_a_connector_without_status_is_left_out(client: httpx.Client, herder: FakeHerder) -> None:
    del herder.statuses["pg"]
    assert list(client.get("/connectors?expand=status").json()) == ["jdbc"]
    assert list(client.get("/connectors?expand=info").json()) == ["pg", "jdbc"]


@pytest.mark.parametrize("name", ["a/b", "a b", "ü%", "a+b", "?", "status"])
def test_names_are_decoded_once(client: httpx.Client, herder: FakeHerder, name: str) -> None:
    herder.add(name)
    assert client.get(f"/connectors/{quote(name, safe='')}/status/").json()["name"] == name
