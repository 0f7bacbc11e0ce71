"""Columns of a table version, from what wire and catalog say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdc.relational.columns import ColumnMaker
from cdc.relational.modes import parse_placeholder
from cdc.sources.postgres.catalog import CatalogColumn
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.enum_labels import Labels
from cdc.sources.postgres.types import TYPE_QUERY, Modes, TypeCatalog, resolve
from cdc.sources.postgres.types.catalog import Kind
from cdc.sources.postgres.types.defaults import schema_default
from cdc.sources.postgres.types.source_type import source_type
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
        self._types, self._modes = types, handling
        self._maker = ColumnMaker(config)
        self.adjusted = self._maker.adjusted

    def labels(self, type_oid: int) -> Labels | None:
        """Return the labels of an enum, or of an array of one; None for any other type."""
        try:
            root, _ = self._types[type_oid].root(-1)
        except KeyError:
            return None
        of, _ = (root.element or root).root(-1)
        if of.kind is not Kind.ENUM:
            return None
        return Labels(of.oid, of.labels, root.delimiter if root.element is not None else "")

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
        expression = known.default if known is not None else None
        return self._maker.make(
            table,
            spec.name,
            found,
            optional=not spec.in_key and not (known is not None and known.not_null),
            default=schema_default(expression, info, spec.type_modifier, found),
            type_name=known.type_name if known is not None else "",
            source_type=source_type(info, spec.type_modifier, default=expression),
            masked=masked,
        )
