"""Rows that wait until the end of their group decides over them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cdc.sources.mysql.binlog.events import Chunk, Rows, RowsQuery

_OVERHEAD = 400
"""About what the objects of one waiting event take, beside its bytes."""


@dataclass(slots=True)
class Waiting:
    """The rows of a group whose end decides; `given_up`: too many, they will be read again."""

    limit: int
    events: list[Rows | RowsQuery] = field(default_factory=list)
    size: int = 0
    given_up: bool = False
    undone: list[tuple[int, int]] = field(default_factory=list)
    savepoints: dict[str, int] = field(default_factory=dict)

    def add(self, event: Rows | RowsQuery) -> None:
        """Keep one more event, or give up keeping any."""
        if self.given_up:
            return
        self.events.append(event)
        size = event.stop - event.start if isinstance(event, Rows) else len(event.text)
        self.size += size + _OVERHEAD
        if self.size > self.limit:
            self.given_up = True
            self.events = []

    def mark(self, name: str, number: int, sets: bool) -> None:
        """Pass a savepoint at event `number`, or go back to it and forget the rows since."""
        if sets:
            self.savepoints[name] = number
            return
        self.undone.append((self.savepoints.get(name, 0), number))
        self.events = [event for event in self.events if not self.is_undone(event)]

    def is_undone(self, event: Rows | RowsQuery) -> bool:
        """Whether a savepoint took the rows back."""
        return isinstance(event, Rows) and any(a <= event.number < b for a, b in self.undone)

    def settle(self) -> None:
        """Keep only the rows' own bytes of the chunks that they came in."""
        for index, event in enumerate(self.events):
            if isinstance(event, Rows) and event.stop - event.start < len(event.chunk.data):
                chunk = Chunk(event.chunk.data[event.start : event.stop])
                self.events[index] = replace(event, chunk=chunk, start=0, stop=len(chunk.data))
