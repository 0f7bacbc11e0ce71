"""Dates, times, datetimes, timestamps.

`zero` is what stands for zero and partial dates: a value in the form of the type, None, or `EPOCH`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from cdc.relational.column_type import interned
from cdc.relational.temporal import (
    SCOPE,
    ZONED_TIMESTAMP,
    TemporalForm,
    date_form,
    time_form,
    timestamp_form,
)
from cdc.sources.mysql.binlog.events import ColumnMap
from cdc.sources.mysql.types import old_temporal
from cdc.sources.mysql.types.forms import Forms, forms_by
from cdc.sources.mysql.types.modes import Modes
from cdc.sources.mysql.types.wire import DATETIME2, TIME2, TIMESTAMP, TIMESTAMP2
from schemas import calendar
from schemas.calendar import DAY, Memo
from schemas.table import Codec

Days = Callable[[int, int, int], "int | None"]

EPOCH: Any = object()
"""1970-01-01 in the form of the type."""


def days_of(year: int, month: int, day: int) -> int | None:
    """Return the days since 1970; None for zero and partial dates."""
    if not month or not day:
        return None
    return calendar.days_of(year, month, day)


def adjusted_days_of(year: int, month: int, day: int) -> int | None:
    """Return the same with `enable.time.adjuster`: years below 100 are those of 1970 to 2069."""
    if year < 100:
        year += 2000 if year < 70 else 1900
    return days_of(year, month, day)


def _days(modes: Modes) -> Days:
    return adjusted_days_of if modes.adjust_years else days_of


def _memo(kind: str, key: Hashable, compute: Callable[[Any], Any]) -> tuple[str, Any]:
    """Return a function of what repeats as a dict that fills itself."""
    return interned(kind, key, lambda: Memo(compute))


def _guarded(
    form: TemporalForm, test: str, number: str, text: str, zero: Any, scope: dict[str, Any]
) -> Codec:
    """Return the codec of a value that may be none at all: where `test` is false."""
    zero = _zero(form, zero)
    value, json = form.value(number, text), form.json(number, text)
    return Codec(
        f"({value}) if {test} else {zero!r}", f"({json}) if {test} else {_json(zero)!r}", {**scope, **SCOPE}
    )


def _zero(form: TemporalForm, zero: Any) -> Any:
    return form.epoch if zero is EPOCH else zero


def _json(value: int | str | None) -> str:
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


# -- date -----------------------------------------------------------------------------------------


def date(modes: Modes, zero: Any) -> Forms:
    """Return DATE."""
    form, days = date_form(modes.time), _days(modes)
    none = _zero(form, zero)

    def value(parts: tuple[int, int, int]) -> Any:
        number = days(*parts)
        if number is None:
            return none
        return number if form.unit is not None else calendar.iso_day(number) + "Z"

    key = (form.unit is None, modes.adjust_years, none)

    def codec(kind: str, parts: Callable[[Any], tuple[int, int, int]]) -> Codec:
        values, numbers = _memo(f"mysql_date_{kind}", key, lambda v: value(parts(v)))
        texts, written = _memo(f"mysql_date_{kind}_json", key, lambda v: _json(value(parts(v))))
        return Codec(f"{values}[v]", f"{texts}[v]", {values: numbers, texts: written})

    found = form.type(codec("text", _text_date), modes)
    return forms_by(found, lambda column: codec("binlog", _stored_date))


def _text_date(v: str) -> tuple[int, int, int]:
    return int(v[:4]), int(v[5:7]), int(v[8:10])


def _stored_date(v: bytes) -> tuple[int, int, int]:
    packed = int.from_bytes(v, "little")
    return packed >> 9, packed >> 5 & 15, packed & 31


# -- datetime -------------------------------------------------------------------------------------

_FRACTION_BITS = (0, 8, 8, 16, 16, 24, 24)
_FRACTION_UNIT = (0, 10_000, 10_000, 100, 100, 1, 1)
"""Microseconds that the last bit of a stored fraction is worth."""

_ISO = {"mysql_iso_moment": lambda micros: calendar.iso_moment(micros) + "Z"}


def datetime(precision: int, modes: Modes, zero: Any) -> Forms:
    """Return DATETIME(precision), as if it were UTC."""
    form, days = timestamp_form(precision, modes.time), _days(modes)
    text = _text_datetime(form, days, precision, modes, zero)

    def stored(column: ColumnMap) -> Codec:
        if column.type != DATETIME2:
            read = old_temporal.datetime_reader(days, precision)
            name, function = interned("mysql_old_datetime", (days, precision), lambda: read)
            test, number = f"(mysql_m := {name}(v)) is not None", "mysql_m"
            iso = "mysql_iso_moment(mysql_m)"
            return _guarded(form, test, number, iso, zero, {name: function, **_ISO})
        return _stored_datetime(form, days, column.metadata, modes, zero)

    return forms_by(form.type(text, modes), stored)


def _text_datetime(form: TemporalForm, days: Days, precision: int, modes: Modes, zero: Any) -> Codec:
    name, memo = _memo("mysql_text_day", modes.adjust_years, lambda v: _day_micros(days, *_text_date(v)))
    seconds = "int(float(v[17:]) * 1e6 + 0.5)" if precision else "int(v[17:]) * 1000000"
    number = f"(mysql_d + rel_minutes[v[11:16]] + {seconds})"
    scope = {name: memo, "rel_minutes": calendar.minutes, **_ISO}
    test = f"(mysql_d := {name}[v[:10]]) is not None"
    return _guarded(form, test, number, f"mysql_iso_moment({number})", zero, scope)


def _day_micros(days: Days, year: int, month: int, day: int) -> int | None:
    number = days(year, month, day)
    return None if number is None else number * DAY


def _stored_datetime(form: TemporalForm, days: Days, precision: int, modes: Modes, zero: Any) -> Codec:
    def of_packed(packed: int) -> int | None:
        year_month, day = packed >> 5, packed & 31
        return _day_micros(days, year_month // 13, year_month % 13, day)

    name, memo = _memo("mysql_packed_day", modes.adjust_years, of_packed)
    shift, unit = _FRACTION_BITS[precision], _FRACTION_UNIT[precision]
    fraction = f" + (mysql_n & {(1 << shift) - 1}){f' * {unit}' if unit > 1 else ''}" if shift else ""
    minute = f"mysql_minutes[mysql_n >> {6 + shift} & 2047]"
    second = f"(mysql_n{f' >> {shift}' if shift else ''} & 63) * 1000000"
    number = f"(mysql_d + {minute} + {second}{fraction})"
    test = f"(mysql_d := {name}[(mysql_n := mysql_number(v)) >> {17 + shift} & 4194303]) is not None"
    scope = {name: memo, "mysql_minutes": _MINUTES, "mysql_number": int.from_bytes, **_ISO}
    return _guarded(form, test, number, f"mysql_iso_moment({number})", zero, scope)


_MINUTES = tuple(((packed >> 6) * 60 + (packed & 63)) * 60_000_000 for packed in range(2048))
"""Microseconds by hours and minutes, packed into five and six bits."""


# -- time -----------------------------------------------------------------------------------------


def text_micros(v: str) -> int:
    """Return the microseconds of `[-]HHH:MM:SS[.ffffff]`."""
    hours, minutes, seconds = v.lstrip("-").split(":")
    micros = (int(hours) * 60 + int(minutes)) * 60_000_000 + calendar.seconds_micros(seconds)
    return -micros if v[0] == "-" else micros


def iso_time(micros: int) -> str:
    """Return `13:51:30.5Z`, with a sign below zero, and with more than 23 hours where there are more."""
    return f"{'-' if micros < 0 else ''}{calendar.clock(abs(micros))}Z"


def _stored_time_reader(precision: int) -> Callable[[bytes], int]:
    shift, unit = _FRACTION_BITS[precision], _FRACTION_UNIT[precision]
    zero, mask = 0x800000 << shift, (1 << shift) - 1

    def micros(v: bytes) -> int:
        packed = int.from_bytes(v, "big") - zero
        x = -packed if packed < 0 else packed
        clock = x >> shift
        total = ((clock >> 12) * 3600 + (clock >> 6 & 63) * 60 + (clock & 63)) * 1_000_000 + (x & mask) * unit
        return -total if packed < 0 else total

    return micros


def time(precision: int, modes: Modes) -> Forms:
    """Return TIME(precision): signed, up to 838 hours."""
    form = time_form(precision, modes.time)

    def codec(name: str, read: Callable[[Any], int]) -> Codec:
        scope = {name: read, "mysql_iso_time": iso_time}
        return form.codec(f"{name}(v)", f"mysql_iso_time({name}(v))", scope)

    def stored(column: ColumnMap) -> Codec:
        if column.type == TIME2:
            return codec(
                *interned("mysql_time", column.metadata, lambda: _stored_time_reader(column.metadata))
            )
        return codec(*interned("mysql_old_time", precision, lambda: old_temporal.time_reader(precision)))

    return forms_by(form.type(codec("mysql_text_micros", text_micros), modes), stored)


# -- timestamp ------------------------------------------------------------------------------------


def _minute(number: int) -> str:
    return calendar.iso_moment(number * 60_000_000)[:17]


_SECONDS = [f"{second:02}" for second in range(60)]
_ZONED = {"mysql_seconds": _SECONDS, "mysql_number": int.from_bytes}


def timestamp(precision: int, modes: Modes, zero: Any, *, shortest: bool = False) -> Forms:
    """Return TIMESTAMP(precision): ISO text in UTC.

    In the log its fraction has as many digits as declared, unless `shortest`, from a SELECT as few as will
    do: both as in Debezium.
    """
    form = ZONED_TIMESTAMP
    clock = "v[11:].rstrip('0').rstrip('.')" if precision else "v[11:]"
    text = _guarded(form, "v[5:7] != '00'", "", f"v[:10] + 'T' + {clock} + 'Z'", zero, {})

    def stored(column: ColumnMap) -> Codec:
        return _stored_timestamp(column, precision, zero, shortest)

    return forms_by(form.type(text, modes), stored)


def _stored_timestamp(column: ColumnMap, precision: int, zero: Any, shortest: bool) -> Codec:
    name, memo = _memo("mysql_minute", None, _minute)
    scope = {name: memo, **_ZONED}
    moment = f"{name}[mysql_n // 60] + mysql_seconds[mysql_n % 60]"
    if column.type == TIMESTAMP and not precision:
        return _guarded(ZONED_TIMESTAMP, "(mysql_n := v)", "", f"{moment} + 'Z'", zero, scope)
    digits = column.metadata if column.type == TIMESTAMP2 else precision
    shift = _FRACTION_BITS[digits]
    if not shift:
        test = "(mysql_n := mysql_number(v))"
        return _guarded(ZONED_TIMESTAMP, test, "", f"{moment} + 'Z'", zero, scope)
    # MySQL stores an even number of digits, MariaDB's old form the declared number.
    kept = digits + digits % 2 if column.type == TIMESTAMP2 else digits
    fraction = f"'.%0{kept}d' % (mysql_m & {(1 << shift) - 1})"
    if kept > digits:
        fraction = f"({fraction})[:{digits + 1}]"
    if shortest:
        fraction = f"({fraction}).rstrip('0').rstrip('.')"
    test = f"(mysql_n := (mysql_m := mysql_number(v)) >> {shift})"
    return _guarded(ZONED_TIMESTAMP, test, "", f"{moment} + {fraction} + 'Z'", zero, scope)
