"""Dates, times, timestamps and intervals.

Text forms are those of `DateStyle=ISO`, `IntervalStyle=postgres` and `TimeZone=UTC`. Fast paths raise
ValueError on anything but the everyday form; the exact ones take over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cdc.relational.column_type import ColumnType
from cdc.relational.temporal import (
    ZONED_TIME,
    ZONED_TIMESTAMP,
    date_form,
    number_form,
    text_form,
    time_form,
    timestamp_form,
)
from cdc.sources.postgres.types import calendar
from cdc.sources.postgres.types.modes import Modes
from schemas import logical
from schemas.calendar import minutes, pad_fraction
from schemas.connect import Type
from schemas.table import Codec

# Fields are slices of `YYYY-MM-DD HH:MM:SS[.ffffff]`; longer years move the blank.
_TIMESTAMP_MICROS = (
    "((pg_days[v[:10]] * 86400000000 + pg_minutes[v[11:16]] + int(float(v[17:]) * 1e6 + 0.5))"
    " if v[10:11] == ' ' and v[-1] != 'C' else pg_micros(v))"
)
_TIMESTAMP_TEXT = "f'{v[:10]}T{v[11:]}Z' if v[10:11] == ' ' and v[-1] != 'C' else pg_iso_timestamp(v)"
_TIMESTAMP_SCOPE = {
    "pg_days": calendar.days,
    "pg_minutes": minutes,
    "pg_micros": calendar.timestamp_micros,
    "pg_iso_timestamp": calendar.iso_timestamp,
}
_TIME_MICROS = "(pg_minutes[v[:5]] + int(float(v[6:]) * 1e6 + 0.5))"


def date(modes: Modes) -> ColumnType:
    """Return date."""
    form = date_form(modes.time)
    if modes.time == "isostring":
        everyday = "v + 'Z' if len(v) == 10 else pg_iso_date(v)"
        return form.type(form.codec("", everyday, {"pg_iso_date": calendar.iso_date}), modes)
    scope = {"pg_days": calendar.days, "pg_days_json": calendar.days_json}
    return form.type(Codec("pg_days[v]", "pg_days_json[v]", scope), modes)


def time(typmod: int, modes: Modes) -> ColumnType:
    """Return time without time zone; `24:00:00` is a value of its own."""
    form = time_form(_precision(typmod), modes.time)
    return form.type(form.codec(_TIME_MICROS, "v + 'Z'", {"pg_minutes": minutes}), modes)


def timestamp(typmod: int, modes: Modes) -> ColumnType:
    """Return timestamp without time zone; infinity is what Debezium's JDBC driver makes of it."""
    form = timestamp_form(_precision(typmod), modes.time)
    return form.type(form.codec(_TIMESTAMP_MICROS, _TIMESTAMP_TEXT, _TIMESTAMP_SCOPE), modes)


def _precision(typmod: int) -> int:
    return 6 if typmod < 0 else typmod


def zoned_timestamp(typmod: int, modes: Modes) -> ColumnType:
    """Return timestamptz: ISO text in UTC, the fraction padded to the declared precision."""
    digits = _precision(typmod)
    zone = 20 + digits if digits else 19
    everyday = f"v[{zone}:] == '+00' and v[10] == ' '"
    slow = f"pg_zoned_{digits}"
    codec = Codec(
        f"f'{{v[:10]}}T{{v[11:-3]}}Z' if {everyday} else {slow}(v)",
        f"f'\"{{v[:10]}}T{{v[11:-3]}}Z\"' if {everyday} else f'\"{{{slow}(v)}}\"'",
        {slow: _ZONED[digits]},
    )
    return ZONED_TIMESTAMP.type(codec, modes)


def _zoned(digits: int) -> Callable[[str], str]:
    def zoned(v: str) -> str:
        if v[-3:] == "+00" and v[10:11] == " ":
            return f"{v[:10]}T{pad_fraction(v[11:-3], digits)}Z"
        return calendar.zoned_timestamp(v, digits)

    return zoned


_ZONED = [_zoned(digits) for digits in range(7)]


def zoned_time(modes: Modes) -> ColumnType:
    """Return timetz: ISO text in UTC."""
    codec = ZONED_TIME.codec("", "pg_zoned_time(v)", {"pg_zoned_time": calendar.zoned_time})
    return ZONED_TIME.type(codec, modes)


def interval(modes: Modes) -> ColumnType:
    """Return interval by `interval.handling.mode`."""
    if modes.interval == "string":
        form = text_form(logical.INTERVAL, "P0Y0M0DT0H0M0S")
    else:
        form = number_form(Type.INT64, logical.MICRO_DURATION)
    scope: dict[str, Any] = {
        "pg_interval": calendar.interval_micros,
        "pg_iso_interval": calendar.iso_interval,
    }
    return form.type(form.codec("pg_interval(v)", "pg_iso_interval(v)", scope), modes)
