"""Which tables are captured, and their versions: from filters, catalog, types and key settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdc.batch import Header, SourceBlock
from cdc.filters import matches_any, name_filter
from cdc.sources.postgres.catalog import Catalog, CatalogColumn, CatalogTable, TableDetails
from cdc.sources.postgres.columns import ColumnFactory, ColumnSpec
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.copy_rows import CopyLayout
from cdc.sources.postgres.relation import Relation
from cdc.sources.postgres.tuples import SHORT, TupleLayout, WireColumn
from cdc.sources.postgres.versions import SOURCE_SCHEMA, TableVersion, source_block
from cdc.topics import TopicNames
from schemas.envelope import EventSchema, event_schema
from schemas.naming import adjust
from schemas.table import Table, TableId


@dataclass(frozen=True, slots=True)
class SnapshotTable:
    """A table to read: its place in the catalog, the columns to select, and its version.

    key_columns: those that chunks can be cut along; empty where there is no primary key.
    """

    catalog: CatalogTable
    selected: tuple[str, ...]
    key_columns: tuple[str, ...]
    version: TableVersion
    layout: CopyLayout


class CapturedTables:
    """Make table versions for snapshot and stream."""

    def __init__(
        self,
        config: PostgresConfig,
        catalog: Catalog,
        columns: ColumnFactory,
        topics: TopicNames,
        headers: Sequence[Header],
    ) -> None:
        self._config, self._catalog, self._columns = config, catalog, columns
        self._topics, self._headers = topics, headers
        self._blocks: dict[tuple[TableId, str], SourceBlock] = {}
        self._schema_wanted = name_filter(config.schema_include, config.schema_exclude)
        self._table_wanted = name_filter(config.table_include, config.table_exclude)
        self._column_wanted = name_filter(config.column_include, config.column_exclude)

    def wants(self, schema: str, table: str) -> bool:
        """Whether a table is captured."""
        return self._schema_wanted(schema) and self._table_wanted(f"{schema}.{table}")

    def tables(self) -> list[CatalogTable]:
        """Return the captured tables there are now."""
        return [t for t in self._catalog.tables() if self.wants(t.schema, t.name)]

    def unmatched_columns(self, tables: Sequence[CatalogTable]) -> list[str]:
        """Return the entries of the column lists and key settings that match nothing."""
        names = [f"{t.full_name}.{c.name}" for t in tables for c in self._catalog.details(t.oid).columns]
        lists = {
            "column.include.list": self._config.column_include,
            "column.exclude.list": self._config.column_exclude,
        }
        return [
            f"{option}: {pattern.pattern}"
            for option, patterns in lists.items()
            for pattern in patterns
            if not any(pattern.fullmatch(name) for name in names)
        ]

    def stream_version(self, relation: Relation) -> TableVersion | None:
        """Return the version that a Relation message starts; None when it is not captured."""
        if not self.wants(relation.schema, relation.table):
            return None
        details = self._catalog.details(relation.oid)
        specs = [
            self._spec(details, c.name, c.type_oid, c.type_modifier, details.column(c.name))
            for c in relation.columns
        ]
        identity = [c.name for c in relation.columns if c.in_identity]
        key = details.key or (identity if relation.identity == "d" else ())
        table = self._table(relation.schema, relation.table, specs, key)
        fields = zip(relation.columns, self._fields(table, specs), strict=True)
        wire = [WireColumn(field, column.type_oid in SHORT) for column, field in fields]
        layout = TupleLayout(table, wire, key_only=relation.identity != "f")
        return self._version(table, layout, "false")

    def snapshot_table(self, entry: CatalogTable) -> SnapshotTable:
        """Return how a table is read in a snapshot."""
        details = self._catalog.details(entry.oid)
        specs = [self._spec(details, c.name, c.type_oid, c.type_modifier, c) for c in details.columns]
        table = self._table(entry.schema, entry.name, specs, details.key)
        fields = self._fields(table, specs)
        selected = [(spec.name, field) for spec, field in zip(specs, fields, strict=True) if field]
        return SnapshotTable(
            entry,
            tuple(name for name, _ in selected),
            details.key if details.key_is_primary else (),
            self._version(table, TupleLayout(table, (), key_only=True), "true"),
            CopyLayout(table, [field for _, field in selected]),
        )

    def block(self, table: TableId, marker: str) -> SourceBlock:
        """Return the `source` block of a table's events under a snapshot marker (`false`: streaming)."""
        known = self._blocks.get((table, marker))
        if known is None:
            known = self._blocks[table, marker] = source_block(
                self._config.topic_prefix, table.catalog, table.schema, table.table, marker
            )
        return known

    # -- parts -------------------------------------------------------------------------------

    @staticmethod
    def _spec(
        details: TableDetails, name: str, type_oid: int, type_modifier: int, known: CatalogColumn | None
    ) -> ColumnSpec:
        in_key = details.key_is_primary and name in details.key
        return ColumnSpec(name, type_oid, type_modifier, known, in_key)

    def _table(self, schema: str, name: str, specs: Sequence[ColumnSpec], key: Sequence[str]) -> Table:
        full_name = f"{schema}.{name}"
        captured = [
            self._columns.make(full_name, spec, masked=True)
            for spec in specs
            if self._column_wanted(f"{full_name}.{spec.name}")
        ]
        by_name = {spec.name: spec for spec in specs}
        key_columns = [
            self._columns.make(full_name, by_name[column], masked=False)
            for column in self._key_names(full_name, key)
            if column in by_name
        ]
        return Table(
            TableId(self._config.dbname, schema, name),
            tuple(column for column in captured if column is not None),
            tuple(column for column in key_columns if column is not None),
        )

    def _key_names(self, full_name: str, key: Sequence[str]) -> Sequence[str]:
        for pattern, columns in self._config.message_key_columns:
            if matches_any((pattern,), full_name):
                return columns
        return key

    def _fields(self, table: Table, specs: Sequence[ColumnSpec]) -> list[str | None]:
        """Return the field that each column of the wire goes into; None for those not captured."""
        wanted = {column.name for column in (*table.columns, *table.key)}
        names = [self._columns.adjusted(spec.name) for spec in specs]
        return [name if name in wanted else None for name in names]

    def _version(self, table: Table, layout: TupleLayout, marker: str) -> TableVersion:
        topic = self._topics.data(table.id.schema, table.id.table)
        return TableVersion(
            table=table,
            topic=topic,
            events=self._events(topic, table),
            source=self.block(table.id, marker),
            layout=layout,
            headers=self._headers,
            tombstones=self._config.tombstones_on_delete,
            skip_unchanged=self._config.skip_without_change,
        )

    def _events(self, topic: str, table: Table) -> EventSchema:
        return event_schema(adjust(topic, self._config.schema_name_adjustment), table, SOURCE_SCHEMA)
