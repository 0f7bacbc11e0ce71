"""Options about tables: their names, their columns, and what may be done to them."""

from __future__ import annotations

from collections.abc import Callable

from cdc.config import Config, Importance, boolean, choice, names, string
from sinks.jdbc.naming import STYLES

TABLES = "Tables"
AUTOMATIC = "automatic"
"""The default of options that the record decides about, when they are not given."""


class TableOptions(Config):
    """The part of the sink's options that says what tables look like."""

    table_format = string(
        "collection.name.format",
        "${topic}",
        doc="Name of the table: `${topic}` (dots become underscores) and fields of the record such "
        "as `${source.table}` or `${source.schema}`; a dot separates schema and table.",
        aliases=("table.name.format",),
        group=TABLES,
        importance=Importance.HIGH,
    )
    table_prefix = string("collection.naming.prefix", "", doc="Put before every table name.", group=TABLES)
    table_suffix = string("collection.naming.suffix", "", doc="Put after every table name.", group=TABLES)
    table_style = choice(
        "collection.naming.style", tuple(STYLES), "", doc="Spelling of table names.", group=TABLES
    )
    column_prefix = string("column.naming.prefix", "", doc="Put before every column name.", group=TABLES)
    column_suffix = string("column.naming.suffix", "", doc="Put after every column name.", group=TABLES)
    column_style = choice(
        "column.naming.style", tuple(STYLES), "", doc="Spelling of column names.", group=TABLES
    )
    quote_identifiers = boolean(
        "quote.identifiers",
        True,
        doc="false: names are written in lower case, as PostgreSQL reads names without quotes.",
        aliases=("quote.sql.identifiers",),
        group=TABLES,
    )
    evolution = choice(
        "schema.evolution",
        (AUTOMATIC, "none", "validate", "basic", "full"),
        AUTOMATIC,
        old={"validate-only": "validate"},
        doc="What may be done to tables: `none`, `validate` (check only), `basic` (create tables, add "
        "columns), `full` (also widen types and let columns be NULL). Not given: basic.",
        group=TABLES,
        importance=Importance.HIGH,
    )
    auto_create = choice(
        "auto.create",
        (AUTOMATIC, "true", "false"),
        AUTOMATIC,
        doc="Confluent's way to say whether missing tables are created.",
        group=TABLES,
    )
    auto_evolve = choice(
        "auto.evolve",
        (AUTOMATIC, "true", "false"),
        AUTOMATIC,
        doc="Confluent's way to say whether missing columns are added.",
        group=TABLES,
    )
    include_fields = names(
        "field.include.list",
        doc="The fields to write, as `field` or `topic:field`.",
        aliases=("fields.whitelist",),
        group=TABLES,
    )
    exclude_fields = names(
        "field.exclude.list", doc="The fields to leave out, as `field` or `topic:field`.", group=TABLES
    )

    @property
    def may_create(self) -> bool:
        """Whether missing tables are created."""
        return self._may(self.auto_create)

    @property
    def may_add(self) -> bool:
        """Whether missing columns are added."""
        return self._may(self.auto_evolve)

    @property
    def may_widen(self) -> bool:
        """Whether types of columns may be changed."""
        return self.evolution == "full"

    def _may(self, confluent: str) -> bool:
        if self.evolution != AUTOMATIC:
            return self.evolution in ("basic", "full")
        given = {self.auto_create, self.auto_evolve} != {AUTOMATIC}
        return confluent == "true" if given else True

    def column_name(self, field: str) -> str:
        """Return the column that a field goes to."""
        return self.column_prefix + STYLES[self.column_style](field) + self.column_suffix

    def field_filter(self, topic: str) -> Callable[[str], bool]:
        """Return the test whether a field of a topic is written."""
        include, exclude = set(self.include_fields), set(self.exclude_fields)
        if include:
            return lambda field: field in include or f"{topic}:{field}" in include
        return lambda field: field not in exclude and f"{topic}:{field}" not in exclude
