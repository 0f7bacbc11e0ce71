"""Tables as DDL defines them: what a schema history records and a source makes versions of.

The fields are those of Debezium's `tableChanges` (io.debezium.relational.history.JsonTableChangeSerializer).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from schemas.table import TableId


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column.

    type_name: in capitals, with its attributes, as in `INT UNSIGNED`. length, scale: as declared, None when
    not. charset: of character types. jdbc_type: java.sql.Types. default: the default's text, None for
    NULL and for none at all, which `has_default` tells apart; octets that are no UTF-8 are escaped
    (`surrogateescape`). enum_values: of ENUM and SET, quoted as in SQL.
    generated: computed by the server (Debezium says so of AUTO_INCREMENT too); virtual: not stored, so
    not in the binlog.
    """

    name: str
    type_name: str
    jdbc_type: int
    length: int | None = None
    scale: int | None = None
    charset: str | None = None
    optional: bool = True
    auto_incremented: bool = False
    generated: bool = False
    virtual: bool = False
    comment: str | None = None
    has_default: bool = False
    default: str | None = None
    enum_values: tuple[str, ...] = ()
    type_expression: str | None = None


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """One index. columns: empty where a part is an expression; then it is no key of rows.

    partial: some part is only the beginning of a column.
    """

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    primary: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """One version of one table; columns in table order, `key` the primary key's columns in key order.

    charset: the table's default. Without a primary key, `key` is the first unique key whose columns are all
    NOT NULL, as Debezium takes it. indexes: what `key` was found in, and what comes after it when it goes,
    in the server's order; empty where it is not known, as in Debezium's history. versioned: WITH SYSTEM
    VERSIONING, where rows may have two columns more than `columns`.
    """

    id: TableId
    columns: tuple[ColumnDefinition, ...]
    key: tuple[str, ...] = ()
    charset: str | None = None
    comment: str | None = None
    indexes: tuple[IndexDefinition, ...] = ()
    versioned: bool = False

    def column(self, name: str) -> ColumnDefinition | None:
        """Return a column by its name, which is case-insensitive."""
        folded = name.casefold()
        return next((column for column in self.columns if column.name.casefold() == folded), None)


_ESCAPED = re.compile("[\ud800-\udfff]")


def readable(text: str) -> str:
    """Return a text with U+FFFD for escaped octets, as Java reads them."""
    return _ESCAPED.sub("\ufffd", text)


class ChangeKind(StrEnum):
    """Debezium's TableChangeType."""

    CREATE = "CREATE"
    ALTER = "ALTER"
    DROP = "DROP"


@dataclass(frozen=True, slots=True)
class TableChange:
    """What a statement did to one table.

    table: as it is now; None when it is gone. previous_id: the name it had, when it has another one now.
    """

    kind: ChangeKind
    id: TableId
    table: TableDefinition | None = None
    previous_id: TableId | None = None


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One statement, or the part of it that concerns one table: what a history has as one record.

    database: where it belongs; empty for what concerns the server as a whole.
    """

    database: str
    ddl: str
    changes: tuple[TableChange, ...] = ()
