"""The rows of row events as `cdc.batch.Rows`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cdc.batch import Images, ImageTemplate
from cdc.sources.mysql.binlog.events import Chunk, Rows
from cdc.sources.mysql.binlog.failures import FAULTS, Malformed, UnreadableEvent, why
from cdc.sources.mysql.row_layout import RowLayout, ShapeReaders
from cdc.sources.mysql.row_places import differing


@dataclass(slots=True)
class Segment:
    """Rows of one shape inside one chunk.

    before_at, after_at: where the null bitmap of each image is (with `partial`, the value options before
    it); 0 where there is no such image. op: which images are shown: of `c` the new one, of `d` the old one,
    of `t` none; a new image that is shown alone may still take values from the old one. file, pos: where
    in the log their event is. rekeyed: the rows of an update whose key has other octets than before.
    """

    chunk: Chunk
    readers: ShapeReaders | None
    before_at: Sequence[int]
    after_at: Sequence[int]
    op: str
    file: str = ""
    pos: int = 0
    rekeyed: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.after_at)

    @classmethod
    def truncated(cls) -> Segment:
        """Return what stands for a TRUNCATE: one event without images."""
        return cls(Chunk(b""), None, (0,), (0,), "t")

    def part(self, rows: Sequence[int] | range, op: str | None = None) -> Segment:
        """Return these rows only, shown as `op` has it."""
        before = [self.before_at[row] for row in rows]
        after = [self.after_at[row] for row in rows]
        rekeyed = [at for at, row in enumerate(rows) if row in self.rekeyed] if self.rekeyed else ()
        return Segment(self.chunk, self.readers, before, after, op or self.op, self.file, self.pos, rekeyed)


def locate(layout: RowLayout, event: Rows, file: str = "") -> Segment:
    """Find the images of the rows of an event in a file.

    Raises Malformed where the rows do not fill it exactly.
    """
    shape, chunk, stop = event.shape, event.chunk, event.stop
    readers = layout.readers(shape)
    if readers.empty and event.start < stop:
        raise Malformed("its rows have no columns")  # there would be no end of them
    try:
        p, before, after, rekeyed = readers.places(chunk.data, event.start, stop)
    except (IndexError, struct.error) as error:
        raise Malformed("its rows end too early") from error
    if p != stop:
        raise Malformed(f"its rows end {p - stop} bytes behind it")
    return Segment(chunk, readers, before, after, shape.op, file, event.pos, rekeyed)


@dataclass(slots=True)
class EventRows:
    """Rows of one table version, from any number of events and chunks."""

    segments: Sequence[Segment]

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    def render(self, template: ImageTemplate) -> Images:
        """Run the template over every row; raises UnreadableEvent for a value that is none."""
        made: list[Made] = []
        for segment in self.segments:
            try:
                made += _READ[segment.op](segment, template)
            except FAULTS as error:
                raise UnreadableEvent(segment.file, segment.pos, "rows", why(error)) from error
        return Images(*map(list, zip(*made, strict=True))) if made else Images([], [], [])

    def select(self, indices: Sequence[int]) -> EventRows:
        """Return these rows only, in this order."""
        places = [(segment, row) for segment in self.segments for row in range(len(segment))]
        runs = groupby((places[index] for index in indices), key=lambda place: id(place[0]))
        found = []
        for _, run in runs:
            pairs = list(run)
            found.append(pairs[0][0].part([row for _, row in pairs]))
        return EventRows(found)


Made = tuple[Any, Any, Any]
"""An old image, a new one, and a key."""


def _new(segment: Segment, template: ImageTemplate) -> Iterable[Made]:
    readers, data, text, places = segment.readers, segment.chunk.data, segment.chunk.text, segment.after_at
    assert readers is not None
    if not readers.plain:
        pairs = zip(segment.before_at, places, strict=True)
        return [_read_changed(segment, template, *pair) for pair in pairs]
    octets, read = readers.after_octets, readers.images(template).new
    return [read[data[at : at + octets]](data, text, at + octets) for at in places]


def _old(segment: Segment, template: ImageTemplate) -> Iterable[Made]:
    readers, data, text, places = segment.readers, segment.chunk.data, segment.chunk.text, segment.before_at
    assert readers is not None
    octets, read = readers.before_octets, readers.images(template).old
    return [read[data[at : at + octets]](data, text, at + octets) for at in places]


def _both(segment: Segment, template: ImageTemplate) -> Iterable[Made]:
    """Read both images of every row, in one go where they are laid out alike."""
    readers, data, text = segment.readers, segment.chunk.data, segment.chunk.text
    assert readers is not None
    if not readers.alike:
        images = zip(_old(segment, template), _new(segment, template), strict=True)
        return [(old, new, key) for (old, _, _), (_, new, key) in images]
    made: list[Made] = []
    octets, known = readers.after_octets, readers.images(template)
    for at, new_at in zip(segment.before_at, segment.after_at, strict=True):
        start, new_start = at + octets, new_at + octets
        nulls, new_nulls = data[at:start], data[new_at:new_start]
        if nulls == new_nulls:
            made.append(known.update[nulls](data, text, start))
        else:
            old, _, _ = known.old[nulls](data, text, start)
            _, new, key = known.new[new_nulls](data, text, new_start)
            made.append((old, new, key))
    return made


def _none(segment: Segment, template: ImageTemplate) -> Iterable[Made]:
    absent = template.row.absent if template.row is not None else None
    return [(absent, absent, None)] * len(segment)


_READ: Mapping[str, Callable[[Segment, ImageTemplate], Iterable[Made]]] = {
    "c": _new,
    "u": _both,
    "d": _old,
    "t": _none,
}


def read_images(segment: Segment, template: ImageTemplate, *, new: bool) -> tuple[list[Any], list[Any]]:
    """Run the template over the new or the old image of every row; return the rows and the keys."""
    made = list(_new(segment, template) if new else _old(segment, template))
    return [one[1 if new else 0] for one in made], [key for _, _, key in made]


def _read_changed(segment: Segment, template: ImageTemplate, before_at: int, at: int) -> Made:
    """Read a new image that says only what has changed."""
    readers, data, text = segment.readers, segment.chunk.data, segment.chunk.text
    assert readers is not None
    bits = b""
    if readers.shape.partial:
        bits, at = differing(data, at, readers.bits_octets)
    start = at + readers.after_octets
    old_start = before_at + readers.before_octets
    old = readers.old_values(bits)[data[before_at:old_start]](data, text, old_start)
    found: Made = readers.changed(template, bits)[data[at:start]](data, text, start, old)
    return found
