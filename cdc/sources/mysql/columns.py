"""Columns of a table version, in each of the wire forms, from the definition of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cdc.relational.column_type import ColumnType
from cdc.relational.columns import ColumnMaker, SourceType
from cdc.relational.config import RelationalConfig
from cdc.relational.modes import parse_placeholder
from cdc.sources.mysql.binlog.events import ColumnMap
from cdc.sources.mysql.converters import Converted, Converter, converted
from cdc.sources.mysql.types import Modes, resolve
from cdc.sources.mysql.types.modes import BigintUnsignedMode
from schemas.definition import ColumnDefinition
from schemas.table import Column, TableId


def modes(config: RelationalConfig, bigint_unsigned: BigintUnsignedMode, *, adjust_years: bool) -> Modes:
    """Return the value-related options of a config, with those that only MySQL and MariaDB have."""
    return Modes(
        decimal=config.decimal_handling,  # type: ignore[arg-type]
        time=config.time_precision,  # type: ignore[arg-type]
        binary=config.binary_handling,  # type: ignore[arg-type]
        placeholder=parse_placeholder(config.unavailable_placeholder),
        bigint_unsigned=bigint_unsigned,
        adjust_years=adjust_years,
    )


@dataclass(frozen=True, slots=True)
class ColumnFactory:
    """Make the columns of events.

    comments: whether they go into schemas (`include.schema.comments`). converters: the first that takes a
    column decides.
    """

    maker: ColumnMaker
    modes: Modes
    comments: bool = False
    converters: Sequence[Converter] = ()

    def text(self, table: TableId, column: ColumnDefinition, *, masked: bool = True) -> Column | None:
        """Return a column as a SELECT gives it; None for a type that there is not. Keys are not masked."""
        found = self._resolved(table, column)
        return None if found is None else self._make(table, column, found, found.forms.text, masked)

    def logged(
        self, table: TableId, column: ColumnDefinition, mapped: ColumnMap, *, masked: bool = True
    ) -> Column | None:
        """Return a column as row events have it."""
        found = self._resolved(table, column)
        return None if found is None else self._make(table, column, found, found.forms.binlog(mapped), masked)

    def _resolved(self, table: TableId, column: ColumnDefinition) -> Converted | None:
        name = f"{table.catalog}.{table.table}.{column.name}"
        for converter in self.converters:
            taken = converter.convert(name, column, self.modes)
            if taken is not None:
                return taken
        found = resolve(column, self.modes)
        return None if found is None else converted(found, column, self.modes)

    def _make(
        self, table: TableId, column: ColumnDefinition, resolved: Converted, found: ColumnType, masked: bool
    ) -> Column:
        if self.comments and column.comment:
            found = replace(found, schema=replace(found.schema, doc=column.comment))
        return self.maker.make(
            f"{table.catalog}.{table.table}",
            column.name,
            found,
            optional=resolved.optional,
            default=resolved.default,
            type_name=column.type_name,
            source_type=SourceType(column.type_name, column.length, column.scale),
            masked=masked,
        )
