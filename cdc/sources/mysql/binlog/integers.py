"""Integers as events and packets hold them.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html
"""

from __future__ import annotations

from cdc.sources.mysql.binlog.failures import Malformed

_WIDTHS = {0xFC: 2, 0xFD: 3, 0xFE: 8}


def little(data: bytes, at: int, width: int) -> int:
    """Return the unsigned integer of `width` bytes at `at`."""
    if at + width > len(data):
        raise Malformed("it ends too early")
    return int.from_bytes(data[at : at + width], "little")


def packed(data: bytes, at: int) -> tuple[int, int]:
    """Return a length-encoded integer and where it ends."""
    first = data[at]
    if first < 0xFB:
        return first, at + 1
    width = _WIDTHS.get(first)
    if width is None:
        raise Malformed(f"0x{first:02x} does not start a length")
    return little(data, at + 1, width), at + 1 + width


def piece(data: bytes, at: int, length: int) -> bytes:
    """Return `length` bytes at `at`; raises Malformed when there are fewer."""
    if length < 0 or at + length > len(data):
        raise Malformed("it ends too early")
    return data[at : at + length]
