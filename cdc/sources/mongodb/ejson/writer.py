"""BSON to EJSON in one pass: a function generated for each mode.

BSON (https://bsonspec.org): a document is its size, elements and a zero byte; an element is a type
byte, a name that ends with zero, and the value.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from cdc.errors import UnsupportedValue
from cdc.sources.mongodb.ejson.modes import Mode
from cdc.sources.mongodb.ejson.numbers import DATES, date_text, decimal_text, double_text
from cdc.sources.mongodb.ejson.shapes import WriteShape, learn
from cdc.sources.mongodb.ejson.text import escape, quote

Write = Callable[[bytes], str]
"""Returns the text of a document; raises BrokenDocument."""

DEEPEST: Final = 200
"""Levels of nesting; the server allows 100 (180 in its own documents)."""

_SHAPES: Final = 8
"""Shapes of documents that a writer knows at a time."""

_RELEARN: Final = 512
"""Unknown shapes after which one more is learnt: compiling takes as long as 100 documents."""

_NAMES: Final = 20_000
"""How many field names a writer remembers the text of."""


class BrokenDocument(UnsupportedValue):
    """A document holds bytes that are no BSON, or text that is not UTF-8.

    path: the dotted name of the element in question.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        super().__init__(
            f"The document cannot be read at {path or 'its start'}: {reason}",
            hint="repair the field in the database (validate the collection), or have it left out: "
            "field.exclude.list, or a stage $unset in the pipeline",
        )


def writer(mode: Mode) -> Write:
    """Return a function that writes documents in a mode: one for each collection, and each thread."""
    return _Shapes(mode).write


@cache
def _general(mode: Mode) -> dict[str, Any]:
    """Return the scope of the functions that write any document."""
    scope: dict[str, Any] = {
        "broken": BrokenDocument,
        "date_text": date_text,
        "decimal_text": decimal_text,
        "double_text": double_text,
        "is_text_date": DATES[mode.iso_dates],
        "base64": b64encode,
        "quote": quote,
        "int32": struct.Struct("<i").unpack_from,
        "uint64": struct.Struct("<Q").unpack_from,
        "int64": struct.Struct("<q").unpack_from,
        "double": struct.Struct("<d").unpack_from,
    }
    exec(_code(mode), scope)  # noqa: S102 - made of the modes' templates only
    return scope


class _Shapes:
    """Write the documents of one collection: by a shape seen lately, else in general."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._scope = _general(mode)
        self._general: Write = self._scope["write"]
        self._shapes: list[WriteShape] = []
        self._misses = 0

    def write(self, data: bytes) -> str:
        for place, shape in enumerate(self._shapes):
            try:
                text = shape(data, escape)
                if text is None:
                    continue
                if not text.isascii() or "\x7f" in text:
                    text = shape(data, quote) or ""
            except Exception:  # noqa: BLE001 - whatever it is, the general function says where
                break
            if place:
                self._shapes.insert(place >> 1, self._shapes.pop(place))
            return text
        return self._miss(data)

    def _miss(self, data: bytes) -> str:
        """Write a document of an unknown shape; learn it, unless the shapes are too many to be of use."""
        text = self._general(data)
        self._misses += 1
        if self._misses <= _SHAPES or not self._misses % _RELEARN:
            if (learnt := learn(data, self._mode, self._scope)) is not None:
                self._shapes.insert(0, learnt)
            del self._shapes[_SHAPES:]
        return text


def _code(mode: Mode) -> str:
    comma = mode.comma

    def value(template: str, first: str = "", second: str = "") -> str:
        """Return the expression of a template's text around one or two expressions."""
        text = template.replace(", ", comma).replace("{", "{{").replace("}", "}}")
        return "f'" + text.replace("%", f"{{{first}}}").replace("&", f"{{{second}}}") + "'"

    return f"""
def label(name):
    if len(labels) > {_NAMES}:
        labels.clear()
    text = labels[name] = '{comma}' + quote(name.decode()) + ': '
    return text

def double_json(number):
    if number - number:
        text = 'NaN' if number != number else 'Infinity' if number > 0 else '-Infinity'
        return {value(mode.not_finite, "text")}
    return {value(mode.double, "double_text(number)")}

def date_json(date):
    if is_text_date(date):
        return {value(mode.date_text, "date_text(date)")}
    return {value(mode.date, "date")}

labels = {{}}

def elements(data, at, out, path, named):
    # Append the elements from `at` on; return where the next value begins.
    get, add, index, depth = labels.get, out.append, data.index, len(path)
    first = len(out)
    path.append(b'')
    if depth > {DEEPEST}:
        raise ValueError('it is nested too deep')
    while kind := data[at]:
        stop = index(0, at + 1)
        path[depth] = name = data[at + 1:stop]
        add((get(name) or label(name)) if named else '{comma}')
        at = stop + 1
        if kind == 2:
            stop = at + 3 + int32(data, at)[0]
            text = data[at + 4:stop].decode()
            if data[stop] or stop < at + 4:
                raise ValueError('a string does not end where it should')
            add(quote(text))
            at = stop + 1
        elif kind == 16:
            add({value(mode.int32, "int32(data, at)[0]")})
            at += 4
        elif kind == 7:
            add({value(mode.oid, "data[at:at + 12].hex()")})
            at += 12
        elif kind == 9:
            add(date_json(int64(data, at)[0]))
            at += 8
        elif kind == 1:
            add(double_json(double(data, at)[0]))
            at += 8
        elif kind == 18:
            add({value(mode.int64, "int64(data, at)[0]")})
            at += 8
        elif kind == 8:
            add('true' if data[at] else 'false')
            at += 1
        elif kind == 10:
            add('null')
        elif kind == 3:
            at = document(data, at, out, path)
        elif kind == 4:
            at = document(data, at, out, path, False)
        else:
            at = rare(kind, data, at, out, path)
    path.pop()
    if len(out) > first:
        out[first] = out[first][{len(comma)}:]
    return at + 1

def document(data, at, out, path, named=True):
    out.append('{{' if named else '[')
    stop = elements(data, at + 4, out, path, named)
    if stop != at + int32(data, at)[0]:
        raise ValueError('its size is not what it says')
    out.append('}}' if named else ']')
    return stop

def string(data, at):
    stop = at + 3 + int32(data, at)[0]
    if data[stop] or stop < at + 4:
        raise ValueError('a string does not end where it should')
    return quote(data[at + 4:stop].decode()), stop + 1

def rare(kind, data, at, out, path):
    if kind == 5:
        size, subtype = int32(data, at)[0], data[at + 4]
        at += 5
        stop = at + size
        if subtype == 2:
            at += 4
        if stop > len(data) or stop < at:
            raise ValueError('binary data of an impossible size')
        content = base64(data[at:stop]).decode()
        out.append({value(mode.binary, "content", "subtype:02X")})
        return stop
    if kind == 19:
        out.append({value(mode.decimal, "decimal_text(data[at:at + 16])")})
        return at + 16
    if kind == 17:
        time = uint64(data, at)[0]
        out.append({value(mode.timestamp, "time >> 32", "time & 0xFFFFFFFF")})
        return at + 8
    if kind == 11:
        middle = data.index(0, at)
        stop = data.index(0, middle + 1)
        pattern = quote(data[at:middle].decode())
        options = quote(''.join(sorted(data[middle + 1:stop].decode())))
        out.append({value(mode.regex, "pattern", "options")})
        return stop + 1
    if kind == 13:
        text, at = string(data, at)
        out.append({value(mode.code, "text")})
        return at
    if kind == 14:
        text, at = string(data, at)
        out.append({value(mode.symbol, "text")})
        return at
    if kind == 12:
        text, at = string(data, at)
        oid = data[at:at + 12].hex()
        oid = {value(mode.oid, "oid")}
        out.append({value(mode.pointer, "text", "oid")})
        return at + 12
    if kind == 15:
        text, scope_at = string(data, at + 4)
        inner = []
        stop = document(data, scope_at, inner, path)
        if stop != at + int32(data, at)[0]:
            raise ValueError('its size is not what it says')
        scope = ''.join(inner)
        out.append({value(mode.scoped_code, "text", "scope")})
        return stop
    plain = {{6: {value(mode.undefined)}, 255: {value(mode.min_key)}, 127: {value(mode.max_key)}}}
    if kind not in plain:
        raise ValueError('there is no BSON type %d' % kind)
    out.append(plain[kind])
    return at

def write(data):
    path, out = [], []
    try:
        if document(data, 0, out, path) != len(data):
            raise ValueError('its size is not what it says')
    except Exception as error:
        reason = error if isinstance(error, ValueError) else 'it ends too early'
        raise broken('.'.join(name.decode(errors='replace') for name in path), str(reason)) from None
    return ''.join(out)
"""
