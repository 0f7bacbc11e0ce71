"""One table under DDL: its definition from CREATE TABLE, and the next one after an ALTER."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.ddl.charsets import width
from schemas.ddl.columns import as_binary
from schemas.ddl.defaults import Bits
from schemas.ddl.indexes import as_written, changed_indexes, in_order, new_indexes, with_row_end
from schemas.ddl.statements import (
    Action,
    AddColumn,
    AddIndex,
    ChangeColumn,
    ColumnSpec,
    ConvertCharset,
    CreateTable,
    DropColumn,
    RenameColumn,
    RenameTo,
    SetDefault,
    SetOptions,
)
from schemas.definition import ColumnDefinition, IndexDefinition, TableDefinition
from schemas.table import TableId


class OutOfStep(Exception):
    """A statement does not fit the definition that it changes: something before it is missing."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a table inherits: its database's charset; whether a TIMESTAMP is NOT NULL by itself."""

    charset: str
    implicit_timestamps: bool = False


def create(statement: CreateTable, around: Surroundings) -> TableDefinition:
    """Return the definition that CREATE TABLE makes."""
    options = statement.options
    charset = around.charset if options.charset in (None, "default") else options.charset
    primary = {c.casefold() for i in statement.indexes if i.primary for c in i.columns or ()}
    for column in statement.columns:
        if column.optional is None and column.name.casefold() in primary:
            column.optional = False
    columns = [define(column, charset, around) for column in statement.columns]
    indexes = new_indexes(statement.indexes, ())
    row_end = next((column.name for column in statement.columns if column.row_end), None)
    if row_end is not None:
        indexes = with_row_end(indexes, row_end)
    return _table(statement.id, columns, indexes, charset, options.comment, bool(options.versioned))


def define(spec: ColumnSpec, charset: str | None, around: Surroundings) -> ColumnDefinition:
    """Return the definition of a column in a table of that charset."""
    if spec.takes_charset:
        if spec.charset is None or spec.charset == "default":
            spec.charset = charset
        if spec.charset == "binary":
            as_binary(spec)
    optional = True if spec.optional is None else spec.optional
    has_default, default = spec.has_default, _default(spec.default, spec.jdbc_type)
    if around.implicit_timestamps and spec.type_name == "TIMESTAMP" and spec.optional is None:
        optional = False
    return ColumnDefinition(
        spec.name,
        spec.type_name,
        spec.jdbc_type,
        spec.length,
        spec.scale,
        spec.charset,
        optional,
        spec.auto_incremented,
        spec.generated,
        spec.virtual,
        spec.comment,
        has_default or optional,
        default,
        spec.enum_values,
    )


def _default(default: str | None, jdbc_type: int) -> str | None:
    return default.for_column(jdbc_type) if isinstance(default, Bits) else default


def alter(table: TableDefinition, actions: Sequence[Action], around: Surroundings) -> TableDefinition:
    """Return the definition after ALTER TABLE; raises `OutOfStep`.

    As in the server, all actions look at the table as it was; only AFTER sees what the others made.
    """
    _check_versioned_keys(table, actions)
    charset = _charset_after(table.charset, actions, around)
    columns = _changed_columns(table, actions, charset, around)
    indexes = changed_indexes(table, actions, OutOfStep)
    comment, versioned, table_id = table.comment, table.versioned, table.id
    for action in actions:
        if isinstance(action, SetOptions):
            said = action.options
            comment = comment if said.comment is None else said.comment
            versioned = versioned if said.versioned is None else said.versioned
        elif isinstance(action, RenameTo):
            table_id = action.id
    if not table.indexes and not indexes and table.key:
        return _with_known_key(
            table, replace(table, id=table_id, columns=tuple(columns), charset=charset, comment=comment)
        )
    return _table(table_id, columns, indexes, charset, comment, versioned)


def _check_versioned_keys(table: TableDefinition, actions: Sequence[Action]) -> None:
    """Refuse what makes the server add a column to keys: which one, the definition does not tell."""
    explicit = any(isinstance(action, AddColumn) and action.column.row_end for action in actions)
    unique = any(isinstance(action, AddIndex) and action.index.unique for action in actions)
    if explicit or (unique and table.versioned):
        raise OutOfStep("system versioning changes keys")


def _table(
    table_id: TableId,
    columns: list[ColumnDefinition],
    indexes: tuple[IndexDefinition, ...],
    charset: str | None,
    comment: str | None,
    versioned: bool,
) -> TableDefinition:
    for index in indexes:
        if index.primary:
            _make_required(columns, index.columns)
    indexes, key = in_order(as_written(indexes, columns), columns)
    return TableDefinition(table_id, tuple(columns), key, charset, comment, indexes, versioned)


def _make_required(columns: list[ColumnDefinition], names: Iterable[str]) -> None:
    folded = {name.casefold() for name in names}
    for place, column in enumerate(columns):
        if column.optional and column.name.casefold() in folded:
            columns[place] = replace(column, optional=False, has_default=column.default is not None)


def _charset_after(charset: str | None, actions: Sequence[Action], around: Surroundings) -> str | None:
    """Return the table's default; an option that sets it is stronger than CONVERT, wherever it stands."""
    converted = [action.charset for action in actions if isinstance(action, ConvertCharset)]
    said = [a.options.charset for a in actions if isinstance(a, SetOptions) and a.options.charset]
    if not said and not converted:
        return charset
    chosen = said[-1] if said else converted[-1]
    return around.charset if chosen in (None, "default") else chosen


def _changed_columns(
    table: TableDefinition, actions: Sequence[Action], charset: str | None, around: Surroundings
) -> list[ColumnDefinition]:
    columns = _existing(table, actions, charset, around)
    known = {column.name.casefold() for column in table.columns}
    dropped = {action.name.casefold() for action in actions if isinstance(action, DropColumn)}
    for action in actions:
        if isinstance(action, AddColumn):
            if action.if_not_exists and action.column.name.casefold() in known - dropped:
                continue
            _require_new(columns, action.column.name)
            _place(columns, define(action.column, charset, around), action.after)
        elif isinstance(action, ChangeColumn) and action.after is not None and action.old.casefold() in known:
            _move(columns, action.column.name, action.after)
    for action in actions:
        if isinstance(action, ConvertCharset):
            said = {a.column.name for a in actions if isinstance(a, (AddColumn, ChangeColumn))}
            to = action.charset or around.charset
            columns = [_converted(column, to, grows=column.name not in said) for column in columns]
    return columns


def _require_new(columns: Iterable[ColumnDefinition], name: str) -> None:
    if any(column.name.casefold() == name.casefold() for column in columns):
        raise OutOfStep(f"it has a column {name} already")


def _existing(
    table: TableDefinition, actions: Sequence[Action], charset: str | None, around: Surroundings
) -> list[ColumnDefinition]:
    """Return the columns that were there before and are left, where they were, in their new form."""
    kept: dict[str, ColumnDefinition | None] = {column.name.casefold(): column for column in table.columns}
    for action in actions:
        name = _subject(action)
        if name is None:
            continue
        column = kept.get(name.casefold())
        if column is None:
            if name.casefold() in kept or getattr(action, "if_exists", False):
                continue
            raise OutOfStep(f"it has no column {name}")
        kept[name.casefold()] = _after(column, action, charset, around)
    return [column for column in kept.values() if column is not None]


def _subject(action: Action) -> str | None:
    if isinstance(action, (DropColumn, SetDefault)):
        return action.name
    return action.old if isinstance(action, (ChangeColumn, RenameColumn)) else None


def _after(
    column: ColumnDefinition, action: Action, charset: str | None, around: Surroundings
) -> ColumnDefinition | None:
    if isinstance(action, ChangeColumn):
        return define(action.column, charset, around)
    if isinstance(action, RenameColumn):
        return replace(column, name=action.new)
    if isinstance(action, SetDefault):
        has_default = action.has_default or column.optional
        default = _default(action.default, column.jdbc_type)
        return replace(column, has_default=has_default, default=default)
    return None


def _place(columns: list[ColumnDefinition], column: ColumnDefinition, after: str | None) -> None:
    if after is None:
        columns.append(column)
    elif not after:
        columns.insert(0, column)
    else:
        folded = after.casefold()
        for place, other in enumerate(columns):
            if other.name.casefold() == folded:
                columns.insert(place + 1, column)
                return
        raise OutOfStep(f"it has no column {after}")


def _move(columns: list[ColumnDefinition], name: str, after: str) -> None:
    place = next(i for i, column in enumerate(columns) if column.name == name)
    _place(columns, columns.pop(place), after)


_TEXTS = ("TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT")


def _converted(column: ColumnDefinition, charset: str, *, grows: bool) -> ColumnDefinition:
    """Return a column as CONVERT TO CHARACTER SET leaves it: a text grows so that no character is lost."""
    if column.charset is None:
        return column
    if charset == "binary":
        raise OutOfStep("a conversion to binary changes types")
    type_name = column.type_name
    if grows and type_name in _TEXTS[:3] and width(charset) > width(column.charset):
        type_name = _TEXTS[_TEXTS.index(type_name) + 1]
    return replace(column, charset=charset, type_name=type_name)


def _with_known_key(old: TableDefinition, new: TableDefinition) -> TableDefinition:
    """Keep a key of which only the columns are known, where nothing touches it."""
    columns = {column.name.casefold(): column for column in new.columns}
    before = {column.name.casefold(): column for column in old.columns}
    for name in old.key:
        column = columns.get(name.casefold())
        was = before.get(name.casefold())
        if column is None or (was is not None and column.optional and not was.optional):
            raise OutOfStep("whether its key is the primary key is not known")
    return new
