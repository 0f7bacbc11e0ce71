r"""Row images in COPY's text format, read by generated code, column by column.

A line a row, columns between tabs, `\N` for NULL, backslash escapes
(https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import Cell, Images, ImageTemplate
from cdc.columns import CellColumns
from cdc.generated import defined
from cdc.relational import cells
from schemas.table import Column, Table

Columns = Sequence[Sequence[Any]]
_MEANINGS = {"\\b": "\b", "\\f": "\f", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\v": "\v"}


def unescape(text: str) -> str:
    """Undo COPY's backslash escapes. NUL, which no text of PostgreSQL has, stands for a pair meanwhile."""
    text = text.replace("\\\\", "\0")
    if "\\" in text:
        for escaped, character in _MEANINGS.items():
            text = text.replace(escaped, character)
    return text.replace("\0", "\\")


def plain(fields: Sequence[str]) -> tuple[Sequence[str | None], bool]:
    """Return a column's values, None for NULL, and whether it has to be looked for NULLs."""
    if "\\" not in "\n".join(fields):
        return fields, False
    return [None if v == "\\N" else unescape(v) if "\\" in v else v for v in fields], True


Make = Callable[[Columns, int], list[Any]]


@dataclass(frozen=True, slots=True)
class Reader:
    """What a template asks for, compiled: the cells of row and key, and how each is made of them.

    None for what is not wanted.
    """

    cells: Callable[[Sequence[str]], tuple[Columns, Columns]]
    row: Make | None
    key: Make | None


@dataclass(eq=False)
class CopyLayout:
    """The fields that a COPY gives, in its order; compiles readers, once a template."""

    table: Table
    fields: Sequence[str | None]
    _readers: dict[ImageTemplate, Reader] = field(default_factory=dict)

    def reader(self, template: ImageTemplate) -> Reader:
        """Return the reader of lines."""
        found = self._readers.get(template)
        if found is None:
            found = self._readers[template] = self._compile(template)
        return found

    def _compile(self, template: ImageTemplate) -> Reader:
        lines = ["def cells(fields):"]
        for index, name in enumerate(self.fields):
            found = cells.cells_of(template, self.table, name)
            if found:
                lines.append(f" w, nulls = plain(fields[{index}::{len(self.fields)}])")
                lines += _column(found)
        row = _names(self.table.columns if template.row else (), "r")
        key = _names(self.table.key if template.key else (), "k")
        lines.append(f" return {_tuple(row)}, {_tuple(key)}")
        if template.row:
            lines.append(_maker("row", cells.row(template, self.table), row))
        if template.key and key:
            lines.append(_maker("key", cells.key(template, self.table), key))
        namespace = defined("\n".join(lines), {**template.scope, "plain": plain})
        return Reader(namespace["cells"], namespace.get("row"), namespace.get("key"))


def _names(columns: Sequence[Column], prefix: str) -> list[str]:
    return [f"{prefix}{index}" for index in range(len(columns))]


def _tuple(names: Sequence[str]) -> str:
    return f"({''.join(f'{name},' for name in names)})"


def _column(cells: Sequence[tuple[str, Cell]]) -> list[str]:
    """Return the code that makes cells of the values `w`; row and key often share them."""
    made: dict[tuple[str, str], str] = {}
    lines = []
    for name, cell in cells:
        same = made.setdefault((cell.expression, cell.null), name)
        if same != name:
            lines.append(f" {name} = {same}")
            continue
        every = "w" if cell.expression == "v" else f"[{cell.expression} for v in w]"
        known = f"[{cell.null} if v is None else {cell.expression} for v in w]"
        lines += [f" {name} = {known} if nulls else {every}"]
    return lines


def _maker(name: str, made: str, names: Sequence[str]) -> str:
    """Return the function that makes rows, or keys, of the cells."""
    each = f"for {_tuple(names)} in zip(*columns, strict=True)" if names else "for _ in range(count)"
    return f"def {name}(columns, count): return [{made} {each}]"


def _images(columns: Columns, count: int, make: Make | None) -> Sequence[Any]:
    return [None] * count if make is None else CellColumns(columns, count, make)


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
        reader, count = self.layout.reader(template), len(self.lines)
        rows, keys = reader.cells("\t".join(self.lines).split("\t"))
        return Images([absent] * count, _images(rows, count, reader.row), _images(keys, count, reader.key))

    def select(self, indices: Sequence[int]) -> CopyRows:
        """Return these rows only, in this order."""
        return CopyRows(self.layout, [self.lines[index] for index in indices])
