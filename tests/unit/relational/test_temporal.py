"""time.precision.mode: which schema, and which number, a kind and precision get."""

from __future__ import annotations

import pytest

from cdc.relational.column_type import function
from cdc.relational.modes import HandlingModes, TimeMode
from cdc.relational.temporal import TemporalForm, date_form, time_form, timestamp_form
from schemas.calendar import Memo, civil, clock, days_of, iso_day, iso_moment

MICROS = 3_723_004_005


def seen(form: TemporalForm) -> tuple[str, object, str]:
    """Return name, value and JSON of MICROS in a form; the wire form is the number itself."""
    codec = form.type(form.codec("v", "'T' + str(v)", {}), HandlingModes()).codec
    assert codec.json is not None
    value = function(codec.value, codec.scope)(MICROS)
    return str(form.schema.name).rpartition(".")[2], value, function(codec.json, codec.scope)(MICROS)


@pytest.mark.parametrize(
    ("mode", "precision", "want"),
    [
        ("adaptive", 3, ("Time", 3_723_004, "3723004")),
        ("adaptive", 4, ("MicroTime", MICROS, str(MICROS))),
        ("adaptive_time_microseconds", 0, ("MicroTime", MICROS, str(MICROS))),
        ("microseconds", 0, ("MicroTime", MICROS, str(MICROS))),
        ("nanoseconds", 0, ("NanoTime", MICROS * 1000, str(MICROS * 1000))),
        ("connect", 6, ("Time", 3_723_004, "3723004")),
        ("isostring", 6, ("IsoTime", f"T{MICROS}", f'"T{MICROS}"')),
    ],
)
def test_times(mode: TimeMode, precision: int, want: tuple[str, object, str]) -> None:
    assert seen(time_form(precision, mode)) == want


@pytest.mark.parametrize(
    ("mode", "precision", "want"),
    [
        ("adaptive", 3, ("Timestamp", 3_723_004)),
        ("adaptive_time_microseconds", 3, ("Timestamp", 3_723_004)),
        ("adaptive_time_microseconds", 4, ("MicroTimestamp", MICROS)),
        ("microseconds", 3, ("MicroTimestamp", MICROS)),
        ("nanoseconds", 3, ("NanoTimestamp", MICROS * 1000)),
        ("connect", 6, ("Timestamp", 3_723_004)),
        ("isostring", 6, ("IsoTimestamp", f"T{MICROS}")),
    ],
)
def test_timestamps(mode: TimeMode, precision: int, want: tuple[str, object]) -> None:
    assert seen(timestamp_form(precision, mode))[:2] == want


def test_dates() -> None:
    assert date_form("connect").schema.name == "org.apache.kafka.connect.data.Date"
    assert date_form("nanoseconds").schema.name == "io.debezium.time.Date"
    assert date_form("isostring").epoch == "1970-01-01Z"


@pytest.mark.parametrize("day", [-719_528, -1, 0, 59, 11_016, 2_932_896])
def test_days_and_back(day: int) -> None:
    assert days_of(*civil(day)) == day


def test_iso_text() -> None:
    assert iso_day(0) == "1970-01-01"
    assert iso_day(-719_529) == "-0001-12-31"
    assert iso_day(2_932_897) == "+10000-01-01"
    assert iso_moment(-1) == "1969-12-31T23:59:59.999999"
    assert clock(MICROS) == "01:02:03.004005"
    assert clock(1_500_000) == "00:00:01.5"


def test_a_memo_is_bounded() -> None:
    asked: list[str] = []
    memo = Memo(lambda text: asked.append(text) or len(text))
    assert [memo["a"], memo["a"], memo["bb"]] == [1, 1, 2]
    assert asked == ["a", "bb"]
    for number in range(30_000):
        memo[str(number)]
    assert len(memo) <= 20_000
