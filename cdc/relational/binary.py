"""Columns of octets, by `binary.handling.mode`."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any

from cdc.relational.column_type import ColumnType, interned
from cdc.relational.modes import HandlingModes
from schemas import connect
from schemas.table import Codec

VIEW_OCTETS = "v.encode('latin-1')"
"""The octets of a wire form that is their latin-1 view."""


def base64_json(data: bytes) -> str:
    """Return bytes as JsonConverter writes them: a base64 string (`rel_base64` in the scope of codecs)."""
    return f'"{b2a_base64(data, newline=False).decode()}"'


def octets_codec(octets: str, scope: Mapping[str, Any]) -> Codec:
    """Return the codec of Connect's BYTES; `octets` is an expression over `v` that yields bytes."""
    return Codec(octets, f"rel_base64({octets})", {**scope, "rel_base64": base64_json})


def binary(octets: str, scope: Mapping[str, Any], modes: HandlingModes) -> ColumnType:
    """Return bytes, or text that says them; `octets` is an expression over `v` that yields bytes."""
    if modes.binary == "bytes":
        return ColumnType(connect.BYTES, octets_codec(octets, scope), b"", modes.placeholder)
    name, encode = interned("binary", modes.binary, lambda: modes.binary_text)
    return binary_text(
        Codec(f"{name}({octets})", f"'\"' + {name}({octets}) + '\"'", {**scope, name: encode}), modes
    )


def binary_text(codec: Codec, modes: HandlingModes) -> ColumnType:
    """Return octets as text, by a codec that yields it."""
    return ColumnType(connect.STRING, codec, "", modes.placeholder_text)
