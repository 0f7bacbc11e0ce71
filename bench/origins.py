"""Where changes and tables come from: one server with a backlog that is read again and again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader that has no place of its own begins: an offset of Kafka Connect."""

    partition: Mapping[str, Any]
    offset: Mapping[str, Any]


class Origin(ABC):
    """A server; what is asked of it the first time, it makes first."""

    prefix: str
    """What the names of its measures begin with."""
    rows: int
    """How many changes the backlog has, and how many rows the table."""

    @abstractmethod
    def stream_source(self, name: str, **more: str) -> dict[str, str]:
        """Return our source of the backlog; two underscores stand for a dot."""

    @abstractmethod
    def snapshot_source(self, name: str, **more: str) -> dict[str, str]:
        """Return a source that reads the table and nothing else, ours and Debezium's."""

    @abstractmethod
    def topic(self, name: str, table: str) -> str:
        """Return where a source's events of a table go."""

    @abstractmethod
    def receive_backlog(self, name: str) -> float:
        """Return how many seconds the server's own tool takes for the backlog, into nothing."""

    @abstractmethod
    def copy_out(self) -> float:
        """Return how many seconds the server's own tool takes for the table, into nothing."""

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """Keep the beginning of the backlog for one reader."""
        yield

    def debezium_stream(self, name: str, bootstrap: str) -> tuple[dict[str, str], Place | None]:
        """Return real Debezium's source of the backlog, and where to put it."""
        return self.stream_source(name), None

    def debezium_snapshot(self, name: str, bootstrap: str) -> dict[str, str]:
        """Return real Debezium's source of the table."""
        return self.snapshot_source(name)
