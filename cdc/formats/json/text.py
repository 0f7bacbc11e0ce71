"""JSON text as Jackson writes it.

Fast paths work on a *latin-1 view* of UTF-8: a `str` in which each character is one byte. Python's
C escaper serves both views; it differs from Jackson in the case of hexadecimal digits, and in
characters beyond the basic plane, which Jackson writes to UTF-8 as a pair of escaped surrogates.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json.encoder import encode_basestring as _encode_basestring

escape: Callable[[str], str] = _encode_basestring
"""Quote a string; control characters without a short form get lower-case hex, see `jackson_case`."""

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_ASTRAL_VIEW = re.compile("[\xf0-\xf4][\x80-\xbf]{3}")
_ASTRAL_LEADS = "\xf0\xf1\xf2\xf3\xf4"

_CONTROL = re.compile(r"(?<!\\)((?:\\\\)*)\\u00([01][a-f])")


def jackson_case(text: str) -> str:
    r"""Write escaped control characters as Jackson does: \u001F, not \u001f."""
    if "\\u00" not in text:
        return text
    previous = None
    while previous != text:  # neighbouring escapes share the look-behind character
        previous, text = text, _CONTROL.sub(lambda m: f"{m[1]}\\u00{m[2].upper()}", text)
    return text


def _surrogates(character: str) -> str:
    high, low = divmod(ord(character) - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04X}\\u{0xDC00 + low:04X}"


def is_jackson(view: str) -> bool:
    """Whether JSON text in the latin-1 view needs no `jackson_view`; cheap for a whole batch."""
    if "\\u00" in view:
        return False
    return view.isascii() or not any(lead in view for lead in _ASTRAL_LEADS)


def as_jackson(view: str) -> str:
    """Write JSON text in the latin-1 view as Jackson does; a glance where that is what it is."""
    return view if is_jackson(view) else jackson_view(view)


def jackson_view(view: str) -> str:
    """Write JSON text in the latin-1 view as Jackson does."""
    text = jackson_case(view)
    if text.isascii():
        return text
    return _ASTRAL_VIEW.sub(lambda m: _surrogates(m[0].encode("latin-1").decode()), text)


def quote(text: str) -> str:
    """Quote a string as Jackson does."""
    quoted = jackson_case(escape(text))
    return quoted if quoted.isascii() else _ASTRAL.sub(lambda m: _surrogates(m[0]), quoted)


def view(text: str) -> str:
    """Return the latin-1 view of a text."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def literal(text: str) -> str:
    """Return `text` for the inside of a generated f-string in single quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return escaped.replace("{", "{{").replace("}", "}}")
