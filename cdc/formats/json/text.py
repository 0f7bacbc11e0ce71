"""JSON text as Jackson writes it.

Fast paths work on a *latin-1 view* of UTF-8: a `str` in which each character is one byte. Python's
C escaper serves both views; it differs from Jackson only in the case of hexadecimal digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json.encoder import encode_basestring as _encode_basestring

escape: Callable[[str], str] = _encode_basestring
"""Quote a string; control characters without a short form get lower-case hex, see `jackson_case`."""

_CONTROL = re.compile(r"(?<!\\)((?:\\\\)*)\\u00([01][a-f])")


def jackson_case(text: str) -> str:
    r"""Write escaped control characters as Jackson does: \u001F, not \u001f."""
    if "\\u00" not in text:
        return text
    previous = None
    while previous != text:  # neighbouring escapes share the look-behind character
        previous, text = text, _CONTROL.sub(lambda m: f"{m[1]}\\u00{m[2].upper()}", text)
    return text


def quote(text: str) -> str:
    """Quote a string as Jackson does."""
    return jackson_case(escape(text))


def view(text: str) -> str:
    """Return the latin-1 view of a text."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def literal(text: str) -> str:
    """Return `text` for the inside of a generated f-string in single quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return escaped.replace("{", "{{").replace("}", "}}")
