"""Which tables are captured, and their versions: from filters, definitions, types and key settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cdc.batch import Header, SourceBlock
from cdc.filters import name_filter
from cdc.relational import versions
from cdc.relational.capture_rules import CaptureRules
from cdc.relational.columns import ColumnMaker
from cdc.sources.mysql.binlog.events import ColumnMap, TableMap
from cdc.sources.mysql.catalog import BUILT_IN
from cdc.sources.mysql.columns import ColumnFactory, modes
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.converters import converters
from cdc.sources.mysql.flavours import Flavour
from cdc.sources.mysql.row_layout import RowLayout
from cdc.sources.mysql.table_maps import logged_columns, row_end, stored_columns
from cdc.sources.mysql.text_rows import TextLayout
from cdc.sources.mysql.types import select_expression
from cdc.sources.mysql.versions import TableVersion, source_block
from cdc.topics import TopicNames
from schemas.definition import ColumnDefinition, TableDefinition
from schemas.table import Column, Table, TableId


@dataclass(frozen=True, slots=True)
class SnapshotTable:
    """A table to read: the expressions to select, the layout of what they give, and its version.

    key: the columns of its records' key. divisible: whether it can be read along them: they are the key of
    the definition, whole and in order.
    """

    definition: TableDefinition
    selected: tuple[str, ...]
    key: tuple[ColumnDefinition, ...]
    divisible: bool
    version: versions.TableVersion
    layout: TextLayout

    @property
    def id(self) -> TableId:
        """The table's name."""
        return self.definition.id


class CapturedTables:
    """Make table versions for snapshot and stream."""

    def __init__(
        self, config: BinlogConfig, flavour: Flavour, topics: TopicNames, headers: Sequence[Header]
    ) -> None:
        self._config, self._flavour = config, flavour
        self._topics, self._headers = topics, headers
        adjusts = config.enable_time_adjuster
        handling = modes(config, config.bigint_unsigned_handling, adjust_years=adjusts)  # type: ignore[arg-type]
        self._columns = ColumnFactory(
            ColumnMaker(config),
            handling,
            config.include_schema_comments,
            converters(config, config.converters),
        )
        self._rules = CaptureRules(config)
        self._database_wanted = name_filter(config.database_include, config.database_exclude)
        self._blocks: dict[tuple[TableId, str], SourceBlock] = {}

    def wants_database(self, database: str) -> bool:
        """Whether tables of a database may be captured."""
        return database.lower() not in BUILT_IN and self._database_wanted(database)

    def wants(self, table: TableId) -> bool:
        """Whether a table is captured."""
        return self.wants_database(table.catalog) and self._rules.wants_table(str(table))

    def warnings(self, tables: Iterable[TableDefinition]) -> Iterator[str]:
        """Yield what in the config deserves a look, given the captured tables."""
        known = [(str(table.id), [column.name for column in table.columns]) for table in tables]
        if not known:
            yield "No table is captured: check database.include.list and table.include.list"
        yield from self._rules.warnings(known)

    def stream_version(self, mapped: TableMap, definition: TableDefinition) -> TableVersion:
        """Return the version of a captured table whose rows a table map describes, and fits."""
        logged = [
            (column, found)
            for column, found in zip(logged_columns(mapped, definition), mapped.columns, strict=True)
            if column is not None
        ]
        maps = {column.name: found for column, found in logged}
        table = self._table(replace(definition, columns=tuple(column for column, _ in logged)), maps)
        stored = stored_columns(mapped, definition, self._fields(table, definition))
        by_name = {column.name: (column, found) for column, found in logged}
        names = self._rules.key_names(str(definition.id), definition.key)
        key = [by_name[name] for name in names if name in by_name]
        layout = RowLayout(table, stored, key, row_end(mapped, definition))
        common = self._version(table, "false")
        return TableVersion(**vars(common), layout=layout)

    def rowless_version(self, definition: TableDefinition) -> TableVersion:
        """Return the version of a captured table for events without rows."""
        table = self._table(definition, None)
        return TableVersion(**vars(self._version(table, "false")), layout=RowLayout(table, ()))

    def snapshot_table(self, definition: TableDefinition) -> SnapshotTable:
        """Return how a table is read in a snapshot."""
        table = self._table(definition, None)
        fields = self._fields(table, definition)
        selected = [column for column in definition.columns if column.name in fields]
        names = self._rules.key_names(str(definition.id), definition.key)
        key = [column for column in map(definition.column, names) if column is not None]
        layout = TextLayout(table, [fields[column.name] for column in selected])
        return SnapshotTable(
            definition,
            tuple(map(select_expression, selected)),
            tuple(key),
            bool(key) and tuple(column.name for column in key) == definition.key,
            self._version(table, "true"),
            layout,
        )

    def block(self, table: TableId, marker: str) -> SourceBlock:
        """Return the `source` block of a table's events under a snapshot marker (`false`: streaming)."""
        known = self._blocks.get((table, marker))
        if known is None:
            block = source_block(self._flavour, self._config.topic_prefix, table.catalog, table.table, marker)
            known = self._blocks[table, marker] = block
        return known

    # -- parts -------------------------------------------------------------------------------

    def _table(self, definition: TableDefinition, maps: Mapping[str, ColumnMap] | None) -> Table:
        """Return the events' table; maps: of the log's columns by name, None for the text protocol."""
        table = definition.id
        by_name = {column.name: column for column in definition.columns}

        def make(name: str, masked: bool) -> Column | None:
            if maps is None:
                return self._columns.text(table, by_name[name], masked=masked)
            return self._columns.logged(table, by_name[name], maps[name], masked=masked)

        return self._rules.table(table, str(table), by_name, definition.key, make)

    def _fields(self, table: Table, definition: TableDefinition) -> dict[str, str]:
        """Return the fields that columns go into, by the columns' names."""
        wanted = {column.name for column in (*table.columns, *table.key)}
        names = ((column.name, self._columns.maker.adjusted(column.name)) for column in definition.columns)
        return {name: field for name, field in names if field in wanted}

    def _version(self, table: Table, marker: str) -> versions.TableVersion:
        topic = self._topics.data(table.id.catalog, table.id.table)
        return versions.TableVersion(
            table=table,
            topic=topic,
            events=self._rules.events(topic, table, self._flavour.source_schema),
            source=self.block(table.id, marker),
            headers=self._headers,
            tombstones=self._config.tombstones_on_delete,
            skip_unchanged=self._config.skip_without_change,
        )
