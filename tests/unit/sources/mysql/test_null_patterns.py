"""Any NULLs: the reader that all patterns share gives what a pattern's own gives, and readers are few."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdc.batch import Cell, Images, ImageTemplate, Part
from cdc.sources.mysql import null_patterns, row_layout, shared_readers
from cdc.sources.mysql.binlog.events import Chunk, Rows, Shape
from cdc.sources.mysql.binlog.failures import Malformed
from cdc.sources.mysql.event_rows import EventRows, Segment, locate
from cdc.sources.mysql.row_code import StoredColumn
from cdc.sources.mysql.row_layout import RowLayout, columns_in
from cdc.sources.mysql.types.forms import Wire
from tests.unit.sources.mysql.binlogs import FILES, recorded, stream
from tests.unit.sources.mysql.test_log_fuzz import Reader
from tests.unit.sources.mysql.test_update_rows import (
    BITMAP,
    CAPTURED,
    COLUMNS,
    LAYOUT,
    SHAPE,
    TABLE,
    TEMPLATE,
    rows,
)

REQUIRED = frozenset((0, 2, 5))
"""Columns that are NOT NULL by the table map; what a row says counts more."""
PATTERNS = 1000
_NOW = re.compile(rb'"ts_[mun]s":\d+')
FEW = bytes((0b10101010, 0))
"""Some of the columns."""
SHAPES = [
    Shape(SHAPE.table, op, before, after)
    for op, before, after in (
        ("c", None, BITMAP),
        ("d", BITMAP, None),
        ("u", BITMAP, BITMAP),
        ("u", BITMAP, FEW),
        ("u", FEW, BITMAP),
    )
]


def layout() -> RowLayout:
    """Return the layout of a table that some columns of are required."""
    stored = (replace(column, nullable=at not in REQUIRED) for at, column in enumerate(LAYOUT.stored))
    return RowLayout(TABLE, list(stored))


@contextmanager
def shared_alone() -> Iterator[None]:
    """Let no pattern have a reader of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(null_patterns, "SPECIAL", 0)
        yield


def image(row: tuple[Any, ...], present: bytes | None) -> bytes:
    """Return the image of a row with some of its columns."""
    columns = columns_in(present, len(COLUMNS))
    wires = [wire for wire, _, _ in COLUMNS.values()]
    nulls = sum(1 << at for at, column in enumerate(columns) if row[column] is None)
    found = nulls.to_bytes((len(columns) + 7) // 8, "little")
    for wire, value in ((wires[column], row[column]) for column in columns if row[column] is not None):
        if wire.code:
            found += struct.pack(f"<{wire.code}", value)
        else:
            found += len(value).to_bytes(wire.prefix, "little") + value.encode("latin-1")
    return found


def read(
    layout: RowLayout, shape: Shape, data: bytes, template: ImageTemplate = TEMPLATE
) -> tuple[Segment, Images]:
    """Return where the rows of an event are, and what they become."""
    segment = locate(layout, Rows(0, 0, 0, 0, 0, shape, Chunk(data), 0, len(data)))
    return segment, EventRows([segment]).render(template)


def stored_values(segment: Segment, *, new: bool) -> list[Any]:
    """Return each column of each image as it is stored."""
    assert segment.readers is not None
    octets = segment.readers.after_octets if new else segment.readers.before_octets
    data, text = segment.chunk.data, segment.chunk.text
    found = []
    for column in range(len(COLUMNS)):
        by_nulls = segment.readers.values(column, new=new)
        for at in (segment.after_at if new else segment.before_at) if by_nulls is not None else ():
            assert by_nulls is not None
            found.append(by_nulls[data[at : at + octets]](data, text, at + octets))
    return found


SHARED = layout()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.op}-{shape.before}-{shape.after}")
@given(st.lists(st.tuples(rows, rows), min_size=1, max_size=6))
def test_both_readers_say_the_same(shape: Shape, drawn: list[Any]) -> None:
    data = b"".join(
        (image(old, shape.before) if shape.before else b"")
        + (image(new, shape.after) if shape.after else b"")
        for old, new in drawn
    )
    segment, images = read(layout(), shape, data)  # a new one: each pattern has its own readers
    with shared_alone():
        other, others = read(SHARED, shape, data)
        values = [stored_values(other, new=new) for new in (False, True)]
    assert (other.before_at, other.after_at, other.rekeyed) == (
        segment.before_at,
        segment.after_at,
        segment.rekeyed,
    )
    assert others == images
    assert values == [stored_values(segment, new=new) for new in (False, True)]


def records(name: str) -> list[Any]:
    """Return keys and values of a recorded log's records but for the time at which they were made."""
    return [
        (key, _NOW.sub(b"", value or b"null"))
        for batch in Reader(name).records(stream(recorded(name)))
        for key, value in zip(batch.keys, batch.values, strict=True)
    ]


@pytest.mark.parametrize("name", [name for name in FILES if "statement" not in name])
def test_recorded_logs_are_read_alike(name: str) -> None:
    """All types, minimal images and partial documents, on the whole way to JSON."""
    expected = records(name)
    with shared_alone():
        assert records(name) == expected != []


def numbers(part: Part | None) -> Part:
    """Return a part whose cells are the stored values."""
    assert part is not None
    return Part(tuple(Cell("v", "None", "None", "None") for _ in part.cells), part.build)


NUMBERS = replace(TEMPLATE, row=numbers(TEMPLATE.row), key=numbers(TEMPLATE.key))


def wide_rows(op: str, patterns: list[int]) -> tuple[RowLayout, Shape, bytes]:
    """Return rows with these NULLs of a table of forty small integers."""
    width = 40
    bitmap = b"\xff" * 5
    fields = [*CAPTURED, *[None] * (width - len(CAPTURED))]
    stored = [StoredColumn(field, Wire("B")) for field in fields]
    shape = Shape(SHAPE.table, op, bitmap if op != "c" else None, bitmap if op != "d" else None)
    one = [n.to_bytes(5, "little") + b"x" * (width - n.bit_count()) for n in patterns]
    return RowLayout(TABLE, stored), shape, b"".join(row * (2 if op == "u" else 1) for row in one)


@pytest.mark.parametrize("op", ["c", "d", "u"])
def test_readers_are_few_for_any_number_of_patterns(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind has those of the first patterns and the shared one, and forgets what it has bound."""
    monkeypatch.setattr(shared_readers, "_readers", {})
    drawn = random.Random(7).sample(range(1 << 40), 3 * PATTERNS)
    layout, shape, data = wide_rows(op, drawn)
    segment, images = read(layout, shape, data, NUMBERS)
    assert len(images.key) == len(drawn)
    # One finds the images of all patterns.
    assert len(shared_readers._readers) == 1 + null_patterns.SPECIAL + 1
    readers = segment.readers
    assert readers is not None
    made = readers.images(NUMBERS)
    for known in (made.old, made.new, made.update):
        assert len(known) <= PATTERNS
    first = [n.to_bytes(5, "little") for n in drawn[: null_patterns.SPECIAL]]
    used = made.update or made.old or made.new
    assert list(used)[: len(first)] == first, "the first patterns lost their readers"


def test_shapes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """With binlog_row_image=MINIMAL, every set of columns that an update changes is a shape."""
    monkeypatch.setattr(row_layout, "_MOST", 64)
    known = layout()
    shapes = [Shape(SHAPE.table, "u", FEW, number.to_bytes(2, "little")) for number in range(512)]
    for shape in shapes:
        known.readers(shape)
    assert list(known._shapes) == shapes[-64:]


def test_rows_that_end_too_early_are_no_rows() -> None:
    data = image((1, "a", b"xyz", 0.5, "x", 7, "?", "{}", "w"), BITMAP)
    with shared_alone():
        for end in range(1, len(data)):
            with pytest.raises(Malformed):
                read(SHARED, SHAPES[0], data[:end])
