"""Binary JSON as text: what is printed at once equals what goes through a tree, for whatever document."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cdc.sources.mysql.types.json_document import document_text, node_text, parse

LITERALS = {None: 0, True: 1, False: 2}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=3)
    | st.text('é"\\x', min_size=120, max_size=140)
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"é', max_size=3), inner, max_size=4)
    ),
)


def binary(value: Any) -> tuple[int, bytes]:
    """Return type and octets of a document, as MySQL writes small ones."""
    if value is None or isinstance(value, bool):
        return 4, bytes([LITERALS[value]])
    if isinstance(value, int):
        for kind, code in ((5, "<h"), (7, "<i"), (9, "<q"), (10, "<Q")):
            try:
                return kind, struct.pack(code, value)
            except struct.error:
                continue
    if isinstance(value, str):
        octets = value.encode()
        length = len(octets)
        size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
        return 12, size + octets
    keys = [key.encode() for key in value] if isinstance(value, dict) else []
    values = list(value.values()) if isinstance(value, dict) else value
    return (0 if isinstance(value, dict) else 2), container(keys, [binary(one) for one in values])


def container(keys: list[bytes], values: list[tuple[int, bytes]]) -> bytes:
    """Return counts, key entries, value entries, keys, values."""
    at = 4 + 4 * len(keys) + 3 * len(values)
    entries, tail = b"", b"".join(keys)
    for key in keys:
        entries += struct.pack("<HH", at, len(key))
        at += len(key)
    for kind, octets in values:
        if kind in (4, 5):
            entries += bytes([kind]) + octets.ljust(2, b"\0")
            continue
        entries += bytes([kind]) + struct.pack("<H", at)
        tail += octets
        at += len(octets)
    return struct.pack("<HH", len(values), at) + entries + tail


@given(documents)
def test_the_text_is_the_document(value: Any) -> None:
    kind, octets = binary(value)
    wire = (bytes([kind]) + octets).decode("latin-1")
    for _ in range(25):  # by then objects have a writer of their own
        text = document_text(wire)
        assert text == node_text(parse(wire))
        assert json.loads(text.encode("latin-1")) == value


@given(documents, st.data())
def test_a_damaged_document_is_refused_as_its_tree_is(value: Any, data: st.DataObject) -> None:
    kind, octets = binary(value)
    for _ in range(25):  # by then objects have a writer of their own
        document_text((bytes([kind]) + octets).decode("latin-1"))
    damaged = bytearray(bytes([kind]) + octets)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    wire = damaged.decode("latin-1")
    assert is_document(document_text, wire) == is_document(parse, wire)


def is_document(read: Callable[[str], object], wire: str) -> bool:
    try:
        read(wire)
    except (ValueError, IndexError, KeyError, struct.error, ArithmeticError):
        return False
    return True
