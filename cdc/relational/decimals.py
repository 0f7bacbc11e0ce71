"""Exact decimals, by `decimal.handling.mode`."""

from __future__ import annotations

import math
from binascii import b2a_base64
from collections.abc import Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

from cdc.relational.column_type import ColumnType
from cdc.relational.modes import DecimalMode, HandlingModes
from schemas import connect, logical
from schemas.table import Codec

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def decimal(
    scale: int, precision: int | None, codecs: Mapping[DecimalMode, Codec], modes: HandlingModes
) -> ColumnType:
    """Return a decimal with a declared scale; `codecs` yield a Decimal, a float, and its text."""
    codec = codecs[modes.decimal]
    if modes.decimal == "string":
        return ColumnType(connect.STRING, codec, f"{0:.{scale}f}", modes.placeholder_text)
    if modes.decimal == "double":
        return ColumnType(connect.FLOAT64, codec, 0.0, math.nan)
    # The placeholder's octets are the unscaled value.
    unavailable = Decimal(int.from_bytes(modes.placeholder, "big", signed=True)).scaleb(-scale, EXACT)
    zero = Decimal(0).scaleb(-scale, EXACT)
    return ColumnType(logical.decimal(scale, precision), codec, zero, unavailable)


def unscaled_bytes(unscaled: int) -> bytes:
    """Return the shortest two's complement, big-endian: java.math.BigInteger.toByteArray."""
    length = ((unscaled if unscaled >= 0 else ~unscaled).bit_length() >> 3) + 1
    return unscaled.to_bytes(length, "big", signed=True)


_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_PAIRS = [one + other for one in _DIGITS for other in _DIGITS]


def unscaled_json(unscaled: int) -> str:
    """Return the base64 of a decimal's unscaled value."""
    if 0x8000 <= unscaled < 0x80000000:  # three or four octets, as most amounts have
        if unscaled < 0x800000:
            return f'"{_PAIRS[unscaled >> 12]}{_PAIRS[unscaled & 0xFFF]}"'
        first, last = _PAIRS[unscaled >> 20], _PAIRS[unscaled << 4 & 0xFF0]
        return f'"{first}{_PAIRS[unscaled >> 8 & 0xFFF]}{last}=="'
    return f'"{b2a_base64(unscaled_bytes(unscaled), newline=False).decode()}"'


def unscaled(v: str) -> int:
    """Return a decimal's digits as an integer; Python's own conversion stops at 4300 digits."""
    digits = v.replace(".", "")
    return int(digits) if len(digits) < 4000 else int(Decimal(digits))
