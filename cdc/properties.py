"""Java's .properties syntax, as java.util.Properties.load reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PAIR = re.compile(r"((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ENDS = re.compile(r"\r\n|\r|\n")
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_BLANK = " \t\f"


def parse_properties(text: str) -> dict[str, str]:
    r"""Return names and values; a later line wins. Raises ValueError for a malformed `\uXXXX`."""
    pairs = {}
    for line in _logical_lines(text):
        match = _PAIR.fullmatch(line)
        assert match is not None
        pairs[_unescape(match[1])] = _unescape(match[2])
    return pairs


def decode_properties(data: bytes) -> str:
    """Return the text of a file: UTF-8, with or without a mark, or else Latin-1 as Java reads it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _logical_lines(text: str) -> Iterator[str]:
    r"""Yield lines without comments and blanks, those that end in an odd number of `\` joined."""
    parts: list[str] = []
    for natural in _ENDS.split(text):
        line = natural.lstrip(_BLANK)
        if not parts and (not line or line[0] in "#!"):
            continue
        backslashes = len(line) - len(line.rstrip("\\"))
        parts.append(line[:-1] if backslashes % 2 else line)
        if not backslashes % 2:
            yield "".join(parts)
            parts = []
    if parts and "".join(parts):
        yield "".join(parts)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_escaped, text) if "\\" in text else text


def _escaped(match: re.Match[str]) -> str:
    what = match[1]
    if len(what) == 5:
        return chr(int(what[1:], 16))
    if what == "u":
        raise ValueError("Malformed \\uxxxx encoding.")
    return _LETTERS.get(what, what)
