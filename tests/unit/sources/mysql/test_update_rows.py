"""Updates: both images at once, what has not changed is not made again, and which rows have another key."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cdc.batch import Cell, ImageTemplate, Part
from cdc.relational.column_type import json_string
from cdc.sources.mysql.binlog.events import Chunk, Rows, Shape, TableMap
from cdc.sources.mysql.event_rows import EventRows, locate
from cdc.sources.mysql.row_code import StoredColumn
from cdc.sources.mysql.row_layout import RowLayout
from cdc.sources.mysql.types.forms import Wire
from schemas import connect
from schemas.table import Codec, Column, Table, TableId

COLUMNS = {
    "id": (Wire("q"), "str(v)", st.sampled_from((1, 2, 300))),
    "name": (Wire(prefix=1), "json_string(v)", st.sampled_from(("", 'a"', "b"))),
    "unseen": (Wire("3s"), "", st.just(b"xyz")),
    "score": (Wire("d"), "repr(v)", st.sampled_from((0.0, -0.0, 1.5))),
    "body": (Wire(prefix=2), "json_string(v)", st.sampled_from(("x" * 300, "y"))),
    "state": (Wire("B"), "v", st.sampled_from((0, 7))),
    "hidden": (Wire(prefix=1), "", st.just("?")),
    "doc": (Wire(prefix=4), "json_string(v)", st.sampled_from(("{}", "z" * 70_000))),
    "wide": (Wire(prefix=3), "v", st.sampled_from(("w", "u" * 400))),
}
"""How each column is stored, the expression of its cell (none: it is not captured), and its values."""
CAPTURED = [name for name, (_, expression, _) in COLUMNS.items() if expression]
KEY = ("id", "name")
rows = st.tuples(*(st.none() | values for _, _, values in COLUMNS.values()))


def cell(name: str) -> Cell:
    return Cell(COLUMNS[name][1], "'null'", "'absent'", "'fallback'")


def build(names: Any) -> str:
    return f"({''.join(f'{name}, ' for name in names)})"


def table() -> Table:
    def column(name: str) -> Column:
        return Column(name, connect.STRING, Codec("v"), "x")

    return Table(TableId("d", "", "t"), tuple(map(column, CAPTURED)), tuple(map(column, KEY)))


TABLE = table()
LAYOUT = RowLayout(
    TABLE, [StoredColumn(name if shown else None, wire) for name, (wire, shown, _) in COLUMNS.items()]
)
TEMPLATE = ImageTemplate(
    TABLE,
    Part(tuple(map(cell, CAPTURED)), build),
    Part(tuple(map(cell, KEY)), build),
    {"json_string": json_string},
)
BITMAP = b"\xff\x01"
SHAPE = Shape(TableMap(b"", "d", "t", len(COLUMNS), lambda mapped: ((), None)), "u", BITMAP, BITMAP)


def stored(row: tuple[Any, ...]) -> bytes:
    """Return an image: the bitmap of NULLs, then the values."""
    nulls = sum(1 << at for at, value in enumerate(row) if value is None)
    octets = nulls.to_bytes(2, "little")
    for value, (wire, _, _) in zip(row, COLUMNS.values(), strict=True):
        if value is None:
            continue
        if wire.code:
            octets += struct.pack(f"<{wire.code}", value)
        else:
            octets += len(value).to_bytes(wire.prefix, "little") + value.encode("latin-1")
    return octets


def shown(row: tuple[Any, ...], names: Any) -> tuple[Any, ...]:
    """Return the cells of an image, made one by one."""
    values = dict(zip(COLUMNS, row, strict=True))
    scope = {"json_string": json_string}
    return tuple(
        "null" if values[name] is None else eval(COLUMNS[name][1], scope, {"v": values[name]})  # noqa: S307
        for name in names
    )


@given(st.lists(st.tuples(rows, rows, st.lists(st.booleans(), min_size=9, max_size=9)), max_size=8))
def test_both_images_are_what_each_is_alone(drawn: list[Any]) -> None:
    pairs = [
        (old, tuple(b if change else a for a, b, change in zip(old, new, changes, strict=True)))
        for old, new, changes in drawn
    ]
    data = b"before" + b"".join(stored(old) + stored(new) for old, new in pairs)
    segment = locate(LAYOUT, Rows(0, 0, 0, 0, 0, SHAPE, Chunk(data + b"behind"), 6, len(data)))
    keys = [[dict(zip(COLUMNS, row, strict=True)) for row in pair] for pair in pairs]
    changed = [at for at, (a, b) in enumerate(keys) if any(a[name] != b[name] for name in KEY)]
    assert list(segment.rekeyed) == changed
    assert list(segment.part(range(1, len(pairs))).rekeyed) == [at - 1 for at in changed if at]
    images = EventRows([segment]).render(TEMPLATE)
    assert images.before == [shown(old, CAPTURED) for old, _ in pairs]
    assert images.after == [shown(new, CAPTURED) for _, new in pairs]
    assert images.key == [shown(new, KEY) for _, new in pairs]
