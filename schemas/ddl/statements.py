"""What DDL says, before anybody asks which tables there are: the result of parsing one statement."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.table import TableId


@dataclass(slots=True)
class ColumnSpec:
    """One column as a statement defines it.

    charset: as written, or implied by the collation; None inherits the table's. optional: None where neither
    NULL nor NOT NULL is said. default: see `schemas.definition.ColumnDefinition`. row_end: with MariaDB's
    system versioning, when the row stopped to be true; the server adds it to every unique key.
    """

    name: str
    type_name: str
    jdbc_type: int
    length: int | None = None
    scale: int | None = None
    enum_values: tuple[str, ...] = ()
    takes_charset: bool = False
    charset: str | None = None
    optional: bool | None = None
    auto_incremented: bool = False
    generated: bool = False
    virtual: bool = False
    comment: str | None = None
    has_default: bool = False
    default: str | None = None
    primary: bool = False
    unique: bool = False
    row_end: bool = False


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """One index. name: None where the server chooses. columns: None where they alone do not make it unique.

    first: what the server's name begins with. partial: some part is only the beginning of a column.
    """

    name: str | None
    columns: tuple[str, ...] | None
    unique: bool = False
    primary: bool = False
    if_not_exists: bool = False
    first: str = ""
    partial: bool = False


@dataclass(slots=True)
class TableOptions:
    """Options of a table that matter to its definition; None where nothing is said."""

    charset: str | None = None
    comment: str | None = None
    versioned: bool | None = None


class Statement:
    """One statement that was understood."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Harmless(Statement):
    """A statement that changes no definition of a table; `kind` is how it begins."""

    kind: str


@dataclass(frozen=True, slots=True)
class CreateTable(Statement):
    """CREATE TABLE. like: the table that is copied. selects: columns come from a query too."""

    id: TableId
    columns: tuple[ColumnSpec, ...] = ()
    indexes: tuple[IndexSpec, ...] = ()
    options: TableOptions = field(default_factory=TableOptions)
    if_not_exists: bool = False
    temporary: bool = False
    like: TableId | None = None
    selects: bool = False


@dataclass(frozen=True, slots=True)
class AlterTable(Statement):
    """ALTER TABLE, CREATE INDEX, DROP INDEX: everything that changes one table, in the order written.

    of_index: not written as ALTER TABLE.
    """

    id: TableId
    actions: tuple[Action, ...]
    if_exists: bool = False
    of_index: bool = False


@dataclass(frozen=True, slots=True)
class RenameTables(Statement):
    """RENAME TABLE: pairs of old and new name, one after the other."""

    pairs: tuple[tuple[TableId, TableId], ...]
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropTables(Statement):
    """DROP TABLE. temporary: said so; without, a temporary table of that name goes first all the same."""

    ids: tuple[TableId, ...]
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class TruncateTable(Statement):
    """TRUNCATE TABLE: the definition stays, the rows go."""

    id: TableId


@dataclass(frozen=True, slots=True)
class CreateDatabase(Statement):
    """CREATE DATABASE. charset: None for the server's."""

    name: str
    charset: str | None
    if_not_exists: bool = False
    or_replace: bool = False


@dataclass(frozen=True, slots=True)
class AlterDatabase(Statement):
    """ALTER DATABASE. charset: None where it stays."""

    name: str
    charset: str | None


@dataclass(frozen=True, slots=True)
class DropDatabase(Statement):
    """DROP DATABASE, with all its tables."""

    name: str


@dataclass(frozen=True, slots=True)
class UseDatabase(Statement):
    """USE: what follows in the same text is in this database."""

    name: str


@dataclass(frozen=True, slots=True)
class SetCharset(Statement):
    """SET of a charset that tables inherit, as Debezium begins a history: of the server or the database."""

    variable: str
    charset: str


class Action:
    """One action of ALTER TABLE."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AddColumn(Action):
    """ADD COLUMN. after: None at the end, empty for FIRST."""

    column: ColumnSpec
    after: str | None = None
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class ChangeColumn(Action):
    """CHANGE COLUMN, and MODIFY, which keeps the name. after: None where it stays, empty for FIRST."""

    old: str
    column: ColumnSpec
    after: str | None = None
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropColumn(Action):
    """DROP COLUMN."""

    name: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameColumn(Action):
    """RENAME COLUMN."""

    old: str
    new: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class SetDefault(Action):
    """ALTER COLUMN … SET DEFAULT and DROP DEFAULT."""

    name: str
    has_default: bool
    default: str | None
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class AddIndex(Action):
    """ADD INDEX, ADD PRIMARY KEY, CREATE INDEX. replaces: an index of that name goes first."""

    index: IndexSpec
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class DropIndex(Action):
    """DROP INDEX, DROP PRIMARY KEY, and DROP CONSTRAINT, which may mean an index.

    certain: it is an index, so that one that we do not know is a gap in what we know.
    """

    name: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class RenameIndex(Action):
    """RENAME INDEX."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ConvertCharset(Action):
    """CONVERT TO CHARACTER SET. charset: None for the database's."""

    charset: str | None


@dataclass(frozen=True, slots=True)
class SetOptions(Action):
    """Options of the table."""

    options: TableOptions


@dataclass(frozen=True, slots=True)
class RenameTo(Action):
    """RENAME [TO] within ALTER TABLE."""

    id: TableId
