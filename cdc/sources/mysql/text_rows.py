"""Rows of a SELECT in the text protocol, read by generated code.

A row is a packet, a column a length-encoded string, 0xFB is NULL
(https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import Images, ImageTemplate
from cdc.generated import defined
from cdc.relational import cells
from schemas.table import Table

ReadRows = Callable[[bytes, str, Sequence[int]], list[tuple[Any, Any]]]

_HEADER = 4
_LARGEST = 0xFFFFFF
"""The payload of a packet that goes on in the next one."""
_EOF, _ERROR = 0xFE, 0xFF


@dataclass(slots=True)
class RowPackets:
    """Cut a stream of packets into chunks of whole rows.

    finished: the packet behind the last row has come (OK or EOF). error: that packet, where it says that the
    query failed.
    """

    finished: bool = False
    error: bytes | None = None
    _waiting: list[bytes] = field(default_factory=list)
    _missing: int = 0
    _parts: list[bytes] = field(default_factory=list)

    def feed(self, data: bytes) -> list[RowChunk]:
        """Return the rows that are now complete."""
        self._missing -= len(data)
        self._waiting.append(data)
        if self._missing > 0:
            return []
        return self._rows(b"".join(self._waiting) if len(self._waiting) > 1 else data)

    def _rows(self, data: bytes) -> list[RowChunk]:
        found: list[RowChunk] = []
        starts: list[int] = []
        at, size = 0, len(data)
        while True:
            start = at + _HEADER
            if start > size:
                end = start
                break
            length = data[at] | data[at + 1] << 8 | data[at + 2] << 16
            end = start + length
            if end > size:
                break
            if length == _LARGEST or self._parts:
                if starts:
                    found.append(RowChunk(data, starts))
                    starts = []
                found += self._long(data[start:end], length == _LARGEST)
            elif data[start] < _EOF:
                starts.append(start)
            else:
                self._end(data[start:end])
                break
            at = end
        self._waiting, self._missing = [data[at:]], end - size
        if starts:
            found.append(RowChunk(data, starts))
        return found

    def _long(self, payload: bytes, more: bool) -> list[RowChunk]:
        self._parts.append(payload)
        if more:
            return []
        whole = b"".join(self._parts)
        self._parts = []
        return [RowChunk(whole, [0])]

    def _end(self, payload: bytes) -> None:
        self.finished = True
        if payload[0] == _ERROR:
            self.error = payload


class RowChunk:
    """Whole rows: their bytes, the same as latin-1 text, and where each starts."""

    __slots__ = ("data", "starts", "text")

    def __init__(self, data: bytes, starts: Sequence[int]) -> None:
        self.data, self.starts = data, starts
        self.text = data.decode("latin-1")


@dataclass(eq=False)
class TextLayout:
    """The fields that a SELECT gives, in its order; compiles readers, once a template.

    short: the fields whose text is never as long as 251 bytes. required: those that are never NULL.
    """

    table: Table
    fields: Sequence[str | None]
    short: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    _readers: dict[ImageTemplate, ReadRows] = field(default_factory=dict)

    def reader(self, template: ImageTemplate) -> ReadRows:
        """Return the reader of rows."""
        found = self._readers.get(template)
        if found is None:
            found = self._readers[template] = self._compile(template)
        return found

    def _compile(self, template: ImageTemplate) -> ReadRows:
        lines = ["def read(b, s, starts):", " out = []", " add = out.append", " for p in starts:"]
        for name in self.fields:
            lines += [f"  {line}" for line in self._column(template, name)]
        lines += [f"  add(({cells.result(template, self.table)}))", " return out"]
        read: ReadRows = defined("\n".join(lines), {**template.scope, "long_string": long_string})["read"]
        return read

    def _column(self, template: ImageTemplate, name: str | None) -> list[str]:
        wanted = cells.cells_of(template, self.table, name)
        short, required = name in self.short, name in self.required
        direct = len(wanted) == 1 and wanted[0][1].expression == "v"
        target = wanted[0][0] if direct else "v"
        use = [] if direct else cells.filled(wanted, "v")
        lines = ["q = p + 1; p = q + b[p]"] if short and required else ["n = b[p]", "q = p + 1"]
        if short and required:
            return [*lines, f"{target} = s[q:p]", *use]
        near = ["p = q + n", f"{target} = s[q:p]", *use]
        lines += ["if n < 251:", *(f" {line}" for line in near)]
        if not required:
            lines += ["elif n == 251:", *(f" {line}" for line in ["p = q", *cells.null(wanted)])]
        if not short:
            far = [f"{target}, p = long_string(b, s, p)", *use]
            lines += ["else:", *(f" {line}" for line in far)]
        return lines


def long_string(b: bytes, s: str, p: int) -> tuple[str, int]:
    """Return a string of more than 250 bytes and where it ends."""
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}[b[p]]
    start = p + 1 + width
    end = start + int.from_bytes(b[p + 1 : start], "little")
    return s[start:end], end


@dataclass(slots=True)
class TextRows:
    """Rows of one SELECT."""

    layout: TextLayout
    chunks: Sequence[RowChunk]

    def __len__(self) -> int:
        return sum(len(chunk.starts) for chunk in self.chunks)

    def render(self, template: ImageTemplate) -> Images:
        """Run the template over every row; all are new images."""
        read = self.layout.reader(template)
        absent = template.row.absent if template.row is not None else None
        pairs = [pair for chunk in self.chunks for pair in read(chunk.data, chunk.text, chunk.starts)]
        return Images([absent] * len(pairs), [row for row, _ in pairs], [key for _, key in pairs])

    def select(self, indices: Sequence[int]) -> TextRows:
        """Return these rows only, in this order."""
        places = [(chunk, start) for chunk in self.chunks for start in chunk.starts]
        found: list[RowChunk] = []
        last: RowChunk | None = None
        starts: list[int] = []
        for index in indices:
            chunk, start = places[index]
            if chunk is not last:
                starts = []
                found.append(_part(chunk, starts))
                last = chunk
            starts.append(start)
        return TextRows(self.layout, found)


def _part(chunk: RowChunk, starts: list[int]) -> RowChunk:
    """Return the same bytes with other rows; the text is shared."""
    part = RowChunk.__new__(RowChunk)
    part.data, part.text, part.starts = chunk.data, chunk.text, starts
    return part
