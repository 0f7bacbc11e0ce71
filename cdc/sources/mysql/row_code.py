"""The code of readers of row images: what `row_layout` compiles."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cdc.generated import defined
from cdc.relational import cells
from cdc.sources.mysql.shared_readers import Read
from cdc.sources.mysql.types.forms import Wire
from cdc.sources.mysql.types.json_diff import patched

INT32 = struct.Struct("<I").unpack_from


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column of a table map: the field it goes into (None: not captured), and how it is stored.

    json: it may hold differences to the old document. nullable: it may be NULL, says the table map.
    """

    field: str | None
    wire: Wire
    json: bool = False
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Image:
    """Which columns an image has, which of them are NULL, and which come from elsewhere, all by index.

    borrowed: unchanged columns that only the old image has. differing: hold differences to the old one.
    open: may be NULL; the reader looks them up in the bitmap of each row.
    """

    present: tuple[int, ...]
    nulls: frozenset[int]
    borrowed: tuple[int, ...] = ()
    differing: frozenset[int] = frozenset()
    open: frozenset[int] = frozenset()

    @property
    def old(self) -> tuple[int, ...]:
        """The columns whose old values a reader needs, in the order in which it gets them."""
        return (*self.borrowed, *sorted(self.differing))


class Code:
    """Generate one reader; values of fixed width wait until one of another kind, or the end, comes."""

    def __init__(self, stored: Sequence[StoredColumn], image: Image) -> None:
        self._stored, self._image = stored, image
        self._lines: list[str] = []
        self._scope: dict[str, Any] = {"INT32": INT32, "patched": patched}
        self._codes: list[str] = []
        self._names: list[str] = []
        self._after: list[str] = []

    def walk(self) -> Iterator[int]:
        """Yield every column: first those that are read, in their order, then the others."""
        yield from self._image.present
        self.flush()
        present = frozenset(self._image.present)
        yield from (column for column in range(len(self._stored)) if column not in present)

    def column(self, column: int, wanted: cells.Cells) -> None:
        """Read, borrow or miss one column and fill its cells."""
        image = self._image
        if column in image.present:
            self._unless_null(column, cells.null(wanted), lambda: self._there(column, wanted))
        elif column in image.borrowed:
            self._borrowed(f"old[{image.old.index(column)}]", wanted)
        else:
            self.add(*cells.unavailable(wanted))

    def again(self, column: int, wanted: cells.Cells, before: cells.Cells) -> None:
        """Read one column of the new image behind an old one with the same NULLs, which `column` has read.

        before: the cells of the old one. What has not changed is not made again.
        """
        if column not in self._image.present:
            self.add(*cells.unavailable(wanted))
            return
        lines = self._unless_same(column, wanted, before)
        self._unless_null(column, cells.null(wanted), lambda: self._value(column, f"x{column}", lines))

    def raw(self, column: int) -> None:
        """Read one column into the variable of its own."""
        null = [f"w{column} = None"]
        if column in self._image.present:
            self._unless_null(column, null, lambda: self._value(column, f"w{column}", [], kept=True))
        else:
            self._after += null

    def add(self, *lines: str) -> None:
        """Write statements; what waits comes first."""
        if lines:
            self.flush()
            self._lines += lines

    def flush(self) -> None:
        """Write what waits."""
        size = self._unpack()
        if size:
            self._lines.append(f"p += {size}")
        self._fill()

    def compiled(self, parameters: str, scope: Any) -> Read:
        """Return the function; with open columns, the bitmap of NULLs, an integer, is its first parameter."""
        self.flush()
        if self._image.open:
            parameters = f"m, {parameters}"
        body = "\n".join(f"    {line}" for line in self._lines)
        read: Read = defined(f"def read({parameters}):\n{body}", {**scope, **self._scope})["read"]
        return read

    def _unless_null(self, column: int, null: Sequence[str], read: Callable[[], None]) -> None:
        """Read a column that is present; `null` are the statements for one that is NULL."""
        if column in self._image.nulls:
            self._after += null
        elif column in self._image.open:
            self.flush()
            before, self._lines = self._lines, []
            read()
            self.flush()
            bit = f"m & {1 << self._image.present.index(column)}"
            self._lines = [*before, *_choice(bit, null, self._lines)]
        else:
            read()

    def _there(self, column: int, wanted: cells.Cells) -> None:
        if column in self._image.differing:
            self._differing(column, wanted)
        else:
            self._value(column, f"w{column}", cells.filled(wanted, f"w{column}"))

    def _unless_same(self, column: int, wanted: cells.Cells, before: cells.Cells) -> list[str]:
        """Return the statements that fill cells of the new image, or keep the old ones."""
        old, new = f"w{column}", f"x{column}"
        lines = cells.filled(wanted, new)
        known = {cell.expression: name for name, cell in before}
        expressions = {cell.expression for _, cell in wanted}
        if not expressions <= known.keys() or not any("(" in expression for expression in expressions):
            return lines
        # 0.0 and -0.0 are equal, and not the same.
        test = f"{new} == {old}{' != 0' if self._stored[column].wire.code in _FLOATS else ''}"
        return _choice(test, [f"{name} = {known[cell.expression]}" for name, cell in wanted], lines)

    def _value(self, column: int, name: str, lines: Sequence[str], *, kept: bool = False) -> None:
        """Read a value into a variable if there are lines that need it, or else if it is kept."""
        wire = self._stored[column].wire
        unused = not lines and not kept
        if wire.code:
            self._codes.append(f"{wire.width}x" if unused else wire.code)
            if not unused:
                self._names.append(name)
                self._after += lines
            return
        start, length = self._span(wire.prefix)
        if unused:
            self._lines.append(f"p += {start} + {length}")
            self._fill()
            return
        self._lines.append(f"q = p + {start}; p = q + {length}")
        self._fill()
        self._lines += [f"{name} = s[q:p]", *lines]

    def _unpack(self) -> int:
        """Write the unpacking of the values that wait; return their octets."""
        packed = struct.Struct("<" + "".join(self._codes))
        if self._names:
            name = f"S{len(self._scope)}"
            self._scope[name] = packed.unpack_from
            self._lines.append(f"{''.join(f'{one}, ' for one in self._names)}= {name}(b, p)")
        self._codes, self._names = [], []
        return packed.size

    def _fill(self) -> None:
        """Write what is made of the values that waited."""
        self._lines += self._after
        self._after = []

    def _span(self, prefix: int) -> tuple[int, str]:
        """Write the unpacking of what waits, and of the length that follows it if there is anything.

        Return how far behind `p` the value of that length starts, and the expression of the length.
        """
        if self._names and prefix in _LENGTHS:
            self._codes.append(_LENGTHS[prefix])
            self._names.append("n")
            return self._unpack(), "n"
        size = self._unpack()
        return size + prefix, length(size, prefix)

    def _differing(self, column: int, wanted: cells.Cells) -> None:
        start, length = self._span(self._stored[column].wire.prefix)
        self._fill()
        self.add(f"q = p + {start}; p = q + {length}")
        if wanted:
            self._borrowed(f"old[{self._image.old.index(column)}]", wanted, change="patched(v, s[q:p])")

    def _borrowed(self, old: str, wanted: cells.Cells, change: str = "") -> None:
        """Fill cells from the old image; a document that is not there cannot be changed."""
        if not wanted:
            return
        missing = cells.unavailable(wanted) if change else cells.null(wanted)
        lines = [f"v = {change}"] if change else []
        self.add(f"v = {old}", *_choice("v is None", missing, [*lines, *cells.filled(wanted, "v")]))


_FLOATS = ("f", "d")
_LENGTHS = {1: "B", 2: "H", 4: "I"}


def _choice(test: str, lines: Sequence[str], otherwise: Sequence[str]) -> list[str]:
    """Return the statements of an `if`; without `lines`, of one for the other case only."""
    other = [f"    {line}" for line in otherwise or ["pass"]]
    if not lines:
        return [f"if not {test}:", *other]
    return [f"if {test}:", *(f"    {line}" for line in lines), "else:", *other]


def length(at: int, prefix: int) -> str:
    """Return the expression of a length of one to four octets that stands so far behind `p`."""
    places = [f"p + {at + n}" if at + n else "p" for n in range(prefix)]
    if prefix == 4:
        return f"INT32(b, {places[0]})[0]"
    parts = [f"b[{place}] << {8 * n}" if n else f"b[{place}]" for n, place in enumerate(places)]
    return f"({' | '.join(parts)})" if prefix > 1 else parts[0]
