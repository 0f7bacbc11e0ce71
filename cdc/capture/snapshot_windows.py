"""Windows of a snapshot, from pieces of its tables: first and last rows are marked as such."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from cdc.batch import Batch, ChangeBatch, Rows, SourceBlock, Window
from schemas.table import TableId

Table = TypeVar("Table")


@dataclass(slots=True)
class Piece(Generic[Table]):
    """Some rows of a table, and the offsets that say how far it is read with them.

    rows: none in what only moves the offsets. ends: whether nothing of the table is left; tables may be
    read side by side.
    """

    table: Table
    rows: Rows
    size: int = 0
    offsets: list[tuple[Any, Any]] = field(default_factory=list)
    ends: bool = False


def windows(
    pieces: Iterable[Piece[Table] | None],
    first: Table | None,
    batch: Callable[[Piece[Table]], ChangeBatch],
    block: Callable[[TableId, str], SourceBlock],
) -> Iterator[Window]:
    """Yield a window a piece, an empty one for None; offsets without rows go with the rows before them.

    first: the table whose first row begins the snapshot. block: the `source` of a table's events under
    a marker (`cdc.capture.source_block.SNAPSHOT_MARKERS`).
    """
    opened: set[int] = set()
    pending: Piece[Table] | None = None

    def window(piece: Piece[Table], ends: str) -> Window:
        seen = id(piece.table) in opened
        opened.add(id(piece.table))
        opens = "" if seen else "first" if piece.table is first else _FIRST_IN_TABLE
        return Window(_marked(batch(piece), opens, ends, block), piece.offsets, more=True)

    for piece in pieces:
        if piece is None:
            yield Window()
            continue
        if not len(piece.rows):
            if pending is not None:
                pending.offsets.extend(piece.offsets)
                pending.ends = pending.ends or (piece.ends and pending.table is piece.table)
            elif piece.offsets:
                yield Window(offsets=piece.offsets)
            continue
        if pending is not None:
            yield window(pending, _LAST_IN_TABLE if pending.ends else "")
        pending = piece
    if pending is not None:
        yield window(pending, "last")


_FIRST_IN_TABLE, _LAST_IN_TABLE = "first_in_data_collection", "last_in_data_collection"


def _marked(
    batch: ChangeBatch, opens: str, ends: str, block: Callable[[TableId, str], SourceBlock]
) -> list[Batch]:
    """Split off the rows that bear a marker; one that is both first and last bears the stronger one."""
    count = len(batch)
    markers = {0: opens, count - 1: ends} if count > 1 else {0: _stronger(opens, ends)}
    markers = {index: marker for index, marker in markers.items() if marker}
    if not markers:
        return [batch]

    def part(index: int) -> ChangeBatch:
        return replace(batch.select((index,)), source=block(batch.table.id, markers[index]))

    middle = range(1 if 0 in markers else 0, count - 1 if count - 1 in markers and count > 1 else count)
    found: list[Batch] = [part(0)] if 0 in markers else []
    if middle:
        found.append(batch.select(middle))
    if count > 1 and count - 1 in markers:
        found.append(part(count - 1))
    return found


def _stronger(opens: str, ends: str) -> str:
    return ends if ends == "last" or (ends and opens != "first") else opens
