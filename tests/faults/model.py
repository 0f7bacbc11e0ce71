"""What the load knows: the rows that there must be, and the history of each key."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

Key = tuple[str, object]
"""Table and key."""


class Change(NamedTuple):
    """One event that must be in the log: `version` is None for a delete, which logs the key alone."""

    op: str
    version: int | None
    transaction: int


@dataclass
class Model:
    """The committed truth of one writer; keys belong to one writer each."""

    history: dict[Key, list[Change]] = field(default_factory=dict)
    entries: list[tuple[int, int]] = field(default_factory=list)
    transactions: int = 0
    rows: int = 0

    def commit(self, changes: Iterable[tuple[Key, Change]], entries: Iterable[tuple[int, int]]) -> None:
        """Take over what a transaction did."""
        for key, change in changes:
            self.history.setdefault(key, []).append(change)
            self.rows += 1
        before = len(self.entries)
        self.entries += entries
        self.rows += len(self.entries) - before
        self.transactions += 1


@dataclass
class Alive:
    """The live keys of a table, to pick from at random."""

    keys: list[object] = field(default_factory=list)
    _place: dict[object, int] = field(default_factory=dict)

    def add(self, key: object) -> None:
        """Note that the key has a row."""
        self._place[key] = len(self.keys)
        self.keys.append(key)

    def drop(self, key: object) -> None:
        """Note that it has none any more."""
        place, last = self._place.pop(key), self.keys.pop()
        if last != key:
            self.keys[place] = last
            self._place[last] = place

    def pick(self, random: random.Random) -> object:
        """Return a live key."""
        return random.choice(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self._place
