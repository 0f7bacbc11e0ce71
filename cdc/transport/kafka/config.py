"""The options of a worker that concern Kafka, under Kafka Connect's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cdc.config import (
    Config,
    Importance,
    Kind,
    Option,
    Options,
    Secret,
    boolean,
    choice,
    integer,
    optional_string,
    string,
)
from cdc.errors import Problem
from cdc.transport.kafka.properties import translate

_ROLES = ("producer", "consumer", "admin")

# What every client of the worker needs alike. Connect wants it repeated under each prefix; we take
# the plain name as the default of all three.
_SHARED = (
    "security.",
    "sasl.",
    "ssl.",
    "client.dns.lookup",
    "connections.max.idle.ms",
    "metadata.max.age.ms",
    "reconnect.backoff.",
    "retry.backoff.",
    "socket.connection.",
)


def _replication(name: str, what: str) -> Option[int]:
    return integer(
        name,
        3,
        at_least=-1,
        importance=Importance.LOW,
        group="Kafka",
        doc=f"Replicas of the {what} topic when it is made; -1 is the broker's default. "
        "Never more than there are brokers.",
    )


class KafkaConfig(Config):
    """Where Kafka is, how to log in, and the topics in which the worker keeps its state."""

    # The worker's whole config arrives here; its own model warns about what nobody knows.
    tolerated = ("",)

    bootstrap_servers = string(
        "bootstrap.servers",
        "localhost:9092",
        importance=Importance.HIGH,
        group="Kafka",
        doc="host:port pairs to find the Kafka cluster through, comma-separated.",
    )
    api_timeout_ms = integer(
        "default.api.timeout.ms",
        30_000,
        at_least=1,
        kind=Kind.LONG,
        importance=Importance.LOW,
        group="Kafka",
        doc="How long a task, or a command, waits for brokers that do not answer when it begins. A task then "
        "fails, and the worker starts it again. (The default in Java is 60000.)",
    )
    group_id = string(
        "group.id",
        "connect-cluster",
        importance=Importance.HIGH,
        group="Kafka",
        doc="Name of the cluster of workers; starts the transactional ids of exactly-once tasks.",
    )
    offset_topic = string(
        "offset.storage.topic",
        "connect-offsets",
        importance=Importance.HIGH,
        group="Kafka",
        doc="Compacted topic that holds source offsets.",
    )
    offset_partitions = integer(
        "offset.storage.partitions",
        25,
        at_least=-1,
        importance=Importance.LOW,
        group="Kafka",
        doc="Partitions of the offset topic when it is made; -1 is the broker's default.",
    )
    offset_replication = _replication("offset.storage.replication.factor", "offset")
    offset_file = optional_string(
        "offset.storage.file.filename",
        importance=Importance.HIGH,
        group="Kafka",
        doc="Keep source offsets in this file instead of a topic. A standalone Connect worker's file "
        "is read and taken over.",
    )
    config_topic = string(
        "config.storage.topic",
        "connect-configs",
        importance=Importance.HIGH,
        group="Kafka",
        doc="Compacted topic that holds the configs of connectors and tasks; it has one partition.",
    )
    config_replication = _replication("config.storage.replication.factor", "config")
    status_topic = string(
        "status.storage.topic",
        "connect-status",
        importance=Importance.HIGH,
        group="Kafka",
        doc="Compacted topic that holds the states of connectors and tasks.",
    )
    status_partitions = integer(
        "status.storage.partitions",
        5,
        at_least=-1,
        importance=Importance.LOW,
        group="Kafka",
        doc="Partitions of the status topic when it is made; -1 is the broker's default.",
    )
    status_replication = _replication("status.storage.replication.factor", "status")
    topic_creation = boolean(
        "topic.creation.enable",
        True,
        importance=Importance.LOW,
        group="Kafka",
        doc="Whether a source connector's `topic.creation.*` options count.",
    )
    exactly_once = choice(
        "exactly.once.source.support",
        ("disabled", "preparing", "enabled"),
        "disabled",
        importance=Importance.HIGH,
        group="Kafka",
        doc="`enabled`: a source task writes rows and offsets in one transaction, and a former "
        "instance of the task is fenced.",
    )
    storage_settings: Options[str] = Options(
        "(config|offset|status).storage.<topic config>",
        r"(config|offset|status)\.storage\.((?!topic$|partitions$|replication\.factor$|file\.).+)",
        Kind.STRING,
        str.strip,
        importance=Importance.LOW,
        group="Kafka",
        doc="Any other config of the state topics when they are made.",
    )
    shared_settings: Options[Secret] = Options(
        "(security|sasl|ssl|…).<client property>",
        rf"((?:{'|'.join(name.replace('.', chr(92) + '.') for name in _SHARED)}).*)",
        Kind.PASSWORD,
        Secret,
        importance=Importance.MEDIUM,
        group="Kafka security",
        doc="Java client properties (`security.protocol`, `sasl.mechanism`, `sasl.jaas.config`, "
        "`ssl.truststore.location` …) of all clients; the prefixed ones win.",
    )
    role_settings: Options[Secret] = Options(
        "(producer|consumer|admin).<client property>",
        r"(producer|consumer|admin)\.(.+)",
        Kind.PASSWORD,
        Secret,
        importance=Importance.MEDIUM,
        group="Kafka",
        doc="Java or librdkafka properties of the clients of all connectors. A connector's "
        "`producer.override.*`, `consumer.override.*` and `admin.override.*` win over them.",
    )

    def check(self) -> Iterable[Problem]:
        """Yield unusable client properties, and exactly-once without an offset topic."""
        if self.exactly_once == "enabled" and self.offset_file:
            yield Problem(
                "exactly.once.source.support",
                "exactly.once.source.support=enabled needs the offsets in Kafka: remove "
                "offset.storage.file.filename",
            )
        seen = set()
        for role in _ROLES:
            for problem in translate(self.client(role), role).problems:
                if problem not in seen:
                    seen.add(problem)
                    yield problem

    def client(self, role: str, connector: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the Java properties of a `producer`, `consumer` or `admin`; a connector's overrides win."""
        found = {name: value.reveal() for name, value in self.shared_settings.items()}
        for name, value in self.role_settings.items():
            prefix, _, rest = name.partition(" ")
            if prefix == role:
                found[rest] = value.reveal()
        prefix = f"{role}.override."
        for name, text in (connector or {}).items():
            if name.startswith(prefix):
                found[name.removeprefix(prefix)] = str.__str__(text)
        return found

    def storage(self, state: str) -> dict[str, str]:
        """Return the further topic configs of a state topic (`offset`, `config` or `status`)."""
        found = {}
        for name, value in self.storage_settings.items():
            prefix, _, rest = name.partition(" ")
            if prefix == state:
                found[rest] = value
        return found
