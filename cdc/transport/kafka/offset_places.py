"""Where the offsets of a connector are: a file, the worker's topic, or a topic of its own besides.

As Connect: with `offsets.storage.topic` that topic is the one that counts, and the worker's gets a copy.
A connector whose producer writes to another cluster, exactly once, has its offset topic there, too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from cdc.offset_file import OffsetFile
from cdc.plugin import State
from cdc.transport.kafka.clients import Clients
from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.layered_state import LayeredState
from cdc.transport.kafka.rules import Rule
from cdc.transport.kafka.state import KafkaState
from cdc.transport.kafka.topics import ensure_compacted

log = logging.getLogger(__name__)

_OWN = "offsets.storage.topic"


def state_topic(
    config: KafkaConfig,
    clients: Clients,
    name: str,
    *,
    own: str | None = None,
    connector: Mapping[str, str] | None = None,
) -> str:
    """Return the topic of a state, made or checked.

    own: a connector's offset topic, which is made as the worker's is. connector: see `KafkaState`.
    """
    known = {
        "offsets": (config.offset_topic, "offset", config.offset_partitions, config.offset_replication),
        "configs": (config.config_topic, "config", 1, config.config_replication),
        "status": (config.status_topic, "status", config.status_partitions, config.status_replication),
    }
    topic, prefix, partitions, replication = known.get(
        name, (f"connect-{name}", "offset", 1, config.offset_replication)
    )
    rule = Rule(replication, partitions, config.storage(prefix) if name in known else {})
    topic, option = (own, _OWN) if own else (topic, f"{prefix}.storage.topic")
    ensure_compacted(clients.admin(connector), topic, option, rule)
    return topic


class OffsetPlaces:
    """Decide for one connector; `connector` are its options, none for the worker's own view."""

    def __init__(self, config: KafkaConfig, clients: Clients, connector: Mapping[str, str]) -> None:
        self._config, self._clients, self._connector = config, clients, connector
        self._own = connector.get(_OWN, "").strip() or None
        servers = connector.get("producer.override.bootstrap.servers", config.bootstrap_servers)
        self._elsewhere = servers.strip() != config.bootstrap_servers
        if self._elsewhere and config.exactly_once == "enabled":
            self._own = self._own or config.offset_topic

    def topics(self) -> Sequence[str]:
        """Return the topics that the connector's producer writes its offsets to."""
        if self._config.offset_file:
            return ()
        own = [self._own_topic()] if self._own else []
        return own if self._elsewhere else list(dict.fromkeys([*own, self._workers()]))

    def store(self) -> OffsetFile | KafkaState | None:
        """Return what has the offsets besides, which that producer does not reach."""
        if self._config.offset_file:
            return OffsetFile(self._config.offset_file)
        return KafkaState(self._clients, self._workers()) if self._elsewhere else None

    def state(self) -> State:
        """Return the offsets as they are read."""
        if self._config.offset_file:
            if self._own:
                log.warning("%s is ignored: the offsets are in %s", _OWN, self._config.offset_file)
            return OffsetFile(self._config.offset_file)
        shared = KafkaState(self._clients, self._workers())
        if self._own is None:
            return shared
        return LayeredState(KafkaState(self._clients, self._own_topic(), self._connector), shared)

    def _workers(self) -> str:
        return state_topic(self._config, self._clients, "offsets")

    def _own_topic(self) -> str:
        return state_topic(self._config, self._clients, "offsets", own=self._own, connector=self._connector)
