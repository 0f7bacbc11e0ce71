"""Options that choose what is captured; a source says how its tables are named."""

from __future__ import annotations

import re

from cdc import config as options
from cdc.capture.config.lists import patterns
from cdc.config import Config, Kind, Option
from cdc.filters import java_regex

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


class FilterOptions(Config):
    """Tables, columns, keys."""

    table_include = patterns("table.include.list", "Tables to capture; all by default.")
    table_exclude = patterns("table.exclude.list", "Tables not to capture.")
    column_include = patterns("column.include.list", "Columns to capture; all by default.")
    column_exclude = patterns("column.exclude.list", "Columns not to capture.")
    message_key_columns: Option[KeyColumns] = Option(
        "message.key.columns",
        Kind.STRING,
        _key_columns,
        (),
        doc="Columns to use as the key of some tables: `<table regex>:<column>,<column>;…`.",
        group="Filters",
    )
    skip_without_change = options.boolean(
        "skip.messages.without.change",
        False,
        doc="Leave out updates that change no captured column.",
        group="Filters",
    )
