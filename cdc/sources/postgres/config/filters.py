"""Options that choose what is captured."""

from __future__ import annotations

import re

from cdc import config as options
from cdc.config import Config, Importance, Kind, Option
from cdc.filters import java_regex
from cdc.sources.postgres.config.lists import patterns

HIGH, LOW = Importance.HIGH, Importance.LOW
KeyColumns = tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]


def _key_columns(text: str) -> KeyColumns:
    found = []
    for entry in filter(None, map(str.strip, text.split(";"))):
        table, colon, columns = entry.rpartition(":")
        if not colon or not columns.strip():
            raise ValueError(f"{entry!r} is not of the form <table regex>:<column>,<column>")
        names = tuple(column.strip() for column in columns.split(","))
        found.append((java_regex(table.strip(), re.IGNORECASE), names))
    return tuple(found)


def _operations(text: str) -> frozenset[str]:
    words = {word.strip().lower() for word in text.split(",") if word.strip()}
    if not words <= {"c", "u", "d", "t", "none"}:
        raise ValueError("Operations must be of c, u, d, t, or none")
    return frozenset(words - {"none"})


class FilterOptions(Config):
    """Tables, columns, operations, keys."""

    message_prefix_include = patterns(
        "message.prefix.include.list", "Prefixes of the logical messages to capture; all by default."
    )
    message_prefix_exclude = patterns(
        "message.prefix.exclude.list", "Prefixes of the logical messages not to capture."
    )
    schema_include = patterns("schema.include.list", "Schemas to capture; all by default.")
    schema_exclude = patterns("schema.exclude.list", "Schemas not to capture.")
    table_include = patterns("table.include.list", "Tables (`schema.table`) to capture; all by default.")
    table_exclude = patterns("table.exclude.list", "Tables (`schema.table`) not to capture.")
    column_include = patterns(
        "column.include.list", "Columns (`schema.table.column`) to capture; all by default."
    )
    column_exclude = patterns("column.exclude.list", "Columns (`schema.table.column`) not to capture.")
    message_key_columns: Option[KeyColumns] = Option(
        "message.key.columns",
        Kind.STRING,
        _key_columns,
        (),
        doc="Columns to use as the key of some tables: `<table regex>:<column>,<column>;…`.",
        group="Filters",
    )
    skipped_operations = Option(
        "skipped.operations",
        Kind.LIST,
        _operations,
        frozenset({"t"}),
        doc="Operations not to capture while streaming: c, u, d, t, or none.",
        group="Filters",
    )
    skip_without_change = options.boolean(
        "skip.messages.without.change",
        False,
        doc="Leave out updates that change no captured column (needs REPLICA IDENTITY FULL).",
        group="Filters",
    )
