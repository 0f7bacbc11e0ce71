r"""Row images in COPY's text format, read by generated code.

A line a row, columns between tabs, `\N` for NULL, backslash escapes
(https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import Cell, Images, ImageTemplate
from cdc.relational.cells import build, cells_of
from schemas.table import Table

ReadLines = Callable[[Sequence[str]], tuple[list[Any], list[Any]]]

_MEANINGS = {"\\b": "\b", "\\f": "\f", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\v": "\v"}


def unescape(text: str) -> str:
    """Undo COPY's backslash escapes. NUL, which no text of PostgreSQL has, stands for a pair meanwhile."""
    text = text.replace("\\\\", "\0")
    if "\\" in text:
        for escaped, character in _MEANINGS.items():
            text = text.replace(escaped, character)
    return text.replace("\0", "\\")


@dataclass(eq=False)
class CopyLayout:
    """The fields that a COPY gives, in its order; compiles readers, once a template."""

    table: Table
    fields: Sequence[str | None]
    _readers: dict[ImageTemplate, ReadLines] = field(default_factory=dict)

    def reader(self, template: ImageTemplate) -> ReadLines:
        """Return the reader of lines."""
        found = self._readers.get(template)
        if found is None:
            found = self._readers[template] = self._compile(template)
        return found

    def _compile(self, template: ImageTemplate) -> ReadLines:
        plain: list[str] = []
        careful: list[str] = []
        for index, field_name in enumerate(self.fields):
            found = cells_of(template, self.table, field_name)
            if found:
                plain += [f"v = w{index}", *_cells(found)]
                careful += _careful(f"w{index}", found)
        row = build(template.row, self.table.columns, "r")
        key = build(template.key, self.table.key, "k")
        wires = "".join(f"w{index}, " for index in range(len(self.fields)))
        split = f"{wires}= line.split('\\t')" if wires else "pass"
        lines = ["def read(lines):", " rows, keys = [], []", " add_row, add_key = rows.append, keys.append"]
        lines += [" for line in lines:", f"  {split}"]
        lines += ["  if '\\\\' in line:", *(f"   {line}" for line in careful or ["pass"])]
        lines += [
            "  else:",
            *(f"   {line}" for line in plain or ["pass"]),
            f"  add_row({row})",
            f"  add_key({key})",
            " return rows, keys",
        ]
        namespace = {**template.scope, "unescape": unescape}
        exec("\n".join(lines), namespace)  # noqa: S102 - names enter as escaped literals only
        read: ReadLines = namespace["read"]
        return read


def _cells(cells: Sequence[tuple[str, Cell]]) -> list[str]:
    """Return the code that makes cells of `v`; row and key often share one."""
    made: dict[str, str] = {}
    lines = []
    for name, cell in cells:
        lines.append(f"{name} = {made.get(cell.expression, cell.expression)}")
        made[cell.expression] = name
    return lines


def _careful(wire: str, cells: Sequence[tuple[str, Cell]]) -> list[str]:
    """Return the code for a line with a backslash somewhere: NULLs and escapes."""
    made = [f" {line}" for line in _cells(cells)]
    nulls = [f" {name} = {cell.null}" for name, cell in cells]
    code = [f"if '\\\\' not in {wire}:", f" v = {wire}", *made, f"elif {wire} == '\\\\N':", *nulls]
    return [*code, "else:", f" v = unescape({wire})", *made]


@dataclass(slots=True)
class CopyRows:
    """Lines of one COPY, as latin-1 text without their line ends."""

    layout: CopyLayout
    lines: Sequence[str]

    def __len__(self) -> int:
        return len(self.lines)

    def render(self, template: ImageTemplate) -> Images:
        """Run the template over every row; all are new images."""
        absent = template.row.absent if template.row is not None else None
        rows, keys = self.layout.reader(template)(self.lines)
        return Images([absent] * len(rows), rows, keys)

    def select(self, indices: Sequence[int]) -> CopyRows:
        """Return these rows only, in this order."""
        return CopyRows(self.layout, [self.lines[index] for index in indices])
