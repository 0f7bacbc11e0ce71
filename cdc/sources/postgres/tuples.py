"""Row images in pgoutput's TupleData, read by generated code.

TupleData: Int16 number of columns, then for each one byte `n` (NULL), `u` (unchanged TOAST) or `t`
with Int32 length and text (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html).
A chunk of messages is decoded once as latin-1, so that a slice of the text is a column and a
character is a byte.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import Images, ImageTemplate
from cdc.generated import defined
from cdc.relational.cells import Cells, cells_of, result
from schemas.table import Table

Read = Callable[[bytes, str, int], tuple[Any, Any]]
"""(bytes, their latin-1 text, position of the first column) → (row, key)."""

_INT32 = struct.Struct(">I").unpack_from


SHORT = frozenset((16, 20, 21, 23, 26, 700, 701, 1082, 1083, 1114, 1184, 1266, 2950))
"""Types whose text is always shorter than 256 bytes: bool, integers, oid, floats, dates, times, uuid."""


@dataclass(frozen=True, slots=True)
class WireColumn:
    """A column on the wire: the field it goes into (None: not captured), and whether it is `SHORT`."""

    field: str | None
    short: bool = False


@dataclass(eq=False)
class TupleLayout:
    """Which column of the wire is which column of the table; compiles readers, once a template.

    wire: the columns in the order of the relation.
    """

    table: Table
    wire: Sequence[WireColumn]
    key_only: bool
    _readers: dict[ImageTemplate, tuple[Read, Read]] = field(default_factory=dict)

    def readers(self, template: ImageTemplate) -> tuple[Read, Read]:
        """Return the readers of new and of old images."""
        found = self._readers.get(template)
        if found is None:
            new = self._compile(template, missing_is_fallback=False)
            old = self._compile(template, missing_is_fallback=True) if self.key_only else new
            found = self._readers[template] = (new, old)
        return found

    def _compile(self, template: ImageTemplate, *, missing_is_fallback: bool) -> Read:
        lines = ["def read(b, s, p):"]
        wanted = [cells_of(template, self.table, column.field) for column in self.wire]
        last = max((i for i, cells in enumerate(wanted) if cells), default=-1)
        for column, cells in zip(self.wire[: last + 1], wanted, strict=False):
            lines += _column_code(cells, column.short, missing_is_fallback=missing_is_fallback)
        lines.append(f"    return {result(template, self.table)}")
        read: Read = defined("\n".join(lines), {**template.scope, "INT32": _INT32})["read"]
        return read


def _column_code(cells: Cells, short: bool, *, missing_is_fallback: bool) -> list[str]:
    """Return the code that reads one column at `p` and moves `p` behind it."""
    length = "b[p+4]" if short else "(b[p+4] if not (b[p+3] or b[p+2] or b[p+1]) else INT32(b, p+1)[0])"
    if not cells:
        return [f"    p += 5 + {length} if b[p] == 116 else 1"]
    wire = "s[q:p]" if len(cells) == 1 and cells[0][1].expression == "v" else "v"
    lines = [
        "    if b[p] == 116:",
        f"        q = p + 5; p = q + {length}" + ("; v = s[q:p]" if wire == "v" else ""),
    ]
    seen: dict[str, str] = {"v": wire}
    for name, cell in cells:
        lines.append(f"        {name} = {seen.setdefault(cell.expression, cell.expression)}")
        seen[cell.expression] = name
    null = [f"{name} = {cell.fallback if missing_is_fallback else cell.null}" for name, cell in cells]
    unavailable = [f"{name} = {cell.unavailable}" for name, cell in cells]
    lines += ["    elif b[p] == 110:", f"        p += 1; {'; '.join(null)}"]
    lines += ["    else:", f"        p += 1; {'; '.join(unavailable)}"]
    return lines


@dataclass(slots=True)
class TupleRows:
    """Rows of one relation inside a chunk of pgoutput messages.

    before_at, after_at: position of each image's first column; 0 where there is none.
    """

    layout: TupleLayout
    data: bytes
    text: str
    before_at: Sequence[int]
    after_at: Sequence[int]

    def __len__(self) -> int:
        return len(self.after_at)

    def render(self, template: ImageTemplate) -> Images:
        """Run the template over every row."""
        new, old = self.layout.readers(template)
        data, text = self.data, self.text
        absent = template.row.absent if template.row is not None else None
        if not any(self.before_at) and all(self.after_at):
            rows = [new(data, text, at) for at in self.after_at]
            after, keys = map(list, zip(*rows, strict=True))
            return Images([absent] * len(rows), after, keys)
        made: tuple[list[Any], list[Any], list[Any]] = [], [], []
        add_before, add_after, add_key = (images.append for images in made)
        for before_at, after_at in zip(self.before_at, self.after_at, strict=True):
            key = None
            if before_at:
                row, key = old(data, text, before_at)
                add_before(row)
            else:
                add_before(absent)
            if after_at:
                row, key = new(data, text, after_at)
                add_after(row)
            else:
                add_after(absent)
            add_key(key)
        return Images(*made)

    def select(self, indices: Sequence[int]) -> TupleRows:
        """Return these rows only, in this order."""
        before = [self.before_at[index] for index in indices]
        after = [self.after_at[index] for index in indices]
        return TupleRows(self.layout, self.data, self.text, before, after)
