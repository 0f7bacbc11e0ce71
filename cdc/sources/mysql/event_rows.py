"""The rows of row events as `cdc.batch.Rows`."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cdc.batch import Images, ImageTemplate
from cdc.sources.mysql.binlog.events import Chunk, Rows
from cdc.sources.mysql.binlog.failures import FAULTS, Malformed, UnreadableEvent, why
from cdc.sources.mysql.binlog.integers import packed
from cdc.sources.mysql.row_layout import RowLayout, ShapeReaders

PARTIAL_JSON = 1
"""The value option that says: a bitmap of JSON columns with differences follows."""


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
    readers, op = layout.readers(event.shape), event.shape.op
    rekeyed: Sequence[int] = ()
    if readers.empty and event.start < event.stop:
        raise Malformed("its rows have no columns")  # there would be no end of them
    try:
        if op == "u":
            before, after, rekeyed = _locate_updates(readers, event)
        else:
            places = _locate(readers, event, new=op == "c")
            absent = [0] * len(places)
            before, after = (absent, places) if op == "c" else (places, absent)
    except (IndexError, struct.error) as error:
        raise Malformed("its rows end too early") from error
    return Segment(event.chunk, readers, before, after, op, file, event.pos, rekeyed)


def _locate(readers: ShapeReaders, event: Rows, *, new: bool) -> list[int]:
    """Return where the images of an event are that has one a row."""
    data, p, stop = event.chunk.data, event.start, event.stop
    octets = readers.after_octets if new else readers.before_octets
    skips = readers.new_skips if new else readers.old_skips
    found = []
    while p < stop:
        found.append(p)
        start = p + octets
        nulls = data[p:start]
        p = skips[nulls](data, start)
    if p != stop:
        raise _overrun(p, stop)
    return found


def _locate_updates(readers: ShapeReaders, event: Rows) -> tuple[list[int], list[int], list[int]]:
    """Return where old and new images are, and which rows have other octets in their key."""
    data, p, stop = event.chunk.data, event.start, event.stop
    partial = readers.shape.partial
    octets, skips = readers.before_octets, readers.old_skips
    new_octets, new_skips = readers.after_octets, readers.new_skips
    before: list[int] = []
    after: list[int] = []
    rekeyed: list[int] = []
    while p < stop:
        before.append(p)
        start = p + octets
        nulls = data[p:start]
        p, key = skips[nulls](data, start)
        after.append(p)
        if partial:
            _, p = differing(data, p, readers)
        start = p + new_octets
        nulls = data[p:start]
        p, new_key = new_skips[nulls](data, start)
        if key != new_key:
            rekeyed.append(len(before) - 1)
    if p != stop:
        raise _overrun(p, stop)
    return before, after, rekeyed


def _overrun(p: int, stop: int) -> Malformed:
    return Malformed(f"its rows end {p - stop} bytes behind it")


def differing(data: bytes, at: int, readers: ShapeReaders) -> tuple[bytes, int]:
    """Return the bitmap of JSON columns that hold differences, empty for none, and where it ends."""
    options, at = packed(data, at)
    if not options & PARTIAL_JSON:
        return b"", at
    end = at + readers.bits_octets
    return data[at:end], end


@dataclass(slots=True)
class EventRows:
    """Rows of one table version, from any number of events and chunks."""

    segments: Sequence[Segment]

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    def render(self, template: ImageTemplate) -> Images:
        """Run the template over every row; raises UnreadableEvent for a value that is none."""
        images: Made = [], [], []
        absent = template.row.absent if template.row is not None else None
        for segment in self.segments:
            try:
                _render(segment, template, absent, images)
            except FAULTS as error:
                raise UnreadableEvent(segment.file, segment.pos, "rows", why(error)) from error
        return Images(*images)

    def select(self, indices: Sequence[int]) -> EventRows:
        """Return these rows only, in this order."""
        places = [(segment, row) for segment in self.segments for row in range(len(segment))]
        runs = groupby((places[index] for index in indices), key=lambda place: id(place[0]))
        found = []
        for _, run in runs:
            pairs = list(run)
            found.append(pairs[0][0].part([row for _, row in pairs]))
        return EventRows(found)


Made = tuple[list[Any], list[Any], list[Any]]
"""Old images, new images and keys."""


def _render(segment: Segment, template: ImageTemplate, absent: Any, images: Made) -> None:
    before, after, keys = images
    count = len(segment)
    if segment.op == "u":
        _read_updates(segment, template, images)
    elif segment.op == "c":
        before += [absent] * count
        _read(segment, template, after, keys, new=True)
    elif segment.op == "d":
        _read(segment, template, before, keys, new=False)
        after += [absent] * count
    else:
        before += [absent] * count
        after += [absent] * count
        keys += [None] * count


def _read_updates(segment: Segment, template: ImageTemplate, images: Made) -> None:
    """Read both images of every row, in one go where they are laid out alike."""
    readers, data, text = segment.readers, segment.chunk.data, segment.chunk.text
    assert readers is not None
    if not readers.alike:
        _read(segment, template, images[0], [], new=False)
        _read(segment, template, images[1], images[2], new=True)
        return
    add_before, add_after, add_key = (column.append for column in images)
    octets, known = readers.after_octets, readers.images(template)
    for at, new_at in zip(segment.before_at, segment.after_at, strict=True):
        start, new_start = at + octets, new_at + octets
        nulls, new_nulls = data[at:start], data[new_at:new_start]
        if nulls == new_nulls:
            before, after, key = known.update[nulls](data, text, start)
        else:
            before, _ = known.old[nulls](data, text, start)
            after, key = known.new[new_nulls](data, text, new_start)
        add_before(before)
        add_after(after)
        add_key(key)


def read_images(segment: Segment, template: ImageTemplate, *, new: bool) -> tuple[list[Any], list[Any]]:
    """Run the template over the new or the old image of every row; return the rows and the keys."""
    rows: list[Any] = []
    keys: list[Any] = []
    _read(segment, template, rows, keys, new=new)
    return rows, keys


def _read(segment: Segment, template: ImageTemplate, rows: list[Any], keys: list[Any], *, new: bool) -> None:
    readers, data, text = segment.readers, segment.chunk.data, segment.chunk.text
    assert readers is not None
    places = segment.after_at if new else segment.before_at
    if new and not readers.plain:
        for pair in zip(segment.before_at, places, strict=True):
            row, key = _read_changed(segment, template, *pair)
            rows.append(row)
            keys.append(key)
        return
    octets = readers.after_octets if new else readers.before_octets
    images = readers.images(template)
    read = images.new if new else images.old
    add_row, add_key = rows.append, keys.append
    for at in places:
        start = at + octets
        row, key = read[data[at:start]](data, text, start)
        add_row(row)
        add_key(key)


def _read_changed(segment: Segment, template: ImageTemplate, before_at: int, at: int) -> tuple[Any, Any]:
    """Read a new image that says only what has changed."""
    readers, data, text = segment.readers, segment.chunk.data, segment.chunk.text
    assert readers is not None
    bits = b""
    if readers.shape.partial:
        bits, at = differing(data, at, readers)
    start = at + readers.after_octets
    old_start = before_at + readers.before_octets
    old = readers.old_values(bits)[data[before_at:old_start]](data, text, old_start)
    found: tuple[Any, Any] = readers.changed(template, bits)[data[at:start]](data, text, start, old)
    return found
