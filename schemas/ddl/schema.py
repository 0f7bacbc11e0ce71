"""All tables of a server, as its DDL leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from schemas.ddl.evolution import OutOfStep, Surroundings, alter, create
from schemas.ddl.statements import (
    AlterDatabase,
    AlterTable,
    CreateDatabase,
    CreateTable,
    DropDatabase,
    DropTables,
    RenameTables,
    RenameTo,
    SetCharset,
    Statement,
    UseDatabase,
)
from schemas.definition import ChangeKind, TableChange, TableDefinition
from schemas.table import TableId


@dataclass(frozen=True, slots=True)
class Session:
    """In what a statement ran. server_charset: `character_set_server` there, None for the schema's.

    thread: tells apart whose a temporary table is. explicit_timestamps: explicit_defaults_for_timestamp.
    """

    database: str = ""
    server_charset: str | None = None
    thread: int = 0
    explicit_timestamps: bool = True


@dataclass(frozen=True, slots=True)
class UnknownTable:
    """A table that a statement made or changed, in a way that only the server knows.

    The schema has forgotten it under both names; the server can be asked (SHOW CREATE TABLE), if it matters.
    """

    id: TableId
    reason: str
    previous_id: TableId | None = None


Change = TableChange | UnknownTable


class Schema:
    """The tables of a server by name, and the charsets that new ones inherit.

    lower_case_table_names: as the server has it: 0 tells apart `A` and `a`, 1 makes all names small, 2 keeps
    how they were written and compares without case. databases: charsets by name; a database that is not
    among them has the server's.
    """

    def __init__(
        self,
        tables: Iterable[TableDefinition] = (),
        *,
        lower_case_table_names: int = 0,
        server_charset: str = "utf8mb4",
        databases: Mapping[str, str] | None = None,
    ) -> None:
        self._case = lower_case_table_names
        self.server_charset = server_charset
        self._databases = {self._fold(name): charset for name, charset in (databases or {}).items()}
        self._tables: dict[tuple[str, str], TableDefinition] = {}
        self._temporary: set[tuple[int, tuple[str, str]]] = set()
        for table in tables:
            self.put(table)

    def __iter__(self) -> Iterator[TableDefinition]:
        return iter(self._tables.values())

    def __len__(self) -> int:
        return len(self._tables)

    def get(self, table_id: TableId) -> TableDefinition | None:
        """Return a table's definition, None where there is none."""
        return self._tables.get(self._key(table_id))

    def put(self, table: TableDefinition) -> TableDefinition:
        """Set a table's definition; return it as it is kept."""
        if self._case == 1:
            table = replace(table, id=TableId(table.id.catalog.lower(), "", table.id.table.lower()))
        self._tables[self._key(table.id)] = table
        return table

    def forget(self, table_id: TableId) -> TableDefinition | None:
        """Take a table out; return its definition, None where there was none."""
        return self._tables.pop(self._key(table_id), None)

    def charset(self, database: str, session: Session | None = None) -> str:
        """Return the charset that a new table of a database inherits."""
        return self._databases.get(self._fold(database)) or self._server_charset(session)

    def apply(self, statement: Statement, session: Session | None = None) -> list[Change]:
        """Apply one statement that took place; return what it did to tables, as Debezium counts it.

        What drops a whole database, or is no DDL of tables, returns nothing; CREATE INDEX and DROP INDEX do
        where the key is another then (Debezium never counts them, and loses that key).
        """
        session = session or Session()
        match statement:
            case CreateTable():
                return self._create(statement, session)
            case AlterTable():
                return self._alter(statement, session)
            case RenameTables():
                return [
                    self._rename(old, new) for old, new in statement.pairs if self._renames(statement, old)
                ]
            case DropTables():
                return self._drop(statement, session)
            case CreateDatabase() | AlterDatabase() | DropDatabase():
                self._change_database(statement, session)
            case SetCharset():
                self._set_charset(statement, session)
            case UseDatabase() | _:
                pass
        return []

    def _create(self, statement: CreateTable, session: Session) -> list[Change]:
        key = self._key(statement.id)
        if statement.temporary:
            self._temporary.add((session.thread, key))
            return []
        if statement.if_not_exists and key in self._tables:
            return []
        if statement.selects:
            self.forget(statement.id)
            return [UnknownTable(statement.id, "its columns are those of a query")]
        if statement.like is not None:
            return [self._copy(statement.id, statement.like, session)]
        table = create(statement, self._surroundings(statement.id, session))
        return [TableChange(ChangeKind.CREATE, table.id, self.put(table))]

    def _copy(self, table_id: TableId, like: TableId, session: Session) -> Change:
        original = self.get(like)
        if original is None or (session.thread, self._key(like)) in self._temporary:
            self.forget(table_id)
            return UnknownTable(table_id, f"it is a copy of {like}, which is not known")
        table = self.put(replace(original, id=table_id))
        return TableChange(ChangeKind.CREATE, table.id, table)

    def _alter(self, statement: AlterTable, session: Session) -> list[Change]:
        renamed = next((a.id for a in reversed(statement.actions) if isinstance(a, RenameTo)), statement.id)
        temporary = (session.thread, self._key(statement.id))
        if temporary in self._temporary:
            self._temporary.remove(temporary)
            self._temporary.add((session.thread, self._key(renamed)))
            return []
        table = self.get(statement.id)
        previous = None if renamed == statement.id else statement.id
        if table is None:
            return [] if statement.if_exists else [UnknownTable(renamed, "it was not known before", previous)]
        self.forget(statement.id)
        try:
            changed = alter(table, statement.actions, self._surroundings(statement.id, session))
        except OutOfStep as gap:
            return [UnknownTable(renamed, str(gap), previous)]
        changed = self.put(changed)
        if statement.of_index and changed.key == table.key:
            return []
        return [TableChange(ChangeKind.ALTER, changed.id, changed, previous)]

    def _renames(self, statement: RenameTables, old: TableId) -> bool:
        return not statement.if_exists or self.get(old) is not None

    def _rename(self, old: TableId, new: TableId) -> Change:
        table = self.forget(old)
        if table is None:
            self.forget(new)
            return UnknownTable(new, "it was not known before", old)
        table = self.put(replace(table, id=new))
        return TableChange(ChangeKind.ALTER, table.id, table, old)

    def _drop(self, statement: DropTables, session: Session) -> list[Change]:
        changes: list[Change] = []
        for table_id in statement.ids:
            temporary = (session.thread, self._key(table_id))
            if temporary in self._temporary:
                self._temporary.remove(temporary)
            elif not statement.temporary:
                gone = self.forget(table_id)
                changes.append(TableChange(ChangeKind.DROP, table_id if gone is None else gone.id))
        return changes

    def _change_database(
        self, statement: CreateDatabase | AlterDatabase | DropDatabase, session: Session
    ) -> None:
        name = self._fold(statement.name)
        if isinstance(statement, AlterDatabase):
            if statement.charset is not None:
                self._databases[name] = self._said(statement.charset, session)
            return
        if isinstance(statement, CreateDatabase):
            if statement.if_not_exists and name in self._databases:
                return
            self._databases[name] = self._said(statement.charset, session)
            if not statement.or_replace:
                return
        else:
            self._databases.pop(name, None)
        for key in [key for key in self._tables if key[0] == name]:
            del self._tables[key]

    def _set_charset(self, statement: SetCharset, session: Session) -> None:
        if statement.variable == "character_set_server":
            self.server_charset = statement.charset
        else:
            self._databases[self._fold(session.database)] = statement.charset

    def _said(self, charset: str | None, session: Session) -> str:
        return self._server_charset(session) if charset in (None, "default") else str(charset)

    def _server_charset(self, session: Session | None) -> str:
        return (session.server_charset if session else None) or self.server_charset

    def _surroundings(self, table_id: TableId, session: Session) -> Surroundings:
        return Surroundings(self.charset(table_id.catalog, session), not session.explicit_timestamps)

    def _key(self, table_id: TableId) -> tuple[str, str]:
        return self._fold(table_id.catalog), self._fold(table_id.table)

    def _fold(self, name: str) -> str:
        return name.lower() if self._case else name
