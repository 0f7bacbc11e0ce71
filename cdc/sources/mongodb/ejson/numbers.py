"""Doubles, decimals and dates as the Java driver prints them."""

from __future__ import annotations

from collections.abc import Callable

from cdc.relational.calendar import iso_moment
from schemas import java_text

_BIAS = 6176
_LAST_MODERN = 253402300799999
"""9999-12-31T23:59:59.999Z, in ms: relaxed EJSON writes dates from 1970 up to here as text."""


def double_text(value: float) -> str:
    """Return a finite double's text: Java's shortest digits, a positive exponent with its sign."""
    if 1e-3 <= value < 1e7 or -1e7 < value <= -1e-3 or not value:
        return repr(value)
    text = java_text.double_text(value)
    return text if "E-" in text else text.replace("E", "E+")


def decimal_text(octets: bytes) -> str:
    """Return the text of a Decimal128 (IEEE 754-2008, binary integer decimal, little-endian).

    Exponents as General Decimal Arithmetic's to-scientific-string; every NaN is `NaN`.
    """
    bits = int.from_bytes(octets, "little")
    sign = "-" if bits >> 127 else ""
    if bits >> 122 & 0x1F == 0x1F:
        return "NaN"
    if bits >> 122 & 0x1F == 0x1E:
        return f"{sign}Infinity"
    if bits >> 125 & 3 == 3:
        exponent, coefficient = (bits >> 111 & 0x3FFF) - _BIAS, 0
    else:
        exponent, coefficient = (bits >> 113 & 0x3FFF) - _BIAS, bits & (1 << 113) - 1
    return sign + _scientific(str(coefficient), exponent)


def _scientific(digits: str, exponent: int) -> str:
    adjusted = exponent + len(digits) - 1
    if exponent > 0 or adjusted < -6:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{fraction}E{adjusted:+}"
    if not exponent:
        return digits
    padded = digits.rjust(1 - exponent, "0")
    return f"{padded[:exponent]}.{padded[exponent:]}"


def date_text(milliseconds: int) -> str:
    """Return `2020-09-13T12:26:40.12Z`."""
    return f"{iso_moment(milliseconds * 1000)}Z"


def is_modern(milliseconds: int) -> bool:
    """Whether relaxed EJSON writes a date as text."""
    return 0 <= milliseconds <= _LAST_MODERN


DATES: dict[str, Callable[[int], bool]] = {
    "none": lambda milliseconds: False,
    "modern": is_modern,
    "all": lambda milliseconds: True,
}
"""Which dates are text, by `Mode.iso_dates`."""
