"""Readers of images, by the bitmap of NULLs that each image starts with.

The first patterns get readers of their own, which have no branches. A table with many nullable columns can
have another pattern in every row, and making a reader costs as much as a hundred rows: later patterns share
one reader, which looks up in the bitmap what may be NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from cdc.sources.mysql.row_code import Image
from cdc.sources.mysql.shared_readers import Read

SPECIAL = 64
"""How many patterns have readers of their own."""

_MOST = 1000
"""How many patterns are remembered at once; to bind the shared reader to one costs little."""


class ReadersByNulls(dict[bytes, Read]):
    """The readers of one kind for images that differ in their NULLs alone; what is missing is made."""

    def __init__(self, image: Image, nullable: frozenset[int], make: Callable[[Image], Read]) -> None:
        """Take the image without NULLs, the columns that may be NULL, and what compiles a reader."""
        super().__init__()
        self._image, self._make = image, make
        self._nullable = nullable.intersection(image.present)
        self._required = sum(
            1 << at for at, column in enumerate(image.present) if column not in self._nullable
        )
        self._general: dict[frozenset[int], Read] = {}

    def __missing__(self, nulls: bytes) -> Read:
        bits = int.from_bytes(nulls, "little")
        if len(self) < SPECIAL:
            made = self._make(replace(self._image, nulls=frozenset(marked(self._image.present, nulls))))
        else:
            made = partial(self._any(bits), bits)
        if len(self) >= _MOST:
            first = list(islice(self.items(), SPECIAL))
            self.clear()
            self.update(first)
        self[nulls] = made
        return made

    def _any(self, bits: int) -> Read:
        """Return the reader for all patterns; one of its own for those that the table does not allow."""
        allowed = self._nullable and not bits & self._required
        columns = self._nullable if allowed else frozenset(self._image.present)
        found = self._general.get(columns)
        if found is None:
            found = self._general[columns] = self._make(replace(self._image, open=columns))
        return found


def marked(columns: Sequence[int], bitmap: bytes) -> list[int]:
    """Return those of some columns whose bit is set; the first column has the first bit."""
    return [column for at, column in enumerate(columns) if bitmap[at >> 3] >> (at & 7) & 1]
