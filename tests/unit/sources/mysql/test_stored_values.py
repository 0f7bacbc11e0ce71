"""Decimals and datetimes from the octets of the binary log, against octets packed here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cdc.relational.column_type import function
from cdc.relational.floats import java_json
from cdc.sources.mysql.binlog.events import ColumnMap
from cdc.sources.mysql.types import temporal
from cdc.sources.mysql.types.modes import Modes
from cdc.sources.mysql.types.numbers import double, single, unscaled_reader
from cdc.sources.mysql.types.wire import DATETIME2, DOUBLE, FLOAT, TIMESTAMP2
from schemas.java_text import float_text

_OCTETS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)


def groups(digits: str) -> bytes:
    """Pack digits nine by nine, each group into four octets; the last one may be shorter."""
    parts = [digits[at : at + 9] for at in range(0, len(digits), 9)]
    return b"".join(int(part).to_bytes(_OCTETS[len(part)], "big") for part in parts)


def packed_decimal(unscaled: int, precision: int, scale: int) -> bytes:
    """Return what the server stores."""
    digits = str(abs(unscaled)).zfill(precision)
    whole, fraction = digits[: precision - scale], digits[precision - scale :]
    first = len(whole) % 9  # what is left over stands outside, on both sides
    octets = bytearray(groups(whole[:first]) + groups(whole[first:]) + groups(fraction))
    if unscaled < 0:
        octets = bytearray(octet ^ 0xFF for octet in octets)
    octets[0] ^= 0x80
    return bytes(octets)


@given(st.data())
def test_decimals(data: st.DataObject) -> None:
    precision = data.draw(st.integers(1, 65))
    scale = data.draw(st.integers(0, min(precision, 30)))
    unscaled = data.draw(st.integers(-(10**precision) + 1, 10**precision - 1))
    octets = packed_decimal(unscaled, precision, scale)
    assert unscaled_reader(precision, scale)(octets) == unscaled


@given(
    st.integers(0, 6),
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)),
)
def test_datetimes(digits: int, moment: datetime) -> None:
    unit = 10 ** (6 - digits)
    moment = moment.replace(microsecond=moment.microsecond // unit * unit)
    clock = moment.hour << 12 | moment.minute << 6 | moment.second
    value = 1 << 39 | ((moment.year * 13 + moment.month) << 5 | moment.day) << 17 | clock
    size = (digits + 1) // 2
    fraction = moment.microsecond // 10 ** (6 - 2 * size)
    octets = value.to_bytes(5, "big") + fraction.to_bytes(size, "big")
    mapped = ColumnMap(DATETIME2, digits, nullable=False)
    codec = temporal.datetime(6, Modes(adjust_years=False), 0).binlog(mapped).codec
    read: Any = function(codec.value, codec.scope)
    assert read(octets) == (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


@given(st.integers(0, 6), st.booleans(), st.integers(1, 2**32 - 1), st.integers(0, 999_999))
def test_timestamps(digits: int, shortest: bool, seconds: int, micros: int) -> None:
    size = (digits + 1) // 2
    octets = seconds.to_bytes(4, "big") + (micros // 10 ** (6 - 2 * size)).to_bytes(size, "big")
    forms = temporal.timestamp(6, Modes(), None, shortest=shortest)
    codec = forms.binlog(ColumnMap(TIMESTAMP2, digits, nullable=False)).codec
    read: Any = function(codec.value, codec.scope)
    fraction = f".{micros:06}"[: digits + 1] if digits else ""
    if shortest:
        fraction = fraction.rstrip("0").rstrip(".")
    assert read(octets) == f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"
    assert read(bytes(len(octets))) is None


@given(st.floats(allow_nan=False) | st.floats(-1e8, 1e8) | st.floats(-0.01, 0.01))
def test_doubles(value: float) -> None:
    codec = double(fixed=False).binlog(ColumnMap(DOUBLE, 8, nullable=False)).codec
    assert codec.json is not None
    assert function(codec.json, codec.scope)(value) == java_json(value)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False) | st.floats(-1e8, 1e8, width=32))
def test_floats(value: float) -> None:
    codec = single().binlog(ColumnMap(FLOAT, 4, nullable=False)).codec
    assert codec.json is not None
    assert function(codec.json, codec.scope)(value) == float_text(value)
