"""Quoted strings as the Java driver's JsonWriter prints them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from json.encoder import encode_basestring as _encode_basestring

escape: Callable[[str], str] = _encode_basestring
"""Quote a string fast; right unless there are characters beyond ASCII, or DEL."""

_ESCAPED = {"Cc", "Cf", "Cn", "Co", "Cs", "Lm", "Mc", "Me", "Mn", "Zl", "Zp"}
"""Categories of the characters that the driver writes as an escape: it lists those it prints, and
forgot modifiers and marks."""

_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class _Escapes(dict[int, str]):
    """What each character becomes; a table for `str.translate` that fills itself."""

    def __missing__(self, point: int) -> str:
        self[point] = text = _escape(chr(point))
        return text


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if (point := ord(character)) > 0xFFFF:
        high, low = divmod(point - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
    return f"\\u{point:04x}" if unicodedata.category(character) in _ESCAPED else character


_escapes = _Escapes()


def quote(text: str) -> str:
    """Return the JSON string of a text."""
    if text.isascii() and text.isprintable():
        return escape(text)
    if len(_escapes) > 200_000:
        _escapes.clear()
    return f'"{text.translate(_escapes)}"'
