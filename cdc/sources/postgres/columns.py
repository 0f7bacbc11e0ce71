"""Columns of a table version: type, optionality, default, documentation, masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdc.filters import matches_any
from cdc.relational.column_type import ColumnType
from cdc.relational.config import Patterns
from cdc.relational.masks import Hash, Mask, Stars, Truncate
from cdc.relational.modes import parse_placeholder
from cdc.sources.postgres.catalog import CatalogColumn
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.types import (
    TYPE_QUERY,
    Modes,
    TypeCatalog,
    TypeInfo,
    resolve,
)
from cdc.sources.postgres.types.defaults import schema_default
from cdc.sources.postgres.types.source_type import datatype_name, source_parameters
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


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What the wire says of a column, and the catalog of the one that has its name now.

    known: None when the column is gone. in_key: part of the primary key, so never optional.
    """

    name: str
    type_oid: int
    type_modifier: int
    known: CatalogColumn | None
    in_key: bool


class ColumnFactory:
    """Make the columns of events."""

    def __init__(self, config: PostgresConfig, types: TypeCatalog, handling: Modes) -> None:
        self._config, self._types, self._modes = config, types, handling
        self._masks = masks(config)

    def make(self, table: str, spec: ColumnSpec, *, masked: bool) -> Column | None:
        """Return the column of `schema.table`; None when its type is left out.

        masked: whether masks apply, as they do in values; keys are not masked.
        """
        try:
            info = self._types[spec.type_oid]
        except KeyError:
            return None
        found = resolve(info, spec.type_modifier, self._modes)
        if found is None:
            return None
        known = spec.known
        optional = not spec.in_key and not (known is not None and known.not_null)
        expression = known.default if known is not None else None
        default = schema_default(expression, info, spec.type_modifier, found)
        full_name = f"{table}.{spec.name}"
        schema = replace(found.schema, optional=optional, default=default)
        if masked:
            found = self._mask(full_name, replace(found, schema=schema))
            schema = found.schema.with_parameters(self._source_type(table, full_name, spec, info))
        return Column(
            name=self.adjusted(spec.name),
            schema=schema,
            codec=found.codec,
            type_name=known.type_name if known is not None else "",
            fallback=None if optional else found.fallback if default is None else default,
            unavailable=found.unavailable,
        )

    def _mask(self, full_name: str, found: ColumnType) -> ColumnType:
        for patterns, mask in self._masks:
            if mask.covers(found) and matches_any(patterns, full_name):
                return mask.apply(found)
        return found

    def _source_type(self, table: str, full_name: str, spec: ColumnSpec, info: TypeInfo) -> dict[str, str]:
        config = self._config
        if not (config.column_propagate_source_type or config.datatype_propagate_source_type):
            return {}
        default = spec.known.default if spec.known is not None else None
        type_name = f"{table}.{datatype_name(info, default)}"
        if matches_any(config.column_propagate_source_type, full_name) or matches_any(
            config.datatype_propagate_source_type, type_name
        ):
            return source_parameters(info, spec.type_modifier, spec.name, default=default)
        return {}

    def adjusted(self, name: str) -> str:
        """Return the field name of a column."""
        return adjust_field(name, self._config.field_name_adjustment)


def masks(config: PostgresConfig) -> list[tuple[Patterns, Mask]]:
    """Return the column mappers of a config with the columns that they are for."""
    found: list[tuple[Patterns, Mask]] = []
    for length, columns in config.column_mask.items():
        found.append((columns, Stars(int(length))))
    for length, columns in config.column_truncate.items():
        found.append((columns, Truncate(int(length))))
    for name, columns in config.column_hash.items():
        version, algorithm, salt = name.split(" ", 2)
        found.append((columns, Hash(algorithm, salt, 2 if version == "hash.v2" else 1)))
    return found
