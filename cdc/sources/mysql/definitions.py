"""The tables as they are defined at the place of the log that is read, and what its statements do to them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cdc.sources.mysql.binlog.events import Query
from cdc.sources.mysql.catalog import Catalog
from cdc.sources.mysql.statement_text import StatementText
from schemas.ddl import Dialect, Schema, Session, UnknownTable, UnparseableDdl, parse
from schemas.ddl.statements import (
    AlterDatabase,
    AlterTable,
    CreateDatabase,
    CreateTable,
    DropDatabase,
    DropTables,
    Harmless,
    RenameTables,
    Statement,
    TruncateTable,
    UseDatabase,
)
from schemas.definition import ChangeKind, SchemaChange, TableChange, TableDefinition
from schemas.table import TableId

log = logging.getLogger(__name__)

Database = CreateDatabase | AlterDatabase | DropDatabase


@dataclass(slots=True)
class Applied:
    """What a statement did: changes as the history and the schema-change topic have them, tables emptied.

    named: the tables that it names in each database (None: not a matter of tables). tables: all whose
    definition may be another one now, under their old and new names.
    """

    changes: list[SchemaChange] = field(default_factory=list)
    truncated: list[TableId] = field(default_factory=list)
    named: dict[str, list[TableId] | None] = field(default_factory=dict)
    tables: set[TableId] = field(default_factory=set)

    def add(self, database: str, ddl: str, changes: tuple[TableChange, ...] = ()) -> None:
        """Add one change."""
        self.changes.append(SchemaChange(database, ddl, changes))
        self.named.setdefault(database, [])

    def name(self, table: TableId) -> None:
        """Take note of a table that is named."""
        names = self.named.setdefault(table.catalog, [])
        if names is not None and table not in names:
            names.append(table)


class Definitions:
    """Keep the definitions in step with the log.

    wanted: whether a table is captured; what happens to others is followed, and never a reason to stop.
    asked: tables that the server described as they are now, which may be another time than the log's.
    """

    def __init__(
        self,
        schema: Schema,
        dialect: Dialect,
        catalog: Catalog,
        wanted: Callable[[TableId], bool],
        *,
        explicit_timestamps: bool = True,
    ) -> None:
        self.schema, self._dialect, self._catalog, self._wanted = schema, dialect, catalog, wanted
        self._explicit_timestamps = explicit_timestamps
        self.asked: set[TableId] = set()

    def apply(self, query: Query) -> Applied:
        """Apply a statement of the log."""
        done = Applied()
        dialect = replace(self._dialect, sql_mode=query.sql_mode or 0)
        session = Session(query.database, None, query.thread_id, self._explicit_timestamps)
        try:
            statements = parse(query.sql, query.database, dialect)
        except UnparseableDdl as error:
            self._ask_instead(error, query, done)
            return done
        text = StatementText(query.sql, dialect)
        for statement in statements:
            if isinstance(statement, UseDatabase):
                session = replace(session, database=statement.name)
            else:
                self._apply(statement, session, text, done)
        return done

    def described(self, table: TableId) -> TableDefinition | None:
        """Return a table as the server describes it now; None when it is gone, or not understood."""
        sql = self._catalog.create_statement(table)
        return None if sql is None else self.read(table, sql)

    def read(self, table: TableId, sql: str) -> TableDefinition | None:
        """Return the definition that a SHOW CREATE TABLE gives; None when it is not understood."""
        try:
            statements = parse(sql, table.catalog, replace(self._dialect, sql_mode=0))
            apart = Schema(databases={table.catalog: self.schema.charset(table.catalog)})
            changes = [change for statement in statements for change in apart.apply(statement)]
        except UnparseableDdl as error:
            log.warning("%s: %s", table, error)
            return None
        made = next((one.table for one in changes if isinstance(one, TableChange)), None)
        return None if made is None else replace(made, id=table)

    # -- statements --------------------------------------------------------------------------

    def _apply(self, statement: Statement, session: Session, text: StatementText, done: Applied) -> None:
        if isinstance(statement, TruncateTable):
            done.truncated.append(statement.id)
        elif isinstance(statement, CreateDatabase | AlterDatabase | DropDatabase):
            self._database(statement, session, text, done)
        elif isinstance(statement, CreateTable | AlterTable | RenameTables | DropTables):
            self._tables(statement, session, text, done)
        else:
            self.schema.apply(statement, session)
            done.add(session.database, text.whole)

    def _database(self, statement: Database, session: Session, text: StatementText, done: Applied) -> None:
        if isinstance(statement, DropDatabase):
            name = statement.name.lower()
            done.tables.update(table.id for table in self.schema if table.id.catalog.lower() == name)
        self.schema.apply(statement, session)
        done.add(statement.name, text.whole)
        if not isinstance(statement, AlterDatabase):
            done.named[statement.name] = None

    def _tables(self, statement: Statement, session: Session, text: StatementText, done: Applied) -> None:
        found = self.schema.apply(statement, session)
        for number, change in enumerate(found):
            done.tables.update(one for one in (change.id, change.previous_id) if one is not None)
            known = self._known(change) if isinstance(change, UnknownTable) else change
            if known is None:
                continue
            done.name(known.id)
            current = known.table is None or self.schema.get(known.id) is known.table
            # What the same statement has renamed once more is told without its table, as by Debezium.
            changes = (known,) if current else ()
            done.add(known.id.catalog, text.part(statement, number, known), changes)
        if not found and isinstance(statement, AlterTable) and statement.of_index:
            done.add(statement.id.catalog, text.whole)

    def _known(self, change: UnknownTable) -> TableChange | None:
        """Ask the server for a table that a statement does not tell; not for one that nobody wants."""
        if not self._wanted(change.id):
            return None
        log.warning("What became of table %s is asked of the server: %s", change.id, change.reason)
        return self._asked(change.id, change.previous_id)

    def _asked(self, table: TableId, previous: TableId | None = None) -> TableChange | None:
        found = self.described(table)
        if found is None:
            self.schema.forget(table)
            log.warning("The server has no table %s any more", table)
            return None
        kind = ChangeKind.ALTER if previous or self.schema.get(table) else ChangeKind.CREATE
        found = self.schema.put(found)
        self.asked.add(found.id)
        return TableChange(kind, table, found, previous)

    def _ask_instead(self, error: UnparseableDdl, query: Query, done: Applied) -> None:
        table = error.table
        if table is not None and not self._wanted(table):
            log.debug("Not understood, and not captured: %s", error)
            return
        log.warning("%s", error)
        change = self._asked(table) if table is not None else None
        if change is not None:
            done.tables.add(change.id)
            done.name(change.id)
            done.add(change.id.catalog, query.sql, (change,))


def parse_recorded(
    dialect: Dialect,
) -> Callable[[str, str, Mapping[TableId, TableDefinition]], Sequence[TableChange]]:
    """Return the reader of statements in a schema history; it raises ValueError for what it does not know."""

    def read(sql: str, database: str, tables: Mapping[TableId, TableDefinition]) -> Sequence[TableChange]:
        try:
            statements = parse(sql, database, dialect)
        except UnparseableDdl as error:
            raise ValueError(str(error)) from error
        return list(_recorded(statements, database, tables))

    return read


def _recorded(
    statements: Sequence[Statement], database: str, tables: Mapping[TableId, TableDefinition]
) -> Iterator[TableChange]:
    if all(isinstance(one, Harmless | UseDatabase) for one in statements):
        return
    schema = Schema(tables.values())
    for statement in statements:
        if isinstance(statement, DropDatabase):
            gone = [table for table in tables if table.catalog.lower() == statement.name.lower()]
            yield from (TableChange(ChangeKind.DROP, table) for table in gone)
        for change in schema.apply(statement, Session(database)):
            if isinstance(change, UnknownTable):
                raise ValueError(f"{change.id}: {change.reason}")
            yield change
