"""Dates, times, timestamps and intervals.

Text forms are those of `DateStyle=ISO`, `IntervalStyle=postgres` and `TimeZone=UTC`. Fast paths raise
ValueError on anything but the everyday form; the exact ones take over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cdc.relational.column_type import ColumnType
from cdc.sources.postgres.types import calendar
from cdc.sources.postgres.types.modes import Modes
from schemas import logical
from schemas.connect import Type
from schemas.table import Codec

_DATE_NAMES = {"connect": logical.CONNECT_DATE}

# Fields are slices of `YYYY-MM-DD HH:MM:SS[.ffffff]`; longer years move the blank.
_MICROS = (
    "(pg_days[v[:10]] * 86400000000 + pg_minutes[v[11:16]] + int(float(v[17:]) * 1e6 + 0.5))"
    " if v[10:11] == ' ' and v[-1] != 'C' else pg_micros(v)"
)
_MICROS_SCOPE = {
    "pg_days": calendar.days,
    "pg_minutes": calendar.minutes,
    "pg_micros": calendar.timestamp_micros,
}


def date(modes: Modes) -> ColumnType:
    """Return date."""
    if modes.time == "isostring":
        return _iso(
            logical.ISO_DATE,
            "v + 'Z' if len(v) == 10 else pg_iso_date(v)",
            {"pg_iso_date": calendar.iso_date},
            "1970-01-01Z",
            modes,
        )
    schema = logical.semantic(Type.INT32, _DATE_NAMES.get(modes.time, logical.DATE))
    scope = {"pg_days": calendar.days, "pg_days_json": calendar.days_json}
    return ColumnType(schema, Codec("pg_days[v]", "pg_days_json[v]", scope), 0, 0)


def _iso(name: str, expression: str, scope: dict[str, Any], epoch: str, modes: Modes) -> ColumnType:
    """Return a type whose value is ASCII text without anything to escape."""
    schema = logical.semantic(Type.STRING, name)
    codec = Codec(expression, f"'\"' + ({expression}) + '\"'", scope)
    return ColumnType(schema, codec, epoch, modes.placeholder_text)


def _number(kind: Type, name: str, value: str, scope: dict[str, Any]) -> ColumnType:
    """Return a type whose value is an integer."""
    return ColumnType(logical.semantic(kind, name), Codec(value, f"str({value})", scope), 0, 0)


def time(typmod: int, modes: Modes) -> ColumnType:
    """Return time without time zone; `24:00:00` is a value of its own."""
    micros = "pg_minutes[v[:5]] + int(float(v[6:]) * 1e6 + 0.5)"
    scope: dict[str, Any] = {"pg_minutes": calendar.minutes}
    short = 0 <= typmod <= 3
    if modes.time == "isostring":
        return _iso(logical.ISO_TIME, "v + 'Z'", {}, "00:00:00Z", modes)
    if modes.time == "nanoseconds":
        return _number(Type.INT64, logical.NANO_TIME, f"({micros}) * 1000", scope)
    if modes.time == "connect":
        return _number(Type.INT32, logical.CONNECT_TIME, f"({micros}) // 1000", scope)
    if modes.time == "adaptive" and short:
        return _number(Type.INT32, logical.TIME, f"({micros}) // 1000", scope)
    return _number(Type.INT64, logical.MICRO_TIME, micros, scope)


def timestamp(typmod: int, modes: Modes) -> ColumnType:
    """Return timestamp without time zone; infinity is what Debezium's JDBC driver makes of it."""
    short = 0 <= typmod <= 3
    if modes.time == "isostring":
        return _iso(
            logical.ISO_TIMESTAMP,
            "f'{v[:10]}T{v[11:]}Z' if v[10:11] == ' ' and v[-1] != 'C' else pg_iso_timestamp(v)",
            {"pg_iso_timestamp": calendar.iso_timestamp},
            "1970-01-01T00:00:00Z",
            modes,
        )
    if modes.time == "nanoseconds":
        scope = {**_MICROS_SCOPE, "pg_nanos": calendar.nanos}
        return _number(Type.INT64, logical.NANO_TIMESTAMP, f"pg_nanos({_MICROS})", scope)
    if modes.time == "connect":
        return _number(Type.INT64, logical.CONNECT_TIMESTAMP, f"({_MICROS}) // 1000", _MICROS_SCOPE)
    if modes.time in ("adaptive", "adaptive_time_microseconds") and short:
        return _number(Type.INT64, logical.TIMESTAMP, f"({_MICROS}) // 1000", _MICROS_SCOPE)
    return _number(Type.INT64, logical.MICRO_TIMESTAMP, _MICROS, _MICROS_SCOPE)


def zoned_timestamp(typmod: int, modes: Modes) -> ColumnType:
    """Return timestamptz: ISO text in UTC, the fraction padded to the declared precision."""
    digits = 6 if typmod < 0 else typmod
    zone = 20 + digits if digits else 19
    everyday = f"v[{zone}:] == '+00' and v[10] == ' '"
    slow = f"pg_zoned_{digits}"
    codec = Codec(
        f"f'{{v[:10]}}T{{v[11:-3]}}Z' if {everyday} else {slow}(v)",
        f"f'\"{{v[:10]}}T{{v[11:-3]}}Z\"' if {everyday} else f'\"{{{slow}(v)}}\"'",
        {slow: _ZONED[digits]},
    )
    schema = logical.semantic(Type.STRING, logical.ZONED_TIMESTAMP)
    return ColumnType(schema, codec, "1970-01-01T00:00:00Z", modes.placeholder_text)


def _zoned(digits: int) -> Callable[[str], str]:
    def zoned(v: str) -> str:
        if v[-3:] == "+00" and v[10:11] == " ":
            return f"{v[:10]}T{calendar.pad_fraction(v[11:-3], digits)}Z"
        return calendar.zoned_timestamp(v, digits)

    return zoned


_ZONED = [_zoned(digits) for digits in range(7)]


def zoned_time(modes: Modes) -> ColumnType:
    """Return timetz: ISO text in UTC."""
    scope = {"pg_zoned_time": calendar.zoned_time}
    return _iso(logical.ZONED_TIME, "pg_zoned_time(v)", scope, "00:00:00Z", modes)


def interval(modes: Modes) -> ColumnType:
    """Return interval by `interval.handling.mode`."""
    if modes.interval == "string":
        scope: dict[str, Any] = {"pg_iso_interval": calendar.iso_interval}
        return _iso(logical.INTERVAL, "pg_iso_interval(v)", scope, "P0Y0M0DT0H0M0S", modes)
    scope = {"pg_interval": calendar.interval_micros}
    return _number(Type.INT64, logical.MICRO_DURATION, "pg_interval(v)", scope)
