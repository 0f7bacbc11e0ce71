"""The contract of logs (transports): writers, readers, states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cdc.batch import Encoded, Fetched
from cdc.config import Config


class LogWriter(ABC):
    """Append records of one task; bounded in bytes, so that `append` blocks: the back-pressure.

    Delivery: after `commit` returned, everything appended before it is durable, and so are the
    offsets; where the log can, both become visible in one transaction (exactly-once). Errors of
    appended records are never lost: the next `append` or `commit` raises them.
    """

    exactly_once: bool = False

    @abstractmethod
    def append(self, encoded: Encoded, tick: Callable[[], None]) -> None:
        """Take the records. Calls `tick` at least once a second while it waits for room.

        Raises LogFull, LogError, LogRejected or Fenced.
        """

    @abstractmethod
    def commit(self, offsets: Mapping[bytes, bytes | None], tick: Callable[[], None]) -> None:
        """Make everything appended durable, with the offsets (None: a tombstone).

        Raises LogFull, LogError, LogRejected or Fenced. A log that raises LogFull here still holds the
        records, and shows none of them: commit again later, with the same or newer offsets.
        """

    @abstractmethod
    def due(self, *, idle: bool) -> bool:
        """Tell whether now is a good moment to commit; `idle`: the source has nothing more at once."""

    @abstractmethod
    def close(self) -> None:
        """Give up what is not committed and release everything."""


class LogReader(ABC):
    """Read topics as one member of a consumer group."""

    @abstractmethod
    def poll(self, max_bytes: int, timeout: float) -> list[Fetched]:
        """Return the next records, in order by partition; waits at most `timeout` seconds.

        Raises Rebalanced when records that were returned but not committed now belong to another
        member of the group: what is not flushed must be given up, the sink opened anew and the
        reader set to its positions (`seek`). The reader stays in use, and every partition it still
        has starts again at its committed offset. Raises LogError, LogRejected or AccessDenied.
        """

    @abstractmethod
    def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Continue from these offsets, now or when the partition is assigned (the sink's own store wins)."""

    @abstractmethod
    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Store the offsets to continue from after a restart."""

    @abstractmethod
    def lag(self) -> Mapping[tuple[str, int], int]:
        """Return how many records are left in each assigned partition."""

    @abstractmethod
    def close(self) -> None:
        """Leave the group."""


class State(ABC):
    """A compacted topic: key → value, both bytes. Offsets, configs and statuses live in such."""

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """Return the newest value of `key`."""

    @abstractmethod
    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every live key with its newest value."""

    @abstractmethod
    def put(self, key: bytes, value: bytes | None) -> None:
        """Store durably; None deletes."""

    @abstractmethod
    def close(self) -> None:
        """Release the connection."""


class Journal(ABC):
    """A topic of one partition that is only ever added to: never compacted, kept without bounds.

    What it holds is read as a whole, from the first record on, by whoever wrote it (a schema history).
    There may be no such topic yet: the first `append` makes it.
    """

    @abstractmethod
    def span(self) -> range | None:
        """Return the offsets it holds; None when there is no such topic.

        Empty (`range(n, n)`) is not the same as missing; one that does not start at 0 has lost its beginning.
        Raises LogRejected for a topic that cannot be a journal, because it is bound to lose records.
        """

    @abstractmethod
    def append(self, values: Sequence[bytes]) -> None:
        """Add records, in this order; they are durable when it returns.

        After an error some of them may be there, and the caller may append all of them again.
        Raises LogFull, LogError, LogRejected or AccessDenied.
        """

    @abstractmethod
    def read(self) -> Iterator[bytes]:
        """Yield the records that are there when reading begins, from the first one, in order."""

    @abstractmethod
    def close(self) -> None:
        """Release connections and files."""


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic: its partitions and the records still in it (newest minus oldest offset)."""

    name: str
    partitions: int
    records: int


class Log(ABC):
    """A transport: Kafka, the embedded log, or memory.

    Built from the worker's config; cheap until one of its faces is asked for.
    """

    config_class: ClassVar[type[Config]]

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def writer(self, connector: str, task: int, config: Mapping[str, str]) -> LogWriter:
        """Return the writer of a source task; `config` is the connector's (topic creation, overrides)."""

    @abstractmethod
    def reader(
        self, group: str, topics: Sequence[str], config: Mapping[str, str], *, pattern: str | None = None
    ) -> LogReader:
        """Return a reader of these topics, or of those that match `pattern` (a Java regex).

        It starts at the group's committed offsets, else at the beginning; with `config` (the sink
        connector's) saying `consumer.override.auto.offset.reset` (or `auto.offset.reset`) `latest`,
        at the end of the topics that exist now. Topics may come to exist later.
        """

    @abstractmethod
    def state(self, name: str) -> State:
        """Return a compacted topic, made when missing: `offsets`, `configs`, `status` and so on."""

    def offsets(self, config: Mapping[str, str]) -> State:
        """Return the state that has the source offsets of a connector; `config` is the connector's."""
        return self.state("offsets")

    @abstractmethod
    def journal(self, topic: str, options: Mapping[str, str]) -> Journal:
        """Return a journal, cheaply: whether it exists is asked of it.

        `options` are a connector's wishes for this topic, under Kafka's names (`bootstrap.servers`,
        `producer.*`, `consumer.*` …); a log without brokers warns that it ignores them.
        """

    @abstractmethod
    def topics(self) -> list[TopicInfo]:
        """Return the topics with records in them, without internal ones."""

    def absent(self) -> str | None:
        """Return where the log should be, if there is none that could be read; using it would make one."""
        return None

    def topic_id(self, topic: str) -> str | None:
        """Return what tells this topic from a later one of the same name; None when it is not known."""
        return None

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has; it exists."""
        return 1

    def close(self) -> None:  # noqa: B027
        """Release shared connections."""
