"""Options that choose what is captured."""

from __future__ import annotations

from cdc import config as options
from cdc.capture.config.lists import patterns
from cdc.config import Importance
from cdc.relational.config.filters import FilterOptions


class BinlogFilters(FilterOptions):
    """Databases, besides tables and columns."""

    database_include = patterns("database.include.list", "Databases to capture; all by default.")
    database_exclude = patterns("database.exclude.list", "Databases not to capture.")
    table_include = FilterOptions.table_include.documented(
        "Tables (`database.table`) to capture; all by default."
    )
    table_exclude = FilterOptions.table_exclude.documented("Tables (`database.table`) not to capture.")
    column_include = FilterOptions.column_include.documented(
        "Columns (`database.table.column`) to capture; all by default."
    )
    column_exclude = FilterOptions.column_exclude.documented(
        "Columns (`database.table.column`) not to capture."
    )
    ignore_builtin = options.boolean(
        "table.ignore.builtin",
        True,
        doc="Leave out the tables of the server's own databases (mysql, sys …).",
        group="Filters",
        importance=Importance.LOW,
    )
