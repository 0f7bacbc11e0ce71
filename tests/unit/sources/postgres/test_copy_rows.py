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
    assert list(images.after) == [("1", "2"), (None, r"\N"), ("", "")]
    assert list(images.key) == [("1",), (None,), ("",)]
    assert found.select([2]).lines == ["\t\t"]


def test_what_is_not_wanted_is_none() -> None:
    columns = (Column("a", connect.OPTIONAL_STRING, Codec("v"), "text"),)
    cell = Cell("v", "None", "None", "None")
    part = Part((cell,), lambda names: f"({''.join(f'{name},' for name in names)})")
    keyed, keyless = (Table(TableId("d", "s", "t"), columns, key) for key in (columns, ()))
    for table, row, key, after, keys in (
        (keyed, None, part, [None, None], [("1",), ("2",)]),
        (keyed, part, None, [("1",), ("2",)], [None, None]),
        (keyless, part, Part((), lambda names: "()"), [("1",), ("2",)], [None, None]),
    ):
        images = CopyRows(CopyLayout(table, ["a"]), ["1", "2"]).render(ImageTemplate(table, row, key, {}))
        assert (list(images.after), list(images.key)) == (after, keys)
