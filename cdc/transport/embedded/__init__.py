"""The embedded log: topics, offsets and states in one SQLite file, for use without a broker.

Every topic has one partition, so its records are in total order. A row of the file is an encoded
batch; rows and source offsets commit in one SQLite transaction (exactly-once by construction).
See docs/adr/0010-embedded-log.md for the format and the figures.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cdc.config import Config, Importance, Kind, integer, string
from cdc.plugin import Journal, Log, LogReader, LogWriter, State, TopicInfo, register

if TYPE_CHECKING:
    from cdc.transport.embedded.store import Store

logger = logging.getLogger(__name__)

WEEK_MS = 7 * 24 * 3600 * 1000


class EmbeddedLogConfig(Config):
    """Options of the embedded log; the rest of the worker's config belongs to others."""

    tolerated = ("",)

    data_dir = string(
        "data.dir",
        "cdc-data",
        doc="Directory of the embedded log (log.db); made when missing. It must be on a local disk.",
        importance=Importance.HIGH,
        group="Embedded log",
    )
    retention_ms = integer(
        "log.retention.ms",
        WEEK_MS,
        at_least=-1,
        kind=Kind.LONG,
        doc="How long records are kept, in milliseconds, whether they were read or not; -1: for ever.",
        group="Embedded log",
    )
    retention_bytes = integer(
        "log.retention.bytes",
        -1,
        at_least=-1,
        kind=Kind.LONG,
        doc="How large the log may grow, all topics together, before the oldest records go, whether they "
        "were read or not; -1: no bound.",
        group="Embedded log",
    )
    retention_check_ms = integer(
        "log.retention.check.interval.ms",
        300_000,
        at_least=1,
        kind=Kind.LONG,
        doc="How often a writer looks for records that are past their retention time, in milliseconds.",
        importance=Importance.LOW,
        group="Embedded log",
    )


@register("log", "embedded")
class EmbeddedLog(Log):
    """Keep the log in `log.db`, one SQLite file in `data.dir`.

    Any number of processes may write, read and retain at once. Each face has a connection of its
    own, which must not be carried across a fork.
    """

    config_class = EmbeddedLogConfig
    config: EmbeddedLogConfig

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.config.data_dir) / "log.db"

    def writer(self, connector: str, task: int, config: Mapping[str, str]) -> LogWriter:
        """Return the writer of a task; an earlier writer of the same task is fenced from now on."""
        from cdc.transport.embedded.retention import Retention
        from cdc.transport.embedded.writer import EmbeddedWriter

        store = self._store(durable=True)
        limits = self.config
        retention = Retention(store, limits.retention_ms, limits.retention_bytes, limits.retention_check_ms)
        return EmbeddedWriter(store, connector, task, retention)

    def reader(
        self, group: str, topics: Sequence[str], config: Mapping[str, str], *, pattern: str | None = None
    ) -> LogReader:
        """Return a member of a group; `tasks.max` members share its topics.

        `consumer.override.auto.offset.reset` or `auto.offset.reset` = `latest` starts a topic that
        the group has no position for, and that exists now, at its end.
        """
        from cdc.filters import java_regex
        from cdc.transport.embedded.reader import EmbeddedReader

        matches = java_regex(pattern).fullmatch if pattern is not None else frozenset(topics).__contains__
        return EmbeddedReader(self._store(durable=False), group, lambda name: bool(matches(name)), config)

    def state(self, name: str) -> State:
        """Return a compacted topic: a key's older values are gone as soon as it is put again."""
        from cdc.transport.embedded.state import EmbeddedState

        return EmbeddedState(self._store(durable=True), name)

    def offsets(self, config: Mapping[str, str]) -> State:
        """Return the state of all offsets; a topic of the connector's own would be Kafka's."""
        if config.get("offsets.storage.topic"):
            logger.warning(
                "offsets.storage.topic is ignored: the offsets are in %s, without Kafka", self.path
            )
        return self.state("offsets")

    def journal(self, topic: str, options: Mapping[str, str]) -> Journal:
        """Return a journal; no retention touches it. Options are Kafka's, and are ignored with a warning."""
        from cdc.transport.embedded.journal import EmbeddedJournal

        if options:
            logger.warning(
                "The journal %s is kept in %s, without Kafka: its %s %s ignored",
                *(topic, self.path, ", ".join(sorted(options)), "is" if len(options) == 1 else "are"),
            )
        return EmbeddedJournal(self._store(durable=True), topic)

    def absent(self) -> str | None:
        """Return the path of the file when it is not there."""
        return None if self.path.exists() else str(self.path.absolute())

    def topic_id(self, topic: str) -> str | None:
        """Return the identity of the file: topics are never removed from it."""
        store = self._store(durable=False)
        try:
            ((identity,),) = store.query("SELECT id FROM identity")
        finally:
            store.close()
        return str(identity)

    def topics(self) -> list[TopicInfo]:
        """Return the topics with records in them, by name."""
        store = self._store(durable=False)
        try:
            rows = store.query("SELECT name, next - first FROM topics WHERE next > first ORDER BY name")
        finally:
            store.close()
        return [TopicInfo(name, 1, records) for name, records in rows]

    def _store(self, *, durable: bool) -> Store:
        from cdc.transport.embedded.store import Store

        return Store(self.path, durable=durable)
