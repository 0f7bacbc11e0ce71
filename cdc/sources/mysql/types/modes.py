"""The handling modes of MySQL and MariaDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdc.relational.modes import TIME_MODES, HandlingModes, TimeMode

BigintUnsignedMode = Literal["long", "precise"]
BIGINT_UNSIGNED_MODES: tuple[BigintUnsignedMode, ...] = ("long", "precise")

MYSQL_TIME_MODES: tuple[TimeMode, ...] = tuple(mode for mode in TIME_MODES if mode != "adaptive")
"""`adaptive` is refused, as in Debezium."""


@dataclass(frozen=True, slots=True)
class Modes(HandlingModes):
    """The value-related options of one connector.

    bigint_unsigned: `bigint.unsigned.handling.mode`. adjust_years: `enable.time.adjuster`: years below 100
    are those of 1970 to 2069.
    """

    time: TimeMode = "adaptive_time_microseconds"
    bigint_unsigned: BigintUnsignedMode = "long"
    adjust_years: bool = True
