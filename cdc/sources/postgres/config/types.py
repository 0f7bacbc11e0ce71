"""Options of the representation of values."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Config, Kind, Options
from cdc.filters import parse_patterns
from cdc.sources.postgres.config.lists import patterns


class TypeOptions(Config):
    """Handling modes, masks, propagated types."""

    decimal_handling = options.choice(
        "decimal.handling.mode",
        ("precise", "double", "string"),
        "precise",
        doc="How NUMERIC and MONEY are represented.",
        group="Types",
    )
    time_precision = options.choice(
        "time.precision.mode",
        ("adaptive", "adaptive_time_microseconds", "connect", "isostring", "microseconds", "nanoseconds"),
        "adaptive",
        doc="How dates and times are represented.",
        group="Types",
    )
    binary_handling = options.choice(
        "binary.handling.mode",
        ("bytes", "base64", "base64-url-safe", "hex"),
        "bytes",
        doc="How BYTEA is represented.",
        group="Types",
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
    unavailable_placeholder = options.string(
        "unavailable.value.placeholder",
        "__debezium_unavailable_value",
        doc="What stands for an unchanged TOAST value; `hex:` starts octets.",
        group="Types",
    )
    column_mask = Options(
        "column.mask.with.<length>.chars",
        r"column\.mask\.with\.(\d+)\.chars",
        Kind.LIST,
        parse_patterns,
        doc="Columns whose value becomes that many asterisks.",
        group="Types",
    )
    column_truncate = Options(
        "column.truncate.to.<length>.chars",
        r"column\.truncate\.to\.(\d+)\.chars",
        Kind.LIST,
        parse_patterns,
        doc="Columns whose value is cut to that many characters.",
        group="Types",
    )
    column_hash = Options(
        "column.mask.hash.<algorithm>.with.salt.<salt>",
        r"column\.mask\.(hash(?:\.v2)?)\.([^.]+)\.with\.salt\.(.+)",
        Kind.LIST,
        parse_patterns,
        doc="Columns whose value becomes its salted hash (`hash.v2` hashes the bytes of the text).",
        group="Types",
    )
    column_propagate_source_type = patterns(
        "column.propagate.source.type", "Columns whose source type goes into schema parameters.", "Types"
    )
    datatype_propagate_source_type = patterns(
        "datatype.propagate.source.type", "Types whose name goes into schema parameters.", "Types"
    )
