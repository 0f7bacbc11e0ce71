"""MySQL's binary JSON: its text as the server prints it, without the blanks, as Debezium has it.

https://dev.mysql.com/doc/dev/mysql-server/latest/json__binary_8h.html: a type byte, then the value; arrays
and objects start with their count and size and refer to their values by offset, two octets each in small
ones and four in large ones. The parts of a document do not overlap; one whose parts do is refused, because
its text may be of any size.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal

from cdc.relational.column_type import json_string
from cdc.sources.mysql.types.json_objects import ObjectWriters
from cdc.sources.mysql.types.numbers import unscaled_reader
from cdc.sources.mysql.types.wire import DATE, DATETIME, NEWDECIMAL, TIME, TIMESTAMP, decimal_size

SMALL_OBJECT, LARGE_OBJECT, SMALL_ARRAY, LARGE_ARRAY, LITERAL = 0, 1, 2, 3, 4
INT16, UINT16, INT32, UINT32, INT64, UINT64, DOUBLE, STRING, OPAQUE = 5, 6, 7, 8, 9, 10, 11, 12, 15

_LITERALS = {0: "null", 1: "true", 2: "false"}
_NUMBERS = {
    INT16: struct.Struct("<h").unpack_from,
    UINT16: struct.Struct("<H").unpack_from,
    INT32: struct.Struct("<i").unpack_from,
    UINT32: struct.Struct("<I").unpack_from,
    INT64: struct.Struct("<q").unpack_from,
    UINT64: struct.Struct("<Q").unpack_from,
}
_DOUBLE = struct.Struct("<d")
_PAIR, _WIDE_PAIR = struct.Struct("<HH").unpack_from, struct.Struct("<II").unpack_from
_OFFSET, _WIDE_OFFSET = struct.Struct("<H").unpack_from, struct.Struct("<I").unpack_from
_KEY, _WIDE_KEY = struct.Struct("<HH").unpack_from, struct.Struct("<IH").unpack_from

Node = str | list["Node"] | dict[str, "Node"]
"""A document: scalars are JSON text, keys the latin-1 view of theirs, in the server's order."""


class DocumentText(str):
    """A document that is text already, where binary JSON is expected: partial updates give it."""

    __slots__ = ()


def document_text(v: str) -> str:
    """Return a document's text in the latin-1 view of UTF-8; an empty value is null, as the server has it."""
    if not v:
        return "null"
    if v.__class__ is DocumentText:
        return str(v)
    b = v.encode("latin-1")
    return (_small_object if b[0] == SMALL_OBJECT else _value)(b, v, b[0], 1, [len(b)])


def parse(v: str) -> Node:
    """Return a document as a tree, to change it and print it with `node_text`."""
    if not v:
        return "null"
    return _node(v.encode("latin-1"), v)


def node_text(node: Node) -> str:
    """Return the text of a tree."""
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        return "[" + ",".join([node_text(one) for one in node]) + "]"
    return "{" + ",".join([f"{json_string(key)}:{node_text(one)}" for key, one in node.items()]) + "}"


def _node(b: bytes, s: str) -> Node:
    def build(kind: int, at: int) -> Node:
        if kind > LARGE_ARRAY:
            return _scalar(b, s, kind, at, room)
        values = [build(k, where) for k, where in _entries(b, kind, at, room)]
        return dict(zip(_keys(b, s, kind, at, room), values, strict=True)) if kind <= LARGE_OBJECT else values

    room = [len(b)]
    return build(b[0], 1)


def _value(b: bytes, s: str, kind: int, at: int, room: list[int]) -> str:
    """Return the text of a value; room: how many octets of the document no other value has taken."""
    if kind > LARGE_ARRAY:
        return _scalar(b, s, kind, at, room)
    if kind == SMALL_OBJECT:
        return _small_object(b, s, kind, at, room)
    if kind == LARGE_OBJECT:
        return _object(b, s, kind, at, room)
    values = [_value(b, s, k, where, room) for k, where in _entries(b, kind, at, room)]
    return "[" + ",".join(values) + "]"


def _small_object(b: bytes, s: str, _: int, at: int, room: list[int]) -> str:
    """Return the text of an object of at most 64 KB: by a writer of its own if many were like it."""
    count = _PAIR(b, at)[0]
    if not count:
        return "{}"
    values = at + 4 + 4 * count
    end = values + 3 * count
    offset, length = _KEY(b, values - 4)
    shape = s[at + 4 : values], s[values:end:3], s[end : at + offset + length]
    write = _writers.get(shape) or _writers.seen(shape)
    if write is not None:
        return write(b, s, at, room)
    return _object(b, s, SMALL_OBJECT, at, room)


def _object(b: bytes, s: str, kind: int, at: int, room: list[int]) -> str:
    values = [_value(b, s, k, where, room) for k, where in _entries(b, kind, at, room)]
    pairs = zip(_keys(b, s, kind, at, room), values, strict=True)
    return "{" + ",".join([f"{json_string(key)}:{value}" for key, value in pairs]) + "}"


def _occupy(room: list[int], octets: int) -> None:
    room[0] -= octets
    if room[0] < 0:
        raise ValueError("the parts of a binary JSON document overlap")


def _entries(b: bytes, kind: int, at: int, room: list[int]) -> list[tuple[int, int]]:
    """Return type and place of each value; small ones are in the table itself."""
    large = kind in (LARGE_OBJECT, LARGE_ARRAY)
    count = (_WIDE_PAIR if large else _PAIR)(b, at)[0]
    width = 4 if large else 2
    _occupy(room, count * (width + 1))
    first = at + 2 * width + (count * (width + 2) if kind <= LARGE_OBJECT else 0)
    offset = _WIDE_OFFSET if large else _OFFSET
    inline = (LITERAL, INT16, UINT16, INT32, UINT32) if large else (LITERAL, INT16, UINT16)
    found = []
    for place in range(first, first + count * (width + 1), width + 1):
        one = b[place]
        found.append((one, place + 1 if one in inline else at + offset(b, place + 1)[0]))
    return found


def _keys(b: bytes, s: str, kind: int, at: int, room: list[int]) -> list[str]:
    large = kind == LARGE_OBJECT
    count = (_WIDE_PAIR if large else _PAIR)(b, at)[0]
    width, entry = (4, _WIDE_KEY) if large else (2, _KEY)
    first, size = at + 2 * width, width + 2
    places = [entry(b, place) for place in range(first, first + count * size, size)]
    _occupy(room, sum([length for _, length in places]))
    return [s[at + offset : at + offset + length] for offset, length in places]


def _scalar(b: bytes, s: str, kind: int, at: int, room: list[int]) -> str:
    if kind == STRING:
        length, at = _length(b, at)
        _occupy(room, length)
        return json_string(s[at : at + length])
    if kind == LITERAL:
        return _LITERALS[b[at]]
    if kind in _NUMBERS:
        return str(_NUMBERS[kind](b, at)[0])
    if kind == DOUBLE:
        return double_text(_DOUBLE.unpack_from(b, at)[0])
    if kind == OPAQUE:
        field = b[at]
        length, at = _length(b, at + 1)
        _occupy(room, length)
        return _opaque(field, b[at : at + length])
    raise ValueError(f"type {kind} in a binary JSON document")


_LONGEST = 28
"""Lengths have at most five octets."""


def _length(b: bytes, at: int) -> tuple[int, int]:
    """Return a length of seven bits an octet, and what stands behind it."""
    length = shift = 0
    while True:
        octet = b[at]
        at += 1
        length |= (octet & 127) << shift
        if octet < 128:
            return length, at
        shift += 7
        if shift > _LONGEST:
            raise ValueError("a length in a binary JSON document does not end")


def double_text(value: float) -> str:
    """Return a double as the server prints it: the fewest digits, plain from 1e-15 up to fifteen digits."""
    text = repr(value)
    sign = "-" if text[0] == "-" else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    point -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    if not digits:
        return f"{sign}0.0"
    if point < -14 or (point > 15 and len(digits) <= point):
        return f"{sign}{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{point - 1}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"


def _opaque(field: int, data: bytes) -> str:
    if field == NEWDECIMAL:
        precision, scale = data[0], data[1]
        number = unscaled_reader(precision, scale)(data[2 : 2 + decimal_size(precision, scale)])
        return format(Decimal(number).scaleb(-scale), "f")
    print_as = _TEMPORAL.get(field)
    if print_as is not None:
        return f'"{print_as(int.from_bytes(data, "little", signed=True))}"'
    return f'"base64:type{field}:{b64encode(data).decode()}"'


def _date(packed: int) -> str:
    year_month, day = packed >> 46, packed >> 41 & 31
    return f"{year_month // 13:04}-{year_month % 13:02}-{day:02}"


def _clock(packed: int, hours: int) -> str:
    clock = packed >> 24
    text = f"{clock >> 12 & hours:02}:{clock >> 6 & 63:02}:{clock & 63:02}"
    return f"{text}.{packed & 0xFFFFFF:06}"


def _time(packed: int) -> str:
    return f"{'-' if packed < 0 else ''}{_clock(abs(packed), 1023)}"


_TEMPORAL: dict[int, Callable[[int], str]] = {
    DATE: _date,
    TIME: _time,
    DATETIME: lambda packed: f"{_date(packed)} {_clock(packed, 31)}",
    TIMESTAMP: lambda packed: f"{_date(packed)} {_clock(packed, 31)}",
}


_writers = ObjectWriters(
    {
        INT16: ("h", "{v}"),
        UINT16: ("H", "{v}"),
        LITERAL: ("H", "literals[{v} & 255]"),
        **{kind: ("H", f"number{kind}(b, at + {{v}})[0]") for kind in (INT32, UINT32, INT64, UINT64)},
        DOUBLE: ("H", "double_text(double(b, at + {v})[0])"),
    },
    STRING,
    {
        "literals": _LITERALS,
        **{f"number{kind}": read for kind, read in _NUMBERS.items()},
        "double": _DOUBLE.unpack_from,
        "double_text": double_text,
        "length": _length,
        "occupy": _occupy,
        "value": _value,
    },
)
