"""A real Kafka broker: one KRaft node, plain or with secure listeners."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.servers import java
from tests.servers.maven import class_path
from tests.servers.policy import Unavailable
from tests.servers.process import accepts, free_port, scratch
from tests.servers.server import Server
from tests.servers.tls import certificates

USER, PASSWORD = "alice", "alice-secret"

# kafka-tools-api: its pom is in the registry, its jar is not; only console tools need it.
# log4j-slf4j-impl: without a logging backend the broker is silent.
_COORDINATES = (
    "org.apache.kafka:kafka_2.13:4.4.0",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5",
)
_EXCLUSIONS = ("org.apache.kafka:kafka-tools-api",)
_CLUSTER = "5L6g3nShT-eMCtK--X86sw"
_SMALL = {
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 1,
    "log.cleaner.dedupe.buffer.size": 4194304,
    "log.segment.bytes": 134217728,
    "log.index.size.max.bytes": 1048576,
    "num.partitions": 1,
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 3,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "auto.create.topics.enable": "true",
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 3000,
    "controller.quorum.election.timeout.ms": 300,
    "controller.quorum.election.backoff.max.ms": 300,
    "controller.quorum.fetch.timeout.ms": 1000,
}
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


def broker_class_path() -> str:
    """Return the broker's class path."""
    return class_path(_COORDINATES, _EXCLUSIONS)


class KafkaBroker(Server):
    """Run one broker.

    `secure` adds the listeners `SASL_PLAINTEXT`, `SSL` and `SASL_SSL` (PLAIN, SCRAM-SHA-256 and -512
    for :data:`USER`; client certificates are asked for, not required); `settings` are lines of
    server.properties. `lasting`: compile as in production, for measurements; else starting is cheap.
    """

    log_name = "server.log"

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        secure: bool = False,
        heap: str = "384m",
        settings: Mapping[str, object] | None = None,
        lasting: bool = False,
    ) -> None:
        self.secure = secure
        self._compiler = [] if lasting else [java.QUICK]
        self.folder = scratch("kafka")
        self.certificates = certificates()
        protocols = ["PLAINTEXT", "CONTROLLER", *(["SASL_PLAINTEXT", "SSL", "SASL_SSL"] if secure else [])]
        self._ports = {protocol: free_port() for protocol in protocols}
        self._heap = heap
        self._settings = dict(settings or {})
        self._class_path = broker_class_path()

    def address(self, protocol: str = "PLAINTEXT") -> str:
        """Return `host:port` of a listener."""
        return f"{self.host}:{self._ports[protocol]}"

    @property
    def bootstrap(self) -> str:
        """Return the plain listener's `host:port`."""
        return self.address()

    def client(self, protocol: str = "PLAINTEXT", mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """Return librdkafka's settings for a listener."""
        config = {"bootstrap.servers": self.address(protocol), "security.protocol": protocol}
        if "SASL" in protocol:
            config |= {"sasl.mechanism": mechanism, "sasl.username": USER, "sasl.password": PASSWORD}
        if "SSL" in protocol:
            config["ssl.ca.location"] = str(self.certificates.ca)
        return config

    def start(self) -> Self:
        """Start, formatting the storage at the first time, and wait until the broker serves."""
        config = self.folder / "server.properties"
        config.write_text(java.properties(self._properties()))
        log = self.folder / "server.log"
        log.write_text("")
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(config)
        started = {"kafka.server.KafkaRaftServer": "INFO", "kafka.server.BrokerServer": "INFO"}
        flags = [*self._compiler, java.logging_config(self.folder, log, "WARN", started)]
        command = java.command(self._class_path, "kafka.Kafka", str(config), heap=self._heap, flags=flags)
        self._process = java.start(command, self.folder, "server")
        port = self._ports["PLAINTEXT"]
        self._process.wait_until(
            lambda: "Kafka Server started" in log.read_text() and accepts(port), what="the Kafka broker"
        )
        return self

    def _format(self, config: Path) -> None:
        scram = [
            part
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for part in ("--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]")
        ]
        flags = [java.QUICK, java.logging_config(self.folder, self.folder / "format.log", "WARN", {})]
        arguments = ["format", "-t", _CLUSTER, "-c", str(config), *(scram if self.secure else [])]
        tool = "kafka.tools.StorageTool"
        command = java.command(self._class_path, tool, *arguments, heap="64m", flags=flags)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"the Kafka storage cannot be formatted: {done.stdout}{done.stderr}")

    def _properties(self) -> dict[str, object]:
        listeners = [f"{name}://{self.host}:{port}" for name, port in self._ports.items()]
        advertised = [listener for listener in listeners if not listener.startswith("CONTROLLER")]
        protocols = ["CONTROLLER:PLAINTEXT", *(f"{p}:{p}" for p in self._ports if p != "CONTROLLER")]
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{self.address('CONTROLLER')}",
            "controller.listener.names": "CONTROLLER",
            "listeners": ",".join(listeners),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map": ",".join(protocols),
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": self.folder / "data",
            **_SMALL,
            **(self._secure_properties() if self.secure else {}),
            **self._settings,
        }

    def _secure_properties(self) -> dict[str, object]:
        values: dict[str, object] = {
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.certificates.server_store,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.certificates.ca,
            "ssl.client.auth": "requested",
        }
        for listener in ("sasl_plaintext", "sasl_ssl"):
            prefix = f"listener.name.{listener}"
            users = f'user_{USER}="{PASSWORD}"'
            values[f"{prefix}.plain.sasl.jaas.config"] = f"{_PLAIN} required {users};"
            for mechanism in ("scram-sha-256", "scram-sha-512"):
                values[f"{prefix}.{mechanism}.sasl.jaas.config"] = f"{_SCRAM} required;"
        return values
