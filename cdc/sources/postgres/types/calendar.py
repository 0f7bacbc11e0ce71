"""The arithmetic of PostgreSQL's dates, times and intervals, on their ISO text."""

from __future__ import annotations

import re

from schemas.calendar import (
    DAY,
    INT64,
    Memo,
    clock,
    days_of,
    iso_day,
    iso_moment,
    minutes,
    pad_fraction,
    seconds_micros,
)

MONTH = 2_629_800_000_000
"""Microseconds of an average month, 30.4375 days, as Debezium counts intervals."""

INT32 = (-(2**31), 2**31 - 1)
INFINITE_MILLIS = (-9223372036832400000 // 1000, 9223372036825200000 // 1000)
"""What the PostgreSQL JDBC driver, and so Debezium, takes for the infinities."""

_DATE = re.compile(r"(\d{4,})-(\d\d)-(\d\d)")
_TIMESTAMP = re.compile(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d):(\d\d(?:\.\d+)?)(?:\+00)?( BC)?")
_TIMETZ = re.compile(r"(\d\d:\d\d):(\d\d(?:\.\d+)?)([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?")
_INTERVAL = re.compile(
    r"(?:([+-]?\d+) years?)? ?(?:([+-]?\d+) mons?)? ?(?:([+-]?\d+) days?)? ?"
    r"(?:([+-])?(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?"
)


def date_days(text: str) -> int:
    """Return the days since 1970 of a date's text; infinity saturates."""
    if text[-3:] == "ity":
        return INT32[text[0] != "-"]
    matched = _DATE.match(text)
    if matched is None:
        raise ValueError(f"{text!r} is not a date")
    year = int(matched[1])
    return days_of(1 - year if text.endswith("BC") else year, int(matched[2]), int(matched[3]))


days = Memo(date_days)
"""Days since 1970 by the text of a date."""

days_json = Memo(lambda text: str(date_days(text)))
"""The same as JSON."""


def iso_date(text: str) -> str:
    """Return `2016-11-04Z`."""
    return iso_day(date_days(text)) + "Z"


def _micros(text: str) -> int | None:
    """Return the microseconds since 1970 of a timestamp's text; None for the infinities."""
    if text[-3:] == "ity":
        return None
    matched = _TIMESTAMP.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is not a timestamp")
    day = date_days(matched[1] + (matched[4] or ""))
    return day * DAY + minutes[matched[2]] + seconds_micros(matched[3])


def timestamp_micros(text: str) -> int:
    """Return the microseconds since 1970; infinity is the JDBC driver's."""
    micros = _micros(text)
    return INFINITE_MILLIS[text[0] != "-"] * 1000 if micros is None else micros


def iso_timestamp(text: str) -> str:
    """Return `2016-11-04T13:51:30.123456Z`, for any year and infinity."""
    return iso_moment(timestamp_micros(text)) + "Z"


def zoned_timestamp(text: str, digits: int) -> str:
    """Return a timestamptz in UTC as ISO text; the infinities keep their names."""
    micros = _micros(text)
    if micros is None:
        return text
    return pad_fraction(iso_moment(micros), digits) + "Z"


def zoned_time(text: str) -> str:
    """Return a timetz in UTC; the end of the day stays `24:00:00` where it is one in UTC."""
    if text[-3:] == "+00":
        return text[:-3] + "Z"
    matched = _TIMETZ.fullmatch(text)
    if matched is None:
        raise ValueError(f"{text!r} is not a time with time zone")
    offset = (int(matched[4]) * 60 + int(matched[5] or 0)) * 60 + int(matched[6] or 0)
    local = minutes[matched[1]] + seconds_micros(matched[2])
    return clock((local + (-offset if matched[3] == "+" else offset) * 1_000_000) % DAY) + "Z"


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
    time = (hours * 60 + minute) * 60_000_000 + micros
    total = (years * 12 + months) * MONTH + day * DAY + (-time if sign == "-" else time)
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
