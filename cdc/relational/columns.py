"""Columns of a table version: optionality, default, masks, the source's type."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cdc.filters import matches_any
from cdc.relational.column_type import ColumnType
from cdc.relational.config import RelationalConfig
from cdc.relational.masks import masks
from schemas.naming import adjust_field
from schemas.table import Column


@dataclass(frozen=True, slots=True)
class SourceType:
    """A column's type in the database's words, its length and scale as Debezium has them from JDBC."""

    name: str
    length: int | None = None
    scale: int | None = None
    comment: str | None = None

    def parameters(self, column: str) -> dict[str, str]:
        """Return the schema parameters that say it."""
        found = {
            "type": self.name.upper(),
            "length": None if self.length is None else str(self.length),
            "scale": None if self.scale is None else str(self.scale),
            "comment": self.comment,
            "name": column,
        }
        return {f"__debezium.source.column.{key}": value for key, value in found.items() if value}


class ColumnMaker:
    """Make the columns of events from their types."""

    def __init__(self, config: RelationalConfig) -> None:
        self._config = config
        self._masks = masks(config)

    def make(
        self,
        table: str,
        name: str,
        found: ColumnType,
        *,
        optional: bool,
        default: Any,
        type_name: str,
        source_type: SourceType,
        masked: bool,
    ) -> Column:
        """Return the column of a table, which is given by its full name.

        default: the schema's, None for none. masked: whether masks apply, and the source's type is told:
        both are for values, not for keys.
        """
        schema = replace(found.schema, optional=optional, default=default)
        if masked:
            found = self._mask(f"{table}.{name}", replace(found, schema=schema))
            schema = found.schema.with_parameters(self._propagated(table, name, source_type))
        return Column(
            name=self.adjusted(name),
            schema=schema,
            codec=found.codec,
            type_name=type_name,
            fallback=None if optional else found.fallback if default is None else default,
            unavailable=found.unavailable,
        )

    def _mask(self, full_name: str, found: ColumnType) -> ColumnType:
        for patterns, mask in self._masks:
            if mask.covers(found) and matches_any(patterns, full_name):
                return mask.apply(found)
        return found

    def _propagated(self, table: str, name: str, source_type: SourceType) -> dict[str, str]:
        by_column = self._config.column_propagate_source_type
        by_type = self._config.datatype_propagate_source_type
        if matches_any(by_column, f"{table}.{name}") or matches_any(by_type, f"{table}.{source_type.name}"):
            return source_type.parameters(name)
        return {}

    def adjusted(self, name: str) -> str:
        """Return the field name of a column."""
        return adjust_field(name, self._config.field_name_adjustment)
