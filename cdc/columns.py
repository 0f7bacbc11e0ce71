"""Rows kept by column: what stands for a list of rows where few, or none, are looked at one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Self, overload

from cdc.generated import defined


class ByColumn(Sequence[Any], ABC):
    """Rows, none of them None; all are made of their columns when somebody asks for one."""

    def __init__(self, columns: Sequence[Any], count: int) -> None:
        self.columns, self._count = columns, count

    @abstractmethod
    def _made(self) -> list[Any]:
        """Return the rows."""

    @abstractmethod
    def _part(self, at: slice, count: int) -> Self:
        """Return `count` of the rows."""

    @cached_property
    def rows(self) -> list[Any]:
        """The rows, as a list."""
        return self._made()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> Self: ...
    def __getitem__(self, at: int | slice) -> Any:
        if not isinstance(at, slice):
            return self.rows[at]
        every = range(self._count)
        return self if every[at] == every else self._part(at, len(every[at]))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __contains__(self, row: object) -> bool:
        return row is not None and row in self.rows


class CellColumns(ByColumn):
    """Images, or keys, of which a source has the cells; `make` builds the rows as the template says."""

    def __init__(
        self, columns: Sequence[Sequence[Any]], count: int, make: Callable[[Sequence[Any], int], list[Any]]
    ) -> None:
        super().__init__(columns, count)
        self._make = make

    def _made(self) -> list[Any]:
        return self._make(self.columns, self._count)

    def _part(self, at: slice, count: int) -> CellColumns:
        return CellColumns([cells[at] for cells in self.columns], count, self._make)


class Spliced(ByColumn):
    r"""Texts that differ in their cells only: frame[0] + cell + frame[1] + … + cell + frame[-1].

    columns: the cells of each column as lines: between two of them stands \n, which no cell has in it.
    cells: the same one by one, as latin-1 text, where somebody has them.
    """

    def __init__(
        self,
        frame: Sequence[bytes],
        columns: Sequence[bytes],
        count: int,
        cells: Sequence[Sequence[str]] | None = None,
    ) -> None:
        super().__init__(columns, count)
        self.frame = tuple(frame)
        self._cells = cells

    @property
    def size(self) -> int:
        """Bytes of all texts."""
        line_ends = (self._count - 1) * len(self.columns)
        return sum(map(len, self.frame)) * self._count + sum(map(len, self.columns)) - line_ends

    def wrapped(self, head: bytes, tail: bytes) -> Spliced:
        """Return the texts with something before and after each."""
        pieces = [*self.frame]
        pieces[0] = head + pieces[0]
        pieces[-1] += tail
        return Spliced(pieces, self.columns, self._count, self._cells)

    def __add__(self, other: Spliced) -> Spliced:
        """Return these texts and others, which have the same frame."""
        columns = [b"\n".join(pair) for pair in zip(self.columns, other.columns, strict=True)]
        return Spliced(self.frame, columns, len(self) + len(other))

    @property
    def cells(self) -> Sequence[Sequence[str]]:
        """The cells one by one, by column, as latin-1 text."""
        if self._cells is None:
            self._cells = [column.decode("latin-1").split("\n") for column in self.columns]
        return self._cells

    def _made(self) -> list[bytes]:
        frame = [piece.decode("latin-1") for piece in self.frame]
        if not self.columns:
            return [self.frame[0]] * self._count
        made: list[bytes] = _splicer(len(self.columns))(frame, self.cells)
        return made

    def _part(self, at: slice, count: int) -> Spliced:
        cells = [column[at] for column in self.cells]
        return Spliced(self.frame, ["\n".join(column).encode("latin-1") for column in cells], count, cells)


@lru_cache(maxsize=1000)
def _splicer(count: int) -> Callable[[Sequence[str], Sequence[Sequence[str]]], list[bytes]]:
    """Return the function that makes the texts of a frame and of the cells of so many columns."""
    pieces = "".join(f"p{at}, " for at in range(count + 1))
    cells = "".join(f"c{at}, " for at in range(count))
    text = "".join(f"{{p{at}}}{{c{at}}}" for at in range(count)) + f"{{p{count}}}"
    code = f"""
def splice(frame, cells):
    {pieces}= frame
    return [f'{text}'.encode('latin-1') for {cells}in zip(*cells, strict=True)]
"""
    splice: Callable[[Sequence[str], Sequence[Sequence[str]]], list[bytes]] = defined(code, {})["splice"]
    return splice


def frame_of(texts: Sequence[bytes | None]) -> tuple[bytes, ...] | None:
    """Return the frame of the texts, if they have one: those of one frame, or of none, can be joined."""
    return texts.frame if isinstance(texts, Spliced) else None


class StructColumns(ByColumn):
    """Structs with the same fields; `names` is parallel to `columns`."""

    def __init__(self, names: Sequence[str], columns: Sequence[Sequence[Any]], count: int) -> None:
        super().__init__(columns, count)
        self.names = tuple(names)

    def column(self, name: str) -> Sequence[Any]:
        """Return the values of a field; raises KeyError where the structs have none of that name."""
        if name not in self.names:
            raise KeyError(name)
        values: Sequence[Any] = self.columns[self.names.index(name)]
        return values

    def _made(self) -> list[Mapping[str, Any]]:
        if not self.columns:
            return [{} for _ in range(self._count)]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*self.columns, strict=True)]

    def _part(self, at: slice, count: int) -> StructColumns:
        return StructColumns(self.names, [values[at] for values in self.columns], count)


class EventColumns(Sequence[Any]):
    """Debezium's envelopes by column; whoever asks for one as a struct makes it.

    Stands for `RecordBatch.values` where a format could read it so, for a sink needs little of an
    envelope. ops: as in `ChangeBatch`. after: the new images, None where there is none.
    """

    __slots__ = ("_index", "_struct", "after", "ops")

    def __init__(
        self,
        ops: Sequence[str],
        after: Sequence[Any],
        struct: Callable[[int], Any],
        index: range | None = None,
    ) -> None:
        """`struct` returns the whole envelope at a place of the log's run, a new one at each call."""
        self.ops, self.after, self._struct = ops, after, struct
        self._index = range(len(ops)) if index is None else index

    def __len__(self) -> int:
        return len(self._index)

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> EventColumns: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return EventColumns(self.ops[at], self.after[at], self._struct, self._index[at])
        return self._struct(self._index[at])
