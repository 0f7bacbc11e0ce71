"""Rows of tables WITH SYSTEM VERSIONING whose period is hidden: what is current, not what has been.

The log has what MariaDB does to such a table: an update writes the old row once more, as one that is over;
a delete is an update that ends the row (https://mariadb.com/kb/en/system-versioned-tables/). Where the
period is columns of the table's own, and so of its key, rows are told as the log has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from cdc.sources.mysql.event_rows import Segment

_FOREVER = frozenset((bytes.fromhex("7fffffff0f423f"), bytes.fromhex("ffffffff0f423f")))
"""The end of a row that is current, up to MariaDB 11.4 and after it."""


def current(segment: Segment, row_end: int) -> Iterator[tuple[str, list[int]]]:
    """Yield runs of rows, in order, with what happens to the current ones: c, u or d.

    row_end: the column that says until when a row is current; an image without it has not changed it.
    """
    count = len(segment)
    before = _are_current(segment, row_end, new=False) if segment.op in ("u", "d") else [False] * count
    after = _are_current(segment, row_end, new=True) if segment.op in ("c", "u") else [False] * count
    kinds = {(False, True): "c", (True, False): "d", (True, True): "u", (False, False): ""}
    ops = [
        kinds[was, was if becomes is None else becomes]
        for was, becomes in zip([one is not False for one in before], after, strict=True)
    ]
    for op, rows in groupby(range(count), key=ops.__getitem__):
        if op:
            yield op, list(rows)


def _are_current(segment: Segment, row_end: int, *, new: bool) -> list[bool | None]:
    """Return for each image whether its row is current; None where it lacks the column."""
    readers, data, text = segment.readers, segment.chunk.data, segment.chunk.text
    assert readers is not None
    octets = readers.after_octets if new else readers.before_octets
    places = segment.after_at if new else segment.before_at
    read = readers.values(row_end, new=new)
    if read is None:
        return [None] * len(places)
    return [read[data[at : at + octets]](data, text, at + octets)[0] in _FOREVER for at in places]
