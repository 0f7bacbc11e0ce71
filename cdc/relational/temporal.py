"""Dates, times and timestamps, by `time.precision.mode`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdc.relational.column_type import ColumnType
from cdc.relational.modes import HandlingModes, TimeMode
from schemas import calendar, logical
from schemas.connect import Schema, Type
from schemas.table import Codec

_DAYS, _MICROS, _MILLIS = "{}", "{}", "({}) // 1000"
# The clock's nanoseconds always fit.
_NANOS, _NANOS_OF_CLOCK = "rel_nanos({})", "({}) * 1000"


@dataclass(frozen=True, slots=True)
class TemporalForm:
    """How dates or times look in events: numbers, or ASCII text without anything to escape.

    unit: the expression over a number of days (dates) or microseconds that gives the value; None for
    text. epoch: 1970-01-01 or midnight in this form.
    """

    schema: Schema
    unit: str | None
    epoch: Any

    def value(self, number: str, text: str) -> str:
        """Return the expression of the value, from those of days or microseconds and of ISO text."""
        return text if self.unit is None else self.unit.format(number)

    def json(self, number: str, text: str) -> str:
        """Return the expression of the value's JSON."""
        value = self.value(number, text)
        return f"'\"' + ({value}) + '\"'" if self.unit is None else f"str({value})"

    def codec(self, number: str, text: str, scope: Mapping[str, Any]) -> Codec:
        """Return the codec; both expressions are over `v`."""
        return Codec(self.value(number, text), self.json(number, text), {**scope, **SCOPE})

    def type(self, codec: Codec, modes: HandlingModes) -> ColumnType:
        """Return the column type in this form; `codec` is what `codec` gave, or the source's own."""
        unavailable = modes.placeholder_text if self.unit is None else 0
        return ColumnType(self.schema, codec, self.epoch, unavailable)


SCOPE: Mapping[str, Any] = {"rel_nanos": calendar.nanos}
"""What the expressions of forms need; for codecs that sources build around them."""


def text_form(name: str, epoch: str) -> TemporalForm:
    """Return the form of a semantic type whose value is text."""
    return TemporalForm(logical.semantic(Type.STRING, name), None, epoch)


def number_form(kind: Type, name: str, unit: str = "{}") -> TemporalForm:
    """Return the form of a semantic type whose value is a number."""
    return TemporalForm(logical.semantic(kind, name), unit, 0)


ZONED_TIMESTAMP = text_form(logical.ZONED_TIMESTAMP, "1970-01-01T00:00:00Z")
ZONED_TIME = text_form(logical.ZONED_TIME, "00:00:00Z")


def date_form(mode: TimeMode) -> TemporalForm:
    """Return the form of dates: from days since 1970, or from text as in `1970-01-01Z`."""
    if mode == "isostring":
        return text_form(logical.ISO_DATE, "1970-01-01Z")
    return number_form(Type.INT32, logical.CONNECT_DATE if mode == "connect" else logical.DATE, _DAYS)


def time_form(precision: int, mode: TimeMode) -> TemporalForm:
    """Return the form of times of day: from microseconds, or from text as in `00:00:00Z`."""
    if mode == "isostring":
        return text_form(logical.ISO_TIME, "00:00:00Z")
    if mode == "nanoseconds":
        return number_form(Type.INT64, logical.NANO_TIME, _NANOS_OF_CLOCK)
    if mode == "connect":
        return number_form(Type.INT32, logical.CONNECT_TIME, _MILLIS)
    if mode == "adaptive" and precision <= 3:
        return number_form(Type.INT32, logical.TIME, _MILLIS)
    return number_form(Type.INT64, logical.MICRO_TIME, _MICROS)


def timestamp_form(precision: int, mode: TimeMode) -> TemporalForm:
    """Return the form of timestamps without zone: from microseconds, or text as in `1970-01-01T00:00:00Z`."""
    if mode == "isostring":
        return text_form(logical.ISO_TIMESTAMP, "1970-01-01T00:00:00Z")
    if mode == "nanoseconds":
        return number_form(Type.INT64, logical.NANO_TIMESTAMP, _NANOS)
    if mode == "connect":
        return number_form(Type.INT64, logical.CONNECT_TIMESTAMP, _MILLIS)
    if mode in ("adaptive", "adaptive_time_microseconds") and precision <= 3:
        return number_form(Type.INT64, logical.TIMESTAMP, _MILLIS)
    return number_form(Type.INT64, logical.MICRO_TIMESTAMP, _MICROS)
