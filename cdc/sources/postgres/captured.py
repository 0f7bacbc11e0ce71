"""Which tables are captured, and their versions: from filters, catalog, types and key settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cdc.batch import Header, SourceBlock
from cdc.filters import name_filter
from cdc.relational.capture_rules import CaptureRules
from cdc.sources.postgres.catalog import Catalog, CatalogTable, TableDetails
from cdc.sources.postgres.columns import ColumnFactory, ColumnSpec
from cdc.sources.postgres.config import PostgresConfig
from cdc.sources.postgres.copy_rows import CopyLayout
from cdc.sources.postgres.enum_labels import LabelCheck
from cdc.sources.postgres.publication import quote
from cdc.sources.postgres.relation import Relation, RelationColumn
from cdc.sources.postgres.tuples import SHORT, TupleLayout, WireColumn
from cdc.sources.postgres.versions import SOURCE_SCHEMA, TableVersion, source_block
from cdc.topics import TopicNames
from schemas.table import Column, Table, TableId
from snapshot.progress import Key

PLACE: Key = (("pg_relation_filenode", "oid"), ("ctid", "tid"))
"""The order of a table whose rows have no key of their own: its files, and the places in them."""


@dataclass(frozen=True, slots=True)
class SnapshotTable:
    """A table to read: its place in the catalog, the columns to select, and its version.

    key: the columns of its records' key, in the catalog's names. order: what it is read along: its
    primary key, where that is the records' key, else `PLACE`; nothing where the config has a
    statement of its own.
    """

    catalog: CatalogTable
    selected: tuple[str, ...]
    key: Key
    order: Key
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
        self._seen: dict[int, TableDetails] = {}
        self._schema_wanted = name_filter(config.schema_include, config.schema_exclude)
        self._rules = CaptureRules(config)

    def wants(self, schema: str, table: str) -> bool:
        """Whether a table is captured."""
        return self._schema_wanted(schema) and self._rules.wants_table(f"{schema}.{table}")

    def tables(self) -> list[CatalogTable]:
        """Return the captured tables there are now."""
        return [t for t in self._catalog.tables() if self.wants(t.schema, t.name)]

    def warnings(self, tables: Sequence[CatalogTable]) -> Iterator[str]:
        """Yield what in the config or in these captured tables deserves a look."""
        yield from self._rules.warnings(self._column_names(tables))
        for table in tables:
            if table.identity in "dn" and not (table.has_primary_key and table.identity == "d"):
                yield (
                    f"{table.full_name} has no primary key or replica identity: the server refuses updates "
                    f"and deletes of it once they are published; run: ALTER TABLE "
                    f"{quote(table.schema)}.{quote(table.name)} REPLICA IDENTITY FULL"
                )

    def _column_names(self, tables: Sequence[CatalogTable]) -> Iterator[tuple[str, list[str]]]:
        found = self._catalog.details([table.oid for table in tables])
        for table in tables:
            yield table.full_name, [column.name for column in found[table.oid].columns]

    def stream_version(self, relation: Relation) -> TableVersion | None:
        """Return the version that a Relation message starts; None when it is not captured.

        The catalog is asked for what the message does not say. It may be ahead of the stream, so what
        it does not know any more is taken from what it said last.
        """
        if not self.wants(relation.schema, relation.table):
            return None
        before = self._seen.get(relation.oid)
        now = self._catalog.details([relation.oid])[relation.oid]
        details = now if now.columns or before is None else before
        self._seen[relation.oid] = details
        specs = []
        for column in relation.columns:
            known = details.column(column.name) or (before.column(column.name) if before else None)
            in_key = _is_key(relation, details, column)
            specs.append(ColumnSpec(column.name, column.type_oid, column.type_modifier, known, in_key))
        table = self._table(relation.schema, relation.table, specs, _key_of(relation, details))
        fields = [*zip(relation.columns, self._fields(table, specs), strict=True)]
        wire = [WireColumn(field, column.type_oid in SHORT) for column, field in fields]
        layout = TupleLayout(table, wire, key_only=relation.identity != "f")
        version = self._version(table, layout, "false")
        found = {field: self._columns.labels(column.type_oid) for column, field in fields if field}
        if enums := {field: labels for field, labels in found.items() if labels is not None}:
            version.labels = LabelCheck(table, wire, enums, self._catalog.labels)
        return version

    def snapshot_tables(self, entries: Sequence[CatalogTable]) -> list[SnapshotTable]:
        """Return how tables are read in a snapshot."""
        found = self._catalog.details([entry.oid for entry in entries])
        self._seen.update(found)
        return [self._snapshot_table(entry, found[entry.oid]) for entry in entries]

    def _snapshot_table(self, entry: CatalogTable, details: TableDetails) -> SnapshotTable:
        primary = details.key if details.key_is_primary else ()
        specs = [
            ColumnSpec(c.name, c.type_oid, c.type_modifier, c, c.name in primary) for c in details.columns
        ]
        table = self._table(entry.schema, entry.name, specs, details.key)
        fields = self._fields(table, specs)
        found = map(details.column, self._rules.key_names(entry.full_name, details.key))
        key = tuple((c.name, c.type_name + c.collation) for c in found if c is not None)
        by_key = bool(primary) and tuple(name for name, _ in key) == primary
        order: Key = key if by_key else PLACE
        if self._config.select_override(entry.full_name) is not None:
            order = ()
        # What the order needs is read even where no field takes it.
        needed = {name for name, _ in order}
        columns = zip((spec.name for spec in specs), fields, strict=True)
        selected = [(name, field) for name, field in columns if field or name in needed]
        places = [("ctid", None)] if order == PLACE else []
        return SnapshotTable(
            entry,
            tuple(name for name, _ in (*selected, *places)),
            key,
            order,
            self._version(table, TupleLayout(table, (), key_only=True), "true"),
            CopyLayout(table, [field for _, field in (*selected, *places)]),
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

    def _table(self, schema: str, name: str, specs: Sequence[ColumnSpec], key: Sequence[str]) -> Table:
        full_name = f"{schema}.{name}"
        by_name = {spec.name: spec for spec in specs}

        def make(column: str, masked: bool) -> Column | None:
            return self._columns.make(full_name, by_name[column], masked=masked)

        return self._rules.table(TableId(self._config.dbname, schema, name), full_name, by_name, key, make)

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
            events=self._rules.events(topic, table, SOURCE_SCHEMA),
            source=self.block(table.id, marker),
            layout=layout,
            headers=self._headers,
            tombstones=self._config.tombstones_on_delete,
            skip_unchanged=self._config.skip_without_change,
        )


def _key_of(relation: Relation, details: TableDetails) -> Sequence[str]:
    """Return the key that the table had when the change was made.

    Under the default identity that is what the message marks; the catalog knows its order.
    """
    if relation.identity != "d":
        return details.key
    marked = [column.name for column in relation.columns if column.in_identity]
    if set(marked) == set(details.key):
        return details.key
    return marked or (() if details.key_is_primary else details.key)


def _is_key(relation: Relation, details: TableDetails, column: RelationColumn) -> bool:
    """Whether a column was part of the primary key."""
    if relation.identity == "d":
        return column.in_identity
    return details.key_is_primary and column.name in details.key
