"""A row of the log as bytes: records in columns, so that packing and unpacking run in C.

Layout, little-endian: format (1 byte), flags (1), 2 unused, records, bytes of all keys, bytes of all
values (4 each), then the key lengths and the value lengths (4 each a record), the timestamps (8
each, if flagged), the values' tail (length, then bytes; if flagged), the keys, the values, the headers
(if flagged). A null has length 0xFFFFFFFF.

In format 2 keys or values (if flagged) are spliced: the pieces of their frame, then their columns, stand
where else the records do, and their number (4) before their lengths.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import add
from typing import Any, Final

from cdc.batch import EncodedHeader, Texts
from cdc.columns import Spliced
from cdc.errors import LogUnusable

RECORDS, SPLICED = 1, 2
"""The formats."""

NULL: Final = 0xFFFFFFFF
NULL_KEYS, NULL_VALUES, TIMESTAMPS, HEADERS, TAIL, SPLICED_KEYS, SPLICED_VALUES = 1, 2, 4, 8, 16, 32, 64
CHUNK: Final = 1 << 20
"""About how many bytes a row has at most, unless a single record is larger: readers cut in memory."""

_HEAD = struct.Struct("<BB2xIII")
_GROUP = struct.Struct("<iI")
_LENGTH = struct.Struct("<i")
_SWAP = sys.byteorder == "big"

Part = bytes | None
RowHeaders = Mapping[int, Sequence[EncodedHeader]]


@dataclass(frozen=True, slots=True)
class Row:
    """A packed row; `oldest` and `newest` are timestamps in ms, None where the log gives its own."""

    records: int
    oldest: int | None
    newest: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What `pack` was given."""

    keys: Texts
    values: Texts
    timestamps: list[int] | None
    headers: Sequence[EncodedHeader]
    row_headers: RowHeaders
    value_tail: bytes = b""


class Column:
    """Keys or values that wait to be packed, as parts with their lengths.

    A part is a record; or a piece of the frame, or a column, of texts that are `spliced`.
    """

    __slots__ = ("lengths", "nulls", "parts", "size", "spliced")

    def __init__(
        self,
        parts: Sequence[Part],
        lengths: array[int],
        size: int,
        *,
        nulls: bool,
        spliced: Spliced | None = None,
    ) -> None:
        self.parts, self.lengths, self.size, self.nulls, self.spliced = parts, lengths, size, nulls, spliced

    @classmethod
    def of(cls, texts: Texts) -> Column:
        """Measure the texts."""
        spliced = texts if isinstance(texts, Spliced) else None
        parts: Sequence[Part] = [*spliced.frame, *spliced.columns] if spliced is not None else texts
        try:
            lengths = array("I", map(len, parts))  # type: ignore[arg-type]
        except TypeError:
            sizes = [0 if part is None else len(part) for part in parts]
            marked = array("I", [NULL if part is None else len(part) for part in parts])
            return cls(parts, marked, sum(sizes), nulls=True)
        return cls(parts, lengths, sum(lengths), nulls=False, spliced=spliced)

    @property
    def texts(self) -> Texts:
        """What was measured."""
        return self.parts if self.spliced is None else self.spliced

    def singly(self) -> Column:
        """Return the same with a part for each record."""
        return self if self.spliced is None else Column.of([*self.spliced])

    def plus(self, other: Column) -> Column:
        """Return both columns as one; their frames are the same."""
        if self.spliced is not None and other.spliced is not None:
            return Column.of(self.spliced + other.spliced)
        size, nulls = self.size + other.size, self.nulls or other.nulls
        return Column([*self.parts, *other.parts], self.lengths + other.lengths, size, nulls=nulls)

    def packed_lengths(self) -> bytes:
        """Return the lengths as they stand in a row of the log."""
        lengths = _bytes_of(self.lengths)
        return lengths if self.spliced is None else _LENGTH.pack(len(self.parts)) + lengths

    def joined(self) -> bytes:
        """Return the parts without anything between them."""
        return b"".join([part for part in self.parts if part] if self.nulls else self.parts)  # type: ignore[arg-type]


def split(keys: Column, values: Column) -> list[tuple[int, int]]:
    """Return the (start, stop) of rows of about CHUNK bytes each."""
    count = len(values.parts)
    ends = list(accumulate(map(add, _without_nulls(keys), _without_nulls(values))))
    cuts, start, reached = [], 0, 0
    while start < count:
        stop = max(start + 1, bisect_right(ends, reached + CHUNK))
        cuts.append((start, stop))
        start, reached = stop, ends[stop - 1]
    return cuts


def pack(
    keys: Column,
    values: Column,
    timestamps: Sequence[int] | None,
    headers: Sequence[EncodedHeader],
    row_headers: RowHeaders,
    value_tail: bytes = b"",
) -> Row:
    """Return the row of these records."""
    flags = (keys.nulls and NULL_KEYS) | (values.nulls and NULL_VALUES)
    stamps = tail = b""
    if timestamps is not None:
        flags |= TIMESTAMPS
        stamps = _bytes_of(array("q", timestamps))
    if value_tail:
        flags |= TAIL
        stamps += _LENGTH.pack(len(value_tail)) + value_tail
    if headers or row_headers:
        flags |= HEADERS
        tail = _pack_headers(headers, row_headers)
    spliced = (keys.spliced is not None and SPLICED_KEYS) | (values.spliced is not None and SPLICED_VALUES)
    count = len(values.texts)
    head = _HEAD.pack(SPLICED if spliced else RECORDS, flags | spliced, count, keys.size, values.size)
    lengths = keys.packed_lengths(), values.packed_lengths()
    data = b"".join((head, *lengths, stamps, keys.joined(), values.joined(), tail))
    if not timestamps:
        return Row(count, None, None, data)
    return Row(count, min(timestamps), max(timestamps), data)


def unpack(data: bytes) -> Unpacked:
    """Return the records of a row; raises LogUnusable for a format that this version does not know."""
    version, flags, count, key_bytes, value_bytes = _HEAD.unpack_from(data)
    if version not in (RECORDS, SPLICED):
        raise LogUnusable(
            f"a row of the log has format {version}", hint="it was written by a newer version of cdc"
        )
    at = _HEAD.size
    key_lengths, at = _lengths(data, at, count, spliced=flags & SPLICED_KEYS)
    value_lengths, at = _lengths(data, at, count, spliced=flags & SPLICED_VALUES)
    timestamps = None
    if flags & TIMESTAMPS:
        timestamps, at = _array_of("q", data, at, count).tolist(), at + 8 * count
    value_tail: Part = b""
    if flags & TAIL:
        value_tail, at = _read_part(data, at)
    keys = _cut(data, key_lengths, at, nulls=bool(flags & NULL_KEYS))
    at += key_bytes
    values = _cut(data, value_lengths, at, nulls=bool(flags & NULL_VALUES))
    if flags & SPLICED_KEYS:
        keys = _spliced(keys, count)
    if flags & SPLICED_VALUES:
        values = _spliced(values, count)
    headers: Sequence[EncodedHeader] = ()
    row_headers: RowHeaders = {}
    if flags & HEADERS:
        headers, row_headers = _unpack_headers(data, at + value_bytes)
    return Unpacked(keys, values, timestamps, headers, row_headers, value_tail or b"")


def _lengths(data: bytes, at: int, count: int, *, spliced: int) -> tuple[array[int], int]:
    """Return the lengths of a side's parts, and where they end."""
    if spliced:
        (count,), at = _LENGTH.unpack_from(data, at), at + _LENGTH.size
    return _array_of("I", data, at, count), at + 4 * count


def _spliced(parts: Sequence[Any], count: int) -> Spliced:
    pieces = len(parts) // 2 + 1
    return Spliced(parts[:pieces], parts[pieces:], count)


def _cut(data: bytes, lengths: array[int], start: int, *, nulls: bool) -> Texts:
    if nulls:
        ends = accumulate([0 if length == NULL else length for length in lengths], initial=start)
        return [
            None if length == NULL else data[a:b]
            for length, (a, b) in zip(lengths, pairwise(ends), strict=True)
        ]
    return [data[a:b] for a, b in pairwise(accumulate(lengths, initial=start))]


def _without_nulls(column: Column) -> Iterable[int]:
    return [0 if n == NULL else n for n in column.lengths] if column.nulls else column.lengths


def _bytes_of(numbers: array[int]) -> bytes:
    if _SWAP:  # pragma: no cover - big-endian machines
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _array_of(code: str, data: bytes, start: int, count: int) -> array[int]:
    numbers = array(code)
    numbers.frombytes(data[start : start + count * numbers.itemsize])
    if _SWAP:  # pragma: no cover
        numbers.byteswap()
    return numbers


def _pack_headers(headers: Sequence[EncodedHeader], row_headers: RowHeaders) -> bytes:
    parts = []
    for index, group in ((-1, headers), *row_headers.items()):
        parts.append(_GROUP.pack(index, len(group)))
        for name, value in group:
            encoded = name.encode()
            parts += _LENGTH.pack(len(encoded)), encoded
            parts += (_LENGTH.pack(-1),) if value is None else (_LENGTH.pack(len(value)), value)
    return b"".join(parts)


def _unpack_headers(data: bytes, at: int) -> tuple[Sequence[EncodedHeader], RowHeaders]:
    groups: dict[int, Sequence[EncodedHeader]] = {}
    while at < len(data):
        index, count = _GROUP.unpack_from(data, at)
        at += _GROUP.size
        group = []
        for _ in range(count):
            name, at = _read_part(data, at)
            value, at = _read_part(data, at)
            group.append(((name or b"").decode(), value))
        groups[index] = tuple(group)
    return groups.pop(-1, ()), groups


def _read_part(data: bytes, at: int) -> tuple[Part, int]:
    (length,) = _LENGTH.unpack_from(data, at)
    at += _LENGTH.size
    return (None, at) if length < 0 else (data[at : at + length], at + length)
