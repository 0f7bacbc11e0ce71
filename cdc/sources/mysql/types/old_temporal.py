"""Temporal values as servers stored them before MySQL 5.6, and MariaDB without `mysql56_temporal_format`.

Without a fraction they are decimal numbers (`YYYYMMDDhhmmss`, `hhmmss`); with one, MariaDB packs them
big-endian (`Field_datetime_hires`, `Field_time_hires`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.calendar import DAY

_SCALE = (1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)
"""Microseconds of the last digit of a fraction."""

_TIME_RANGE = 838 * 3600 + 59 * 60 + 59


def datetime_reader(
    days: Callable[[int, int, int], int | None], precision: int
) -> Callable[[Any], int | None]:
    """Return the function to microseconds since 1970, None for zero and partial dates."""

    def decimal(v: int) -> int | None:
        day, clock = divmod(v, 1_000_000)
        number = days(day // 10_000, day // 100 % 100, day % 100)
        return None if number is None else number * DAY + _clock(clock) * 1_000_000

    def packed(v: bytes) -> int | None:
        rest, fraction = divmod(int.from_bytes(v, "big"), 10**precision)
        rest, second = divmod(rest, 60)
        rest, minute = divmod(rest, 60)
        rest, hour = divmod(rest, 24)
        rest, day = divmod(rest, 32)
        number = days(rest // 13, rest % 13, day)
        if number is None:
            return None
        clock = (hour * 60 + minute) * 60 + second
        micros: int = number * DAY + clock * 1_000_000 + fraction * _SCALE[precision]
        return micros

    return packed if precision else decimal


def time_reader(precision: int) -> Callable[[bytes], int]:
    """Return the function to signed microseconds."""
    # What is stored is shifted so that it is never negative.
    zero = (_TIME_RANGE + 1) * 10**precision

    def decimal(v: bytes) -> int:
        number = int.from_bytes(v, "little", signed=True)
        micros = _clock(abs(number)) * 1_000_000
        return -micros if number < 0 else micros

    def packed(v: bytes) -> int:
        shifted: int = int.from_bytes(v, "big") - zero
        return shifted * _SCALE[precision]

    return packed if precision else decimal


def _clock(hhmmss: int) -> int:
    return hhmmss // 10_000 * 3600 + hhmmss // 100 % 100 * 60 + hhmmss % 100
