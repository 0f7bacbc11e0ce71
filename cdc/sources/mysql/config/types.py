"""Options of the representation of values."""

from __future__ import annotations

from cdc import config as options
from cdc.relational.config.types import TypeOptions, time_modes
from cdc.sources.mysql.types.modes import BIGINT_UNSIGNED_MODES, MYSQL_TIME_MODES


class BinlogTypes(TypeOptions):
    """Types that only MySQL and MariaDB have, besides the handling modes of all."""

    time_precision = time_modes(MYSQL_TIME_MODES, "adaptive_time_microseconds")
    unavailable_placeholder = TypeOptions.unavailable_placeholder.documented(
        "What stands for an unchanged value that a short row image (binlog_row_image) leaves out; `hex:` "
        "starts octets."
    )
    bigint_unsigned_handling = options.choice(
        "bigint.unsigned.handling.mode",
        BIGINT_UNSIGNED_MODES,
        "long",
        doc="BIGINT UNSIGNED as 64-bit number, which is negative above 2^63 - 1, or as exact decimal.",
        group="Types",
    )
    enable_time_adjuster = options.boolean(
        "enable.time.adjuster",
        True,
        doc="Whether years below 100 mean 1970 to 2069.",
        group="Types",
    )
