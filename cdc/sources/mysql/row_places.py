"""Where the images of a rows event are: generated code, one function for each shape.

It runs over every row of the log before anybody asks for a value, so it looks up in the bitmap of NULLs what
has no fixed width, and takes the width of neighbours that have one from a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cdc.generated import defined
from cdc.sources.mysql.binlog.integers import packed
from cdc.sources.mysql.row_code import INT32, StoredColumn, length
from cdc.sources.mysql.types.forms import Wire

PARTIAL_JSON = 1
"""The value option that says: a bitmap of JSON columns with differences follows."""

Places = tuple[int, Sequence[int], Sequence[int], Sequence[int]]
"""Where the rows end; where old and new images are, 0 where there is none; the rows whose key has changed."""

Find = Callable[[bytes, int, int], Places | None]
"""(bytes, start, stop) → places; None where a column is NULL that may not be."""


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image: its columns, those of them that may be NULL, and those that make the key."""

    present: Sequence[int]
    nullable: frozenset[int]
    key: Sequence[int] = ()


def compile_places(
    stored: Sequence[StoredColumn],
    before: PlacedImage | None,
    after: PlacedImage | None,
    partial: int | None = None,
) -> Find:
    """Return the function for events whose rows have these images.

    A key has changed if its octets have. partial: new images begin with value options, and perhaps with a
    bitmap of differences, which has so many octets.
    """
    scope: dict[str, object] = {"INT32": INT32, "differing": differing}
    code = ["def find(b, p, stop):", "    before, after, rekeyed = [], [], []", "    while p < stop:"]
    if before is not None:
        code += ["        before.append(p)", *_Walk(stored, before, "old", scope).lines()]
    if after is not None:
        code.append("        after.append(p)")
        if partial is not None:
            code.append(f"        p = differing(b, p, {partial})[1]")
        code += _Walk(stored, after, "new", scope).lines()
    if before is None:
        code.append("    before = [0] * len(after)")
    elif after is None:
        code.append("    after = [0] * len(before)")
    elif after.key:
        differs = (f"{_octets('old', at, before)} != {_octets('new', at, after)}" for at in after.key)
        code += [f"        if {' or '.join(differs)}:", "            rekeyed.append(len(after) - 1)"]
    code.append("    return p, before, after, rekeyed")
    find: Find = defined("\n".join(code), scope)["find"]
    return find


def differing(data: bytes, at: int, octets: int) -> tuple[bytes, int]:
    """Return the bitmap of JSON columns that hold differences, empty for none, and where it ends."""
    options, at = packed(data, at)
    if not options & PARTIAL_JSON:
        return b"", at
    end = at + octets
    return data[at:end], end


def _octets(name: str, column: int, image: PlacedImage) -> str:
    return f"{name}{column}" if column in image.present else "None"


@dataclass(slots=True)
class _Walk:
    """Write what moves `p` over an image; what is known to be passed waits until `p` must be right."""

    stored: Sequence[StoredColumn]
    image: PlacedImage
    name: str
    scope: dict[str, object]
    _lines: list[str] = field(default_factory=list)
    _passed: int = 0
    _widths: dict[int, list[int]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the statements; they are two blocks deep."""
        self._bitmap()
        for bit, column in enumerate(self.image.present):
            self._column(bit, column)
        self._move()
        return [f"        {line}" for line in self._lines]

    def _bitmap(self) -> None:
        present, nullable = self.image.present, self.image.nullable
        self._passed = (len(present) + 7) // 8
        impossible = []
        for octet in range(self._passed):
            columns = present[8 * octet : 8 * octet + 8]
            required = sum(1 << bit for bit, column in enumerate(columns) if column not in nullable)
            self._lines.append(f"m{octet} = b[{_at(octet)}]")
            if required:
                impossible.append(f"m{octet} & {required}")
        if impossible:
            self._lines.append(f"if {' or '.join(impossible)}: return None")

    def _column(self, bit: int, column: int) -> None:
        wire = self.stored[column].wire
        octets = f"{self.name}{column}" if column in self.image.key else ""
        if column in self.image.nullable:
            self._perhaps(bit, wire, octets)
        elif wire.width and not octets:
            self._passed += wire.width
        else:
            if self._widths:
                self._move()
            lines, self._passed = _value(wire, octets, self._passed)
            self._lines += lines

    def _perhaps(self, bit: int, wire: Wire, octets: str) -> None:
        """Pass a value that may be NULL."""
        if wire.width and not octets:
            self._widths.setdefault(bit >> 3, [0] * 8)[bit & 7] = wire.width
            return
        self._move()
        lines, passed = _value(wire, octets, 0)
        if passed:
            lines.append(f"p += {passed}")
        null = f"m{bit >> 3} & {1 << (bit & 7)}"
        if octets:
            self._lines += [f"if {null}: {octets} = None", "else:"]
        else:
            self._lines.append(f"if not {null}:")
        self._lines += (f"    {line}" for line in lines)

    def _move(self) -> None:
        widths = []
        for octet, by_bit in self._widths.items():
            name = f"W{len(self.scope)}"
            self.scope[name] = _sums(tuple(by_bit))
            widths.append(f"{name}[m{octet}]")
        if self._passed or widths:
            self._lines.append(f"p += {' + '.join([str(self._passed), *widths])}")
        self._passed, self._widths = 0, {}


def _value(wire: Wire, octets: str, at: int) -> tuple[list[str], int]:
    """Return what passes a value `at` octets behind `p`, into a variable if it has one; and what is left."""
    if wire.width:
        return [f"{octets} = b[{_at(at)}:{_at(at + wire.width)}]"], at + wire.width
    start, size = at + wire.prefix, length(at, wire.prefix)
    if octets:
        return [f"q = p + {start}; p = q + {size}", f"{octets} = b[q:p]"], 0
    return [f"p += {start} + {size}"], 0


@lru_cache(maxsize=1000)
def _sums(widths: tuple[int, ...]) -> tuple[int, ...]:
    """Return the width of neighbours by an octet of the bitmap, in which the bits of NULLs are set."""
    return tuple(
        sum(width for bit, width in enumerate(widths) if not octet >> bit & 1) for octet in range(256)
    )


def _at(octets: int) -> str:
    return f"p + {octets}" if octets else "p"
