"""Options that choose what is captured."""

from __future__ import annotations

from cdc.capture.config.lists import patterns
from cdc.relational.config.filters import FilterOptions


class PostgresFilters(FilterOptions):
    """Schemas and logical messages, besides tables and columns."""

    table_include = FilterOptions.table_include.documented(
        "Tables (`schema.table`) to capture; all by default."
    )
    table_exclude = FilterOptions.table_exclude.documented("Tables (`schema.table`) not to capture.")
    column_include = FilterOptions.column_include.documented(
        "Columns (`schema.table.column`) to capture; all by default."
    )
    column_exclude = FilterOptions.column_exclude.documented(
        "Columns (`schema.table.column`) not to capture."
    )
    skip_without_change = FilterOptions.skip_without_change.documented(
        "Leave out updates that change no captured column (needs REPLICA IDENTITY FULL)."
    )
    message_prefix_include = patterns(
        "message.prefix.include.list", "Prefixes of the logical messages to capture; all by default."
    )
    message_prefix_exclude = patterns(
        "message.prefix.exclude.list", "Prefixes of the logical messages not to capture."
    )
    schema_include = patterns("schema.include.list", "Schemas to capture; all by default.")
    schema_exclude = patterns("schema.exclude.list", "Schemas not to capture.")
