"""Options of the representation of values."""

from __future__ import annotations

from collections.abc import Sequence

from cdc import config as options
from cdc.capture.config.lists import patterns
from cdc.config import Config, Kind, Option, Options
from cdc.filters import parse_patterns
from cdc.relational.modes import BINARY_MODES, DECIMAL_MODES, DEFAULT_PLACEHOLDER, TIME_MODES


def time_modes(allowed: Sequence[str], default: str) -> Option[str]:
    """Declare `time.precision.mode`: not every source has all of its values."""
    doc = "How dates and times are represented."
    return options.choice("time.precision.mode", allowed, default, doc=doc, group="Types")


class TypeOptions(Config):
    """Handling modes, masks, propagated types."""

    decimal_handling = options.choice(
        "decimal.handling.mode",
        DECIMAL_MODES,
        "precise",
        doc="How exact decimals are represented.",
        group="Types",
    )
    time_precision = time_modes(TIME_MODES, "adaptive")
    binary_handling = options.choice(
        "binary.handling.mode",
        BINARY_MODES,
        "bytes",
        doc="How octets are represented.",
        group="Types",
    )
    unavailable_placeholder = options.string(
        "unavailable.value.placeholder",
        DEFAULT_PLACEHOLDER,
        doc="What stands for an unchanged value that the log does not carry; `hex:` starts octets.",
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
