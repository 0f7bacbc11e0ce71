"""COPY's text format, undone."""

from __future__ import annotations

import pytest

from cdc.batch import Cell, ImageTemplate, Part
from cdc.sources.postgres.copy_rows import CopyLayout, CopyRows, unescape
from schemas import connect
from schemas.table import Codec, Column, Table, TableId


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"a\tb", "a\tb"),
        (r"a\\tb", r"a\tb"),
        (r"\n\r\b\f\v", "\n\r\b\f\v"),
        (r"\\\\", r"\\"),
        ("plain", "plain"),
        (r"\\N", r"\N"),
    ],
)
def test_unescape(text: str, value: str) -> None:
    assert unescape(text) == value


def test_lines() -> None:
    columns = tuple(Column(name, connect.OPTIONAL_STRING, Codec("v"), "text") for name in ("a", "b"))
    table = Table(TableId("d", "s", "t"), columns, columns[:1])
    cell = Cell("v", "None", "None", "None")

    def row(count: int) -> Part:
        return Part((cell,) * count, lambda names: f"({''.join(f'{name},' for name in names)})")

    found = CopyRows(CopyLayout(table, ["a", None, "b"]), ["1\tx\t2", "\\N\tx\\ty\t\\\\N", "\t\t"])
    images = found.render(ImageTemplate(table, row(2), row(1), {}))
    assert images.after == [("1", "2"), (None, r"\N"), ("", "")]
    assert images.key == [("1",), (None,), ("",)]
    assert found.select([2]).lines == ["\t\t"]
