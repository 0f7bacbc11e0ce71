"""The arithmetic of PostgreSQL's dates, times and intervals, on their ISO text."""

from __future__ import annotations

import re

DAY = 86_400_000_000
MONTH = 2_629_800_000_000
"""Microseconds of an average month, 30.4375 days, as Debezium counts intervals."""

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
INFINITE_MILLIS = (-9223372036832400000 // 1000, 9223372036825200000 // 1000)
"""What the PostgreSQL JDBC driver, and so Debezium, takes for the infinities."""

_MEMO_LIMIT = 20_000

_DATE = re.compile(r"(\d{4,})-(\d\d)-(\d\d)")
_TIMESTAMP = re.compile(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d):(\d\d(?:\.\d+)?)(?:\+00)?( BC)?")
_TIMETZ = re.compile(r"(\d\d:\d\d):(\d\d(?:\.\d+)?)([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?")
_INTERVAL = re.compile(
    r"(?:([+-]?\d+) years?)? ?(?:([+-]?\d+) mons?)? ?(?:([+-]?\d+) days?)? ?"
    r"(?:([+-])?(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?"
)


class Days(dict[str, int]):
    """Days since 1970 by the text of a date; a memo, since dates repeat."""

    def __missing__(self, text: str) -> int:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        value = self[text] = date_days(text)
        return value


class DaysText(dict[str, str]):
    """The same as JSON."""

    def __missing__(self, text: str) -> str:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        value = self[text] = str(date_days(text))
        return value


days = Days()
days_json = DaysText()
minutes = {f"{h:02}:{m:02}": (h * 60 + m) * 60_000_000 for h in range(25) for m in range(60)}
"""Microseconds of the day by `HH:MM`, `24:00` included."""


def date_days(text: str) -> int:
    """Return the days since 1970 of a date's text; infinity saturates."""
    if text[-3:] == "ity":
        return INT32[text[0] != "-"]
    matched = _DATE.match(text)
    if matched is None:
        raise ValueError(f"{text!r} is not a date")
    year = int(matched[1])
    return days_of(1 - year if text.endswith("BC") else year, int(matched[2]), int(matched[3]))


def days_of(year: int, month: int, day: int) -> int:
    """Return the days since 1970 in the proleptic Gregorian calendar; year 0 is 1 BC."""
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


def _year(year: int) -> str:
    """Write a year as ISO 8601 and java.time do."""
    return f"{year:04}" if 0 <= year <= 9999 else f"{year:+05}"


def iso_date(text: str) -> str:
    """Return `2016-11-04Z`."""
    year, month, day = civil(date_days(text))
    return f"{_year(year)}-{month:02}-{day:02}Z"


def _micros(text: str) -> int | None:
    """Return the microseconds since 1970 of a timestamp's text; None for the infinities."""
    if text[-3:] == "ity":
        return None
    matched = _TIMESTAMP.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is not a timestamp")
    day = date_days(matched[1] + (matched[4] or ""))
    return day * DAY + minutes[matched[2]] + seconds_micros(matched[3])


def seconds_micros(text: str) -> int:
    """Return the microseconds of `SS[.ffffff]`."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 1_000_000 + int(fraction.ljust(6, "0") or 0)


def timestamp_micros(text: str) -> int:
    """Return the microseconds since 1970; infinity is the JDBC driver's."""
    micros = _micros(text)
    return INFINITE_MILLIS[text[0] != "-"] * 1000 if micros is None else micros


def nanos(micros: int) -> int:
    """Return nanoseconds; what does not fit saturates, as infinity does."""
    return min(max(micros * 1000, INT64[0]), INT64[1])


def iso_timestamp(text: str) -> str:
    """Return `2016-11-04T13:51:30.123456Z`, for any year and infinity."""
    return _iso(timestamp_micros(text))


def zoned_timestamp(text: str, digits: int) -> str:
    """Return a timestamptz in UTC as ISO text; the infinities keep their names."""
    micros = _micros(text)
    if micros is None:
        return text
    return pad_fraction(_iso(micros)[:-1], digits) + "Z"


def pad_fraction(text: str, digits: int) -> str:
    """Fill the fraction of a clock's text up to this many digits."""
    if not digits:
        return text
    clock, _, fraction = text.partition(".")
    return f"{clock}.{fraction.ljust(digits, '0')}"


def _iso(micros: int) -> str:
    number, rest = divmod(micros, DAY)
    year, month, day = civil(number)
    return f"{_year(year)}-{month:02}-{day:02}T{_clock(rest)}Z"


def _clock(micros: int) -> str:
    seconds, fraction = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:06}".rstrip("0") if fraction else text


def zoned_time(text: str) -> str:
    """Return a timetz in UTC; the end of the day stays `24:00:00` where it is one in UTC."""
    if text[-3:] == "+00":
        return text[:-3] + "Z"
    matched = _TIMETZ.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is not a time with time zone")
    offset = (int(matched[4]) * 60 + int(matched[5] or 0)) * 60 + int(matched[6] or 0)
    local = minutes[matched[1]] + seconds_micros(matched[2])
    return _clock((local + (-offset if matched[3] == "+" else offset) * 1_000_000) % DAY) + "Z"


def _interval_parts(text: str) -> tuple[int, int, int, str, int, int, int] | None:
    """Return years, months, days, sign of the clock, hours, minutes, microseconds; None: infinite."""
    if text[-3:] == "ity":
        return None
    matched = _INTERVAL.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is not an interval")
    years, months, day = (int(matched[i] or 0) for i in (1, 2, 3))
    micros = int(matched[7] or 0) * 1_000_000 + int((matched[8] or "").ljust(6, "0"))
    return years, months, day, matched[4] or "", int(matched[5] or 0), int(matched[6] or 0), micros


def interval_micros(text: str) -> int:
    """Return the length of an interval by average months; saturates, as infinity does."""
    parts = _interval_parts(text)
    if parts is None:
        return INT64[text[0] != "-"]
    years, months, day, sign, hours, minute, micros = parts
    clock = (hours * 60 + minute) * 60_000_000 + micros
    total = (years * 12 + months) * MONTH + day * DAY + (-clock if sign == "-" else clock)
    return min(max(total, INT64[0]), INT64[1])


def iso_interval(text: str) -> str:
    """Return `P1Y2M3DT4H5M6.78S`; the infinities keep their names."""
    parts = _interval_parts(text)
    if parts is None:
        return text
    years, months, day, sign, hours, minute, micros = parts
    minus = "-" if sign == "-" else ""

    def signed(text: str) -> str:
        return minus + text if text.strip("0.") else "0"

    seconds, fraction = divmod(micros, 1_000_000)
    second = f"{seconds}.{fraction:06}".rstrip("0").rstrip(".")
    return f"P{years}Y{months}M{day}DT{signed(str(hours))}H{signed(str(minute))}M{signed(second)}S"
