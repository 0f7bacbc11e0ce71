"""Contracts of everything that plugs in, and the registry that finds it.

The way in, for each window: `Source.read` → `Transform.apply` → `Format` → `LogWriter.append` →
`LogWriter.commit` → `Source.confirm`. The way out: `LogReader.poll` → `Format.decode` →
`Transform.apply` → `Sink.write` → `Sink.flush` → `LogReader.commit`. Everything is synchronous and
called from one thread of one process; no call blocks longer than its timeout; nothing started by a
plugin outlives its `close()`.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol, TypeVar

from cdc.batch import (
    Batch,
    ChangeBatch,
    Encoded,
    Fetched,
    ImageTemplate,
    Offset,
    Offsets,
    RecordBatch,
    Window,
)
from cdc.config import Config
from cdc.errors import PluginNotFound, RecordPosition
from cdc.metrics import Metrics
from schemas.connect import Schema

# -- the way in --------------------------------------------------------------------------------


@dataclass(slots=True)
class SourceContext:
    """What the runtime gives a source.

    offset: looks up the last durable offset of a source partition (None when there is none).
    offsets: all durable (partition, offset) pairs of this connector. task: number of the task.
    """

    connector: str
    task: int
    offset: Callable[[Mapping[str, Any]], Offset | None]
    offsets: Callable[[], Offsets]
    metrics: Metrics


class Source(ABC):
    """Read a database's changes, windows at a time.

    Delivery: after `open`, reading resumes from the offsets in the context, and every change that
    is not covered by them is returned, in commit order. The database may forget (WAL, slot) only
    what was confirmed: `confirm` is called after a window's offsets are durable in the log.
    """

    config_class: ClassVar[type[Config]]
    version: ClassVar[str] = "3.6.3.Final"

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def plan(cls, config: Mapping[str, str], max_tasks: int) -> list[Mapping[str, str]]:
        """Return the configs of the tasks, at most `max_tasks`; by default one with everything."""
        return [config]

    @classmethod
    def check(cls, config: Config) -> Iterable[str]:
        """Try the config against the real server; yield what is wrong, with the way to mend it."""
        return ()

    @abstractmethod
    def open(self, context: SourceContext) -> None:
        """Connect, verify the position, create what is missing.

        Raises AccessDenied, ServerNotReady, PositionLost, ResourceBusy or ConnectionFailed.
        """

    @abstractmethod
    def read(self, max_bytes: int, timeout: float) -> Window | None:
        """Return the next window, about `max_bytes` of wire data at most.

        Waits at most `timeout` seconds for the first row; an empty window may still move the
        offsets. None: there is nothing more, ever (`initial_only` is done).
        """

    @abstractmethod
    def confirm(self, offsets: Offsets) -> None:
        """Take note that these offsets (of an earlier window) are durable."""

    def tick(self) -> None:  # noqa: B027 - most sources have nothing to do
        """Keep the connection alive; called at least once a second while the log is busy."""

    @abstractmethod
    def close(self) -> None:
        """Release the connection; safe to call at any time, more than once."""


class Transform(ABC):
    """Change, route, drop or add records between a source (or the log) and what comes next."""

    config_class: ClassVar[type[Config]] = Config

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def apply(self, batch: Batch) -> Iterable[Batch]:
        """Return what becomes of the batch: usually one batch, none when all is dropped."""

    def close(self) -> None:  # noqa: B027
        """Release what was opened."""


class Predicate(ABC):
    """Choose the records that a transform applies to."""

    config_class: ClassVar[type[Config]] = Config

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def test(self, batch: Batch) -> bool | Sequence[bool]:
        """Return one verdict for the whole batch, or one a record."""


class Format(ABC):
    """Write and read keys or values as bytes (Kafka Connect's Converter).

    A key and its value may have different formats. The slow path works on Connect values and is
    all a simple format needs: `encode` and `decode`. The fast path goes from a source's wire form
    to bytes in generated code: `part` says how an image or key is written, `finish_keys` and
    `finish_values` turn what came out into bytes. Raises EncodeError / DecodeError.
    """

    config_class: ClassVar[type[Config]] = Config

    def __init__(self, config: Config, *, is_key: bool) -> None:
        self.config, self.is_key = config, is_key

    @abstractmethod
    def wrap(self, topic: str, schema: Schema | None) -> tuple[bytes, bytes]:
        """Return what stands before and after every payload of this schema."""

    @abstractmethod
    def encode(self, topic: str, schema: Schema | None, values: Sequence[Any]) -> list[bytes | None]:
        """Return the payload of each value (without `wrap`); a null value without schema is None."""

    @abstractmethod
    def decode(
        self, topic: str, payloads: Sequence[bytes | None], wrap: tuple[bytes, bytes]
    ) -> list[tuple[Schema | None, list[Any]]]:
        """Return runs of consecutive values that share a schema; all runs together are all payloads.

        A payload's whole text is wrap[0] + payload + wrap[1]. Tombstones (None) stay None and
        join the run they stand in.
        """

    def fast_path(self) -> FastPath | None:
        """Return the writer of change batches, or None: they are then encoded from values."""
        return None


class FastPath(Protocol):
    """A format's way from wire form to bytes, for `ChangeBatch`es."""

    def part(self, batch: ChangeBatch, scope: dict[str, Any]) -> Any:
        """Return the `Part` that writes this batch's row images (or keys, for a key format)."""
        ...

    def finish_keys(self, batch: ChangeBatch, keys: list[Any]) -> list[bytes | None]:
        """Return the key payloads from what the key part made."""
        ...

    def finish_values(self, batch: ChangeBatch, before: list[Any], after: list[Any]) -> list[bytes | None]:
        """Return the envelope payloads from what the row part made."""
        ...


# -- the log -----------------------------------------------------------------------------------


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

    @abstractmethod
    def topics(self) -> list[TopicInfo]:
        """Return the topics with records in them, without internal ones."""

    def close(self) -> None:  # noqa: B027
        """Release shared connections."""


# -- the way out -------------------------------------------------------------------------------


class Reporter(Protocol):
    """Decides about records that a sink cannot take (`errors.tolerance`)."""

    def __call__(self, batch: RecordBatch, index: int, error: Exception) -> None:
        """Raise RecordRejected, or set the record aside (dead letter queue) and return."""
        ...


@dataclass(slots=True)
class SinkContext:
    """What the runtime gives a sink.

    topic_id: the identity of a topic's present incarnation (it differs once the topic was deleted and
    made anew), or None where the log cannot tell; for sinks that keep positions themselves.
    """

    connector: str
    task: int
    report: Reporter
    metrics: Metrics
    topic_id: Callable[[str], str | None] = lambda topic: None


Positions = Mapping[tuple[str, int], int]
"""(topic, partition) → the offset after the last record."""


class Sink(ABC):
    """Write records somewhere.

    Delivery: `write` may buffer (bounded in bytes) and may see the same records again after a
    failure; `flush` returns when everything written before is durable in the target, with the
    positions that are safe to commit. A sink that keeps positions itself (in the same transaction
    as the rows: exactly-once) returns them from `open`, and reading starts there. A record that
    cannot be written goes to `context.report`, with the reason; transient trouble is raised as
    SinkUnavailable, and the runtime calls again.
    """

    config_class: ClassVar[type[Config]]
    version: ClassVar[str] = "3.6.3.Final"

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def open(self, context: SinkContext) -> Positions | None:
        """Connect and verify the target; return own stored positions, or None to use the log's."""

    @abstractmethod
    def write(self, batch: RecordBatch) -> None:
        """Take the records, in the order of the log."""

    @abstractmethod
    def flush(self) -> Positions:
        """Make everything written so far durable; return the positions reached."""

    @abstractmethod
    def close(self) -> None:
        """Give up what is not flushed and release everything; safe to call at any time."""


# -- the registry ------------------------------------------------------------------------------


class PluginKind(StrEnum):
    """What can be plugged in; the value is the kind's name in `register` and in entry points."""

    SOURCE = "source"
    SINK = "sink"
    TRANSFORM = "transform"
    PREDICATE = "predicate"
    FORMAT = "format"
    LOG = "log"


PACKAGES: Mapping[PluginKind, str] = {
    PluginKind.SOURCE: "cdc.sources",
    PluginKind.SINK: "sinks",
    PluginKind.TRANSFORM: "cdc.transforms",
    PluginKind.PREDICATE: "cdc.predicates",
    PluginKind.FORMAT: "cdc.formats",
    PluginKind.LOG: "cdc.transport",
}
"""Where the plugins that come with the product live: every module there may register some."""

ENTRY_POINT_GROUP = "cdc.plugins"
"""Third parties name a module under this entry point group; importing it registers its plugins."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A registered class with the names it answers to."""

    kind: PluginKind
    name: str
    java_classes: tuple[str, ...]
    cls: type[Any]

    @property
    def config_class(self) -> type[Config]:
        """The option model of the plugin."""
        found: type[Config] = self.cls.config_class
        return found

    def answers_to(self, name: str) -> bool:
        """Whether `name` is the short name, a Java class, or an alias of one as Connect accepts it."""
        if name == self.name or name in self.java_classes:
            return True
        simple = {java.rsplit(".", 1)[-1] for java in self.java_classes}
        return name in simple or name in {_strip_suffix(one, self.kind) for one in simple}


@dataclass(slots=True)
class _Registry:
    plugins: dict[tuple[PluginKind, str], Plugin] = field(default_factory=dict)
    loaded: set[PluginKind] = field(default_factory=set)


_registry = _Registry()
C = TypeVar("C", bound=type[Any])


def register(kind: str, name: str, *java_classes: str) -> Callable[[C], C]:
    """Register the decorated class under a short name and the Java classes it stands in for."""
    plugin_kind = PluginKind(kind)

    def decorate(cls: C) -> C:
        known = _registry.plugins.get((plugin_kind, name))
        if known is not None and known.cls.__qualname__ != cls.__qualname__:
            raise ValueError(f"{kind} {name!r} is registered twice: {known.cls!r} and {cls!r}")
        _registry.plugins[plugin_kind, name] = Plugin(plugin_kind, name, java_classes, cls)
        return cls

    return decorate


def available(kind: PluginKind) -> list[Plugin]:
    """Return every plugin of a kind, by name; imports their modules, never their drivers."""
    _load(kind)
    return sorted((p for p in _registry.plugins.values() if p.kind is kind), key=lambda p: p.name)


def find(kind: PluginKind, name: str) -> Plugin:
    """Return the plugin that answers to `name`; raises PluginNotFound with those there are."""
    if (near := _by_module(kind, name)) is not None:
        return near
    matches = [plugin for plugin in available(kind) if plugin.answers_to(name)]
    exact = [plugin for plugin in matches if name == plugin.name or name in plugin.java_classes]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    names = ", ".join(plugin.name for plugin in available(kind))
    problem = "is ambiguous" if matches else "is unknown"
    raise PluginNotFound(f"{kind.value} {name!r} {problem}", hint=f"available: {names}")


def find_connector(name: str) -> Plugin:
    """Return the source or sink that a `connector.class` names."""
    for kind in (PluginKind.SOURCE, PluginKind.SINK):
        if (near := _by_module(kind, name)) is not None:
            return near
        if any(plugin.answers_to(name) for plugin in available(kind)):
            return find(kind, name)
    names = ", ".join(p.name for kind in (PluginKind.SOURCE, PluginKind.SINK) for p in available(kind))
    raise PluginNotFound(
        f"Failed to find any class that implements Connector and which name matches {name}",
        hint=f"available connectors are: {names}",
    )


def _by_module(kind: PluginKind, name: str) -> Plugin | None:
    """Return the plugin whose module is called like it: a task need not import all the others."""
    if (kind, name) not in _registry.plugins and kind not in _registry.loaded and name.isidentifier():
        module = f"{PACKAGES[kind]}.{name}"
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name not in (module, PACKAGES[kind]):
                raise
    return _registry.plugins.get((kind, name))


def _load(kind: PluginKind) -> None:
    if kind in _registry.loaded:
        return
    _registry.loaded.add(kind)
    try:
        package = importlib.import_module(PACKAGES[kind])
    except ModuleNotFoundError as error:
        if error.name != PACKAGES[kind]:
            raise
    else:
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{PACKAGES[kind]}.{module.name}")
    # Late: it is slow to import, and who asks for a known name never comes here.
    from importlib.metadata import entry_points

    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        entry_point.load()


def _strip_suffix(simple: str, kind: PluginKind) -> str:
    suffixes = {
        PluginKind.SOURCE: ("Connector",),
        PluginKind.SINK: ("Connector",),
        PluginKind.FORMAT: ("Converter",),
    }
    for suffix in suffixes.get(kind, ()):
        simple = simple.removesuffix(suffix)
    return simple


__all__ = [
    "Batch",
    "FastPath",
    "Format",
    "ImageTemplate",
    "Log",
    "LogReader",
    "LogWriter",
    "Plugin",
    "PluginKind",
    "Positions",
    "Predicate",
    "RecordPosition",
    "Reporter",
    "Sink",
    "SinkContext",
    "Source",
    "SourceContext",
    "State",
    "TopicInfo",
    "Transform",
    "available",
    "find",
    "find_connector",
    "register",
]
