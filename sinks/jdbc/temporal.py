"""Dates and times: from the numbers of a record to text that every database reads.

The text is ISO with a blank between date and time. Years outside 1 to 9999 and infinities are written the
way PostgreSQL reads them (`0044-03-15 BC`, `infinity`); the others refuse them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_US = 86_400_000_000
_ISO = re.compile(
    r"([+-]?\d{4,})-(\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?"
    r"\s*(Z|[+-]\d\d(?::?\d\d){0,2})?"
)
_DURATION = re.compile(
    r"(-?)P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)W)?(?:(-?\d+)D)?"
    r"(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d+)?)S)?)?"
)
# What Debezium writes for PostgreSQL's infinities, by unit: the driver's largest and smallest instants.
_PLUS_US, _MINUS_US = 9223372036825200000, -9223372036832400000
_LONG_MAX, _LONG_MIN = 2**63 - 1, -(2**63)
_INFINITE = {
    1: {_PLUS_US: "infinity", _MINUS_US: "-infinity", _LONG_MAX: "infinity", _LONG_MIN: "-infinity"},
    1000: {_PLUS_US // 1000: "infinity", _MINUS_US // 1000: "-infinity"},
}
_INFINITE_YEARS = {"+294247-01-10": "infinity", "-290308-12-21": "-infinity"}


@lru_cache(maxsize=4096)
def date_text(days: int) -> str:
    """Return the date that is `days` after 1970-01-01 (proleptic Gregorian calendar)."""
    if days >= 2**31 - 1:
        return "infinity"
    if days <= -(2**31):
        return "-infinity"
    year, month, day = _civil(days)
    if year > 0:
        return f"{year:04d}-{month:02d}-{day:02d}"
    return f"{1 - year:04d}-{month:02d}-{day:02d} BC"


def _civil(days: int) -> tuple[int, int, int]:
    era, of_era = divmod(days + 719468, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * of_year + 2) // 153
    day = of_year - (153 * march_month + 2) // 5 + 1
    month = march_month + 3 if march_month < 10 else march_month - 9
    return year_of_era + era * 400 + (month <= 2), month, day


@lru_cache(maxsize=100_000)
def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def time_text(micros: int) -> str:
    """Return a time of day; also below 0 and above 24 hours, as MySQL has them."""
    sign = "-" if micros < 0 else ""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    return f"{sign}{_clock(seconds)}.{fraction:06d}" if fraction else sign + _clock(seconds)


def timestamp_text(micros: int) -> str:
    """Return the timestamp that is `micros` after 1970-01-01 00:00:00, without zone."""
    days, rest = divmod(micros, DAY_US)
    seconds, fraction = divmod(rest, 1_000_000)
    date = date_text(days)
    clock = f"{_clock(seconds)}.{fraction:06d}" if fraction else _clock(seconds)
    return f"{date[:-3]} {clock} BC" if date.endswith("BC") else f"{date} {clock}"


class _Dates(dict[int, str]):
    """Days to their text, for years 1 to 9999; filled as it is asked."""

    def __missing__(self, days: int) -> str:
        if not _FIRST_DAY <= days <= _LAST_DAY:
            raise KeyError(days)
        if len(self) > 20_000:
            self.clear()
        text = self[days] = date_text(days)
        return text


_FIRST_DAY, _LAST_DAY = -719162, 2932896
_dates = _Dates()
_minutes = [f" {minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440)]


def timestamps(unit: int) -> Callable[[int], str]:
    """Return `timestamp_text` for values of which one is `unit` microseconds (0: nanoseconds)."""
    infinite = _INFINITE.get(unit, {_LONG_MAX: "infinity", _LONG_MIN: "-infinity"})

    def convert(value: int, micros: int) -> str:
        days, rest = divmod(micros, DAY_US)
        try:
            date = _dates[days]
        except KeyError:
            return infinite.get(value) or timestamp_text(micros)
        minute, rest = divmod(rest, 60_000_000)
        digits = "%08d" % rest  # noqa: UP031 - this is the faster way
        if digits.endswith("000000"):
            return f"{date}{_minutes[minute]}{digits[:2]}"
        return f"{date}{_minutes[minute]}{digits[:2]}.{digits[2:]}"

    if unit == 0:
        return lambda value: convert(value, value // 1000)
    return lambda value: convert(value, value * unit)


def iso_text(value: str) -> str:
    """Return an ISO date, or timestamp with its zone if it has one, in the form databases read.

    Raises ValueError when it is neither.
    """
    if value[:1].isdigit() and value[4:5] == "-":  # nearly always
        return value
    match = _ISO.fullmatch(value)
    if match is None:
        if value in ("infinity", "-infinity"):
            return value
        raise ValueError(f"{value!r} is not an ISO date or timestamp")
    year, day, clock, zone = match.groups()
    infinite = _INFINITE_YEARS.get(f"{year}-{day}")
    if infinite:
        return infinite
    number = int(year)
    text = f"{number if number > 0 else 1 - number:04d}-{day}"
    if clock:
        text += f" {clock}{zone or ''}"
    return text if number > 0 else f"{text} BC"


def iso_date(value: str) -> str:
    """Return the date of an IsoDate (`2016-11-04Z`)."""
    return iso_text(value.removesuffix("Z"))


def iso_local(value: str) -> str:
    """Return an IsoTimestamp (`2016-11-04T13:51:30.123456Z`) as a timestamp without zone."""
    text = iso_text(value)
    return text.replace("Z", "").replace("T", " ")


def iso_time(value: str) -> str:
    """Return an IsoTime without the `Z` that it ends in by convention."""
    return value.removesuffix("Z")


def wall_clock(zone: str) -> Callable[[str], str]:
    """Return the function that turns a zoned ISO timestamp into the wall clock of `zone`."""
    if zone in ("UTC", "Z", "GMT"):
        return _utc_wall_clock
    info = ZoneInfo(zone)

    def convert(value: str) -> str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return _utc_wall_clock(value)
        return moment.astimezone(info).replace(tzinfo=None).isoformat(" ")

    return convert


def _utc_wall_clock(value: str) -> str:
    if value[-1:] == "Z" and value[:1].isdigit():
        return value[:-1].replace("T", " ")
    text = iso_text(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text.replace("Z", "")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ") if moment.tzinfo else text


def instant(micros: int) -> str:
    """Return the zoned ISO text of microseconds since the epoch."""
    return (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
    )


def interval_text(micros: int) -> str:
    """Return a duration as PostgreSQL reads it; exact."""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    return f"{'-' if micros < 0 else ''}{seconds}.{fraction:06d} seconds"


def check_duration(value: str) -> str:
    """Return an ISO 8601 duration; raises ValueError when it is not one."""
    if _DURATION.fullmatch(value) is None:
        raise ValueError(f"{value!r} is not an ISO duration")
    return value
