"""Options of the representation of values."""

from __future__ import annotations

from cdc import config as options
from cdc.relational.config.types import TypeOptions


class PostgresTypes(TypeOptions):
    """Types that only PostgreSQL has, besides the handling modes of all."""

    decimal_handling = TypeOptions.decimal_handling.documented("How NUMERIC and MONEY are represented.")
    binary_handling = TypeOptions.binary_handling.documented("How BYTEA is represented.")
    unavailable_placeholder = TypeOptions.unavailable_placeholder.documented(
        "What stands for an unchanged TOAST value; `hex:` starts octets."
    )
    interval_handling = options.choice(
        "interval.handling.mode",
        ("numeric", "string"),
        "numeric",
        doc="Intervals as microseconds or as ISO 8601 text.",
        group="Types",
    )
    hstore_handling = options.choice(
        "hstore.handling.mode", ("json", "map"), "json", doc="How HSTORE is represented.", group="Types"
    )
    money_fraction_digits = options.integer(
        "money.fraction.digits", 2, at_least=0, doc="Fraction digits of MONEY.", group="Types"
    )
    include_unknown_datatypes = options.boolean(
        "include.unknown.datatypes",
        False,
        doc="Carry values of unknown types as opaque bytes.",
        group="Types",
    )
