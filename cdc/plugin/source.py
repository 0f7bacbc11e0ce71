"""The contract of sources: a database in, windows out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cdc.batch import Offset, Offsets, Window
from cdc.config import Config
from cdc.metrics import Metrics
from cdc.plugin.log import Journal


@dataclass(slots=True)
class SourceContext:
    """What the runtime gives a source.

    offset: looks up the last durable offset of a source partition (None when there is none).
    offsets: all durable (partition, offset) pairs of this connector. task: number of the task.
    journal: opens a topic that is only ever added to, see `Log.journal`; the source closes it.
    exactly_once: the log takes a window's records and its offsets together, or none of them.
    store: makes offsets durable at once, for what has to be known before `open` makes something.
    stopping: whether a stop was asked for; what waits long in `open` then raises Interrupted.
    """

    connector: str
    task: int
    offset: Callable[[Mapping[str, Any]], Offset | None]
    offsets: Callable[[], Offsets]
    metrics: Metrics
    journal: Callable[[str, Mapping[str, str]], Journal]
    exactly_once: bool = False
    store: Callable[[Offsets], None] = lambda offsets: None
    stopping: Callable[[], bool] = lambda: False


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

        Raises AccessDenied, ServerNotReady, PositionLost, ResourceBusy, ConnectionFailed or Interrupted.
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
