"""Which transactions a snapshot of Postgres shows (`pg_current_snapshot()`, type pg_snapshot)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Visibility:
    """xmin: everything below is visible. xmax: nothing from here on is. running: nor these between."""

    xmin: int
    xmax: int
    running: frozenset[int]

    def __str__(self) -> str:
        """Return it as the server takes it."""
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, sorted(self.running)))}"

    def shows(self, xid: int) -> bool:
        """Whether a transaction, known by its 32-bit id, is visible.

        The id wraps around; the full one is the nearest to the snapshot's own.
        """
        full = (self.xmax & ~0xFFFFFFFF) | xid
        if full - self.xmax > 1 << 31:
            full -= 1 << 32
        elif self.xmax - full > 1 << 31:
            full += 1 << 32
        return full < self.xmax and full not in self.running

    def beyond(self, other: Visibility) -> Iterator[int]:
        """Yield the transactions that are visible here, and not in another snapshot of the cluster."""
        for xid in chain(sorted(other.running), range(other.xmax, self.xmax)):
            if xid < self.xmax and xid not in self.running:
                yield xid


def parse_visibility(text: str) -> Visibility:
    """Return the visibility of a pg_snapshot's text: `xmin:xmax:xid,xid,…`.

    A slot's snapshot may have its xmax before its xmin, up to which everything is visible
    nevertheless; the server does not take such a text back.
    """
    low, high, running = text.split(":")
    xmin = int(low)
    return Visibility(xmin, max(xmin, int(high)), frozenset(int(xid) for xid in running.split(",") if xid))
