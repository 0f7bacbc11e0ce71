"""Doubles, decimals and dates as the Java driver prints them."""

from __future__ import annotations

import struct
from collections.abc import Callable

from schemas import java_text
from schemas.calendar import iso_day

_BIAS = 6176
_COEFFICIENT = (1 << 49) - 1
_HALVES = struct.Struct("<QQ").unpack
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
    low, high = _HALVES(octets)
    exponent, coefficient = (high >> 49 & 0x3FFF) - _BIAS, (high & _COEFFICIENT) << 64 | low
    kind = high >> 58 & 0x1F
    sign = "-" if high >> 63 else ""
    if kind >= 0x18:  # not a canonical number
        if kind >= 0x1E:
            return "NaN" if kind == 0x1F else f"{sign}Infinity"
        exponent, coefficient = (high >> 47 & 0x3FFF) - _BIAS, 0
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


class _Days(dict[int, str]):
    """ISO dates by day since 1970; bounded."""

    def __missing__(self, day: int) -> str:
        if len(self) > 20_000:
            self.clear()
        text = self[day] = f"{iso_day(day)}T"
        return text


_days = _Days()
_minutes = [f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]


def date_text(milliseconds: int) -> str:
    """Return `2020-09-13T12:26:40.12Z`: the fraction without trailing zeros."""
    day, rest = divmod(milliseconds, 86_400_000)
    minute, rest = divmod(rest, 60_000)
    second, fraction = divmod(rest, 1000)
    if fraction:
        return f"{_days[day]}{_minutes[minute]}{second:02}.{fraction:03}".rstrip("0") + "Z"
    return f"{_days[day]}{_minutes[minute]}{second:02}Z"


def is_modern(milliseconds: int) -> bool:
    """Whether relaxed EJSON writes a date as text."""
    return 0 <= milliseconds <= _LAST_MODERN


DATES: dict[str, Callable[[int], bool]] = {
    "none": lambda milliseconds: False,
    "modern": is_modern,
    "all": lambda milliseconds: True,
}
"""Which dates are text, by `Mode.iso_dates`."""
