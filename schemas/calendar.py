"""The proleptic Gregorian calendar in days and microseconds since 1970, and its ISO text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DAY = 86_400_000_000
"""Microseconds of a day."""

INT64 = (-(2**63), 2**63 - 1)
_MEMO_LIMIT = 20_000


class Memo(dict[str, T]):
    """A function of texts that repeat, such as dates; bounded."""

    def __init__(self, compute: Callable[[str], T]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, text: str) -> T:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        value = self[text] = self._compute(text)
        return value


minutes = {f"{h:02}:{m:02}": (h * 60 + m) * 60_000_000 for h in range(25) for m in range(60)}
"""Microseconds of the day by `HH:MM`, `24:00` included."""


def days_of(year: int, month: int, day: int) -> int:
    """Return the days since 1970; year 0 is 1 BC."""
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def civil(number: int) -> tuple[int, int, int]:
    """Return year, month and day of a day since 1970."""
    era, of_era = divmod(number + 719468, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    day = of_year - (153 * shifted + 2) // 5 + 1
    return year_of_era + era * 400 + (month <= 2), month, day


def iso_day(number: int) -> str:
    """Return `2016-11-04` for a day since 1970; years as ISO 8601 and java.time write them."""
    year, month, day = civil(number)
    return f"{f'{year:04}' if 0 <= year <= 9999 else f'{year:+05}'}-{month:02}-{day:02}"


def iso_moment(micros: int) -> str:
    """Return `2016-11-04T13:51:30.123456` for microseconds since 1970."""
    number, rest = divmod(micros, DAY)
    return f"{iso_day(number)}T{clock(rest)}"


def clock(micros: int) -> str:
    """Return `13:51:30.123456` for microseconds of a day; the fraction without trailing zeros."""
    seconds, fraction = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:06}".rstrip("0") if fraction else text


def pad_fraction(text: str, digits: int) -> str:
    """Fill the fraction of a clock's text up to this many digits."""
    if not digits:
        return text
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(digits, '0')}"


def seconds_micros(text: str) -> int:
    """Return the microseconds of `SS[.ffffff]`."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 1_000_000 + int(fraction.ljust(6, "0") or 0)


def nanos(micros: int) -> int:
    """Return nanoseconds; what does not fit saturates."""
    return min(max(micros * 1000, INT64[0]), INT64[1])
