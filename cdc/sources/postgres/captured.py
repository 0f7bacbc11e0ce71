"""Which tables are captured, and their versions: from filters, catalog, types and key settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdc.batch import Header, SourceBlock
from cdc.filters import matches_any, name_filter
from cdc.sources.postgres.catalog import Catalog, CatalogTable
from cdc.sources.postgres.columns import ColumnFactory
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.copy_rows import CopyLayout
from cdc.sources.postgres.relation import Relation
from cdc.sources.postgres.tuples import TupleLayout
from cdc.sources.postgres.versions import SOURCE_SCHEMA, TableVersion, source_block
from cdc.topics import TopicNames
from schemas.envelope import EventSchema, event_schema
from schemas.naming import adjust
from schemas.table import Column, Table, TableId


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
        made = [
            self._columns.make(
                c.name,
                c.type_oid,
                c.type_modifier,
                details.column(c.name),
                in_key=c.name in details.key and details.key_is_primary,
            )
            for c in relation.columns
        ]
        identity = [c.name for c in relation.columns if c.in_identity]
        key = details.key or (identity if relation.identity == "d" else ())
        table = self._table(relation.schema, relation.table, made, key)
        wire = self._on_the_wire(table, made, [column.name for column in relation.columns])
        layout = TupleLayout(table, wire, key_only=relation.identity != "f")
        return self._version(table, layout, "false", full_identity=relation.identity == "f")

    def snapshot_table(self, entry: CatalogTable) -> SnapshotTable:
        """Return how a table is read in a snapshot."""
        details = self._catalog.details(entry.oid)
        made = [
            self._columns.make(
                c.name,
                c.type_oid,
                c.type_modifier,
                c,
                in_key=c.name in details.key and details.key_is_primary,
            )
            for c in details.columns
        ]
        table = self._table(entry.schema, entry.name, made, details.key)
        wanted = {column.name: column for column in (*table.key, *table.columns)}
        names = [c.name for c in details.columns]
        selected = [(n, m) for n, m in zip(names, made, strict=True) if m is not None and m.name in wanted]
        layout = CopyLayout(table, [column for _, column in selected])
        version = self._version(table, TupleLayout(table, (), key_only=True), "true", full_identity=True)
        return SnapshotTable(
            entry,
            tuple(name for name, _ in selected),
            details.key if details.key_is_primary else (),
            version,
            layout,
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

    def _table(self, schema: str, name: str, made: Sequence[Column | None], key: Sequence[str]) -> Table:
        columns = [column for column in made if column is not None]
        captured = tuple(c for c in columns if self._column_wanted(f"{schema}.{name}.{c.name}"))
        key_names = self._key_names(f"{schema}.{name}", key)
        by_name = {column.name: column for column in columns}
        names = map(self._columns.adjusted, key_names)
        key_columns = tuple(by_name[key_name] for key_name in names if key_name in by_name)
        return Table(TableId(self._config.dbname, schema, name), captured, key_columns)

    def _key_names(self, full_name: str, key: Sequence[str]) -> Sequence[str]:
        for pattern, columns in self._config.message_key_columns:
            if matches_any((pattern,), full_name):
                return columns
        return key

    @staticmethod
    def _on_the_wire(
        table: Table, made: Sequence[Column | None], names: Sequence[str]
    ) -> list[Column | None]:
        wanted = {column.name for column in (*table.columns, *table.key)}
        return [c if c is not None and c.name in wanted else None for c in made]

    def _version(
        self, table: Table, layout: TupleLayout, marker: str, *, full_identity: bool
    ) -> TableVersion:
        topic = self._topics.data(table.id.schema, table.id.table)
        return TableVersion(
            table=table,
            topic=topic,
            events=self._events(topic, table),
            source=self.block(table.id, marker),
            layout=layout,
            headers=self._headers,
            tombstones=self._config.tombstones_on_delete,
            full_identity=full_identity,
        )

    def _events(self, topic: str, table: Table) -> EventSchema:
        return event_schema(adjust(topic, self._config.schema_name_adjustment), table, SOURCE_SCHEMA)
