"""Numbers as Java prints them: Double.toString and Float.toString (shortest digits, JDK 19 and later)."""

from __future__ import annotations

import math
import struct

_FLOAT32 = struct.Struct(">f")


def double_text(value: float) -> str:
    """Return Double.toString(value): `1.0`, `1.0E10`, `1.0E-5`, `NaN`, `Infinity`."""
    text = repr(value)
    if 0 < abs(value) < 1e-321 and "." not in text:
        # Where one digit tells a number apart, Java prints the nearest of two: 4.9E-324.
        text = f"{value:.1e}"
    return _java(text, value)


def float_text(value: float) -> str:
    """Return Float.toString of a value that fits a 32-bit float, with the fewest digits that do."""
    if not math.isfinite(value):
        return _java(repr(value), value)
    single = _FLOAT32.pack(value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if abs(float(text)) < 3.4028236e38 and _FLOAT32.pack(float(text)) == single:
            break
    if digits == 1 and abs(value) < 1e-43:
        text = f"{_FLOAT32.unpack(single)[0]:.1e}"
    return _java(repr(float(text)), float(text))


def _java(text: str, value: float) -> str:
    """Turn Python's shortest text into Java's notation."""
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    sign = "-" if text[0] == "-" else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return f"{sign}0.0"
    # The decimal point stands `point` digits behind the first significant digit.
    leading = len(whole.lstrip("0")) or len(fraction.lstrip("0")) - len(fraction)
    point = leading + int(exponent or 0)
    digits = digits.rstrip("0") or "0"
    if -3 < point <= 7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"
