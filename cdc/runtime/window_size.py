"""How much a source task reads at once."""

from __future__ import annotations

from cdc.batch import Window

MOST = 32
"""So many times the given size at most."""
_FEW = 64
"""Rows of a table: with fewer in a window, what a table costs in each window counts."""


class WindowSize:
    """Grows while a backlog's rows are spread over many tables; a window has a share for each of them."""

    def __init__(self, least: int) -> None:
        """`least`: bytes on the wire, for sources with few tables and for whoever has nothing to catch up."""
        self._least = self.bytes = least

    def learn(self, window: Window) -> None:
        """Adapt to what a window of this size turned out to be."""
        if window.more and window.rows < _FEW * len(window.batches):
            self.bytes = min(self.bytes * 2, self._least * MOST)
        else:
            self.bytes = max(self.bytes // 2, self._least)
