"""The handling modes that only PostgreSQL's types have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdc.relational.modes import HandlingModes


@dataclass(frozen=True, slots=True)
class Modes(HandlingModes):
    """The value-related options of one connector, under the names of their fields in Debezium.

    money_scale: the fraction digits of the database's own lc_monetary (see
    `catalog.MONEY_SCALE_QUERY`); money_fraction_digits: those of the events.
    """

    interval: Literal["numeric", "string"] = "numeric"
    hstore: Literal["json", "map"] = "json"
    money_fraction_digits: int = 2
    money_scale: int = 2
    include_unknown: bool = False
