"""Columns of a table version: type, optionality, default, documentation, masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdc.filters import matches_any
from cdc.sources.postgres.catalog import CatalogColumn
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.types import TYPE_QUERY, Modes, TypeCatalog, parse_placeholder, resolve
from schemas.connect import Schema
from schemas.naming import adjust_field
from schemas.table import Column

if TYPE_CHECKING:
    from psycopg import Connection


def modes(config: PostgresConfig, money_scale: int) -> Modes:
    """Return the value-related options of a config."""
    return Modes(
        decimal=config.decimal_handling,  # type: ignore[arg-type]
        time=config.time_precision,  # type: ignore[arg-type]
        binary=config.binary_handling,  # type: ignore[arg-type]
        interval=config.interval_handling,  # type: ignore[arg-type]
        hstore=config.hstore_handling,  # type: ignore[arg-type]
        money_fraction_digits=config.money_fraction_digits,
        money_scale=money_scale,
        include_unknown=config.include_unknown_datatypes,
        placeholder=parse_placeholder(config.unavailable_placeholder),
    )


def type_catalog(connection: Connection) -> TypeCatalog:
    """Return a catalog of types that asks this connection."""
    query = TYPE_QUERY.replace("$1", "%s").encode()

    def fetch(oids: Sequence[int]) -> list[tuple[Any, ...]]:
        return connection.execute(query, (list(oids),)).fetchall()

    return TypeCatalog(fetch)


class ColumnFactory:
    """Make columns from what the wire and the catalog say about them."""

    def __init__(self, config: PostgresConfig, types: TypeCatalog, handling: Modes) -> None:
        self._config, self._types, self._modes = config, types, handling

    def make(
        self,
        name: str,
        type_oid: int,
        type_modifier: int,
        known: CatalogColumn | None,
        *,
        in_key: bool,
    ) -> Column | None:
        """Return the column; None when its type is left out.

        known: what the catalog has under that name now; None when the column is gone. in_key: part
        of the primary key, so never optional.
        """
        try:
            found = resolve(self._types[type_oid], type_modifier, self._modes)
        except KeyError:
            return None
        if found is None:
            return None
        optional = not in_key and not (known is not None and known.not_null)
        return Column(
            name=self.adjusted(name),
            schema=self._schema(found.schema, known, optional=optional),
            codec=found.codec,
            type_name=known.type_name if known is not None else "",
            fallback=None if optional else found.fallback,
            unavailable=found.unavailable,
        )

    def _schema(self, schema: Schema, known: CatalogColumn | None, *, optional: bool) -> Schema:
        comment = known.comment if known is not None and self._config.include_schema_comments else None
        return replace(schema, optional=optional, doc=comment) if optional or comment else schema

    def adjusted(self, name: str) -> str:
        """Return the field name of a column."""
        return adjust_field(name, self._config.field_name_adjustment)

    def is_propagated(self, column: str, type_name: str) -> bool:
        """Whether the source type of a column goes into its schema's parameters."""
        return matches_any(self._config.column_propagate_source_type, column) or matches_any(
            self._config.datatype_propagate_source_type, type_name
        )
