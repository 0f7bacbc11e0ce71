"""The latin-1 view of text: a `str` in which each character stands for one byte of UTF-8."""

from __future__ import annotations

from cdc.relational.column_type import json_string
from schemas.table import Codec


def view(text: str) -> str:
    """Return the view of a text."""
    return text if text.isascii() else text.encode().decode("latin-1")


def octets(v: str) -> bytes:
    """Return the bytes that a view shows."""
    return v.encode("latin-1")


TEXT = Codec(
    "v if v.isascii() else v.encode('latin-1').decode()", "json_string(v)", {"json_string": json_string}
)
"""Any text, where the wire form is its view."""

PLAIN = Codec("v", "f'\"{v}\"'")
"""ASCII text that JSON has nothing to escape in."""
