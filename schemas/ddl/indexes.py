"""The indexes of a table under DDL, and which of them is its key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from schemas.ddl.statements import (
    Action,
    AddColumn,
    AddIndex,
    ChangeColumn,
    DropColumn,
    DropIndex,
    IndexSpec,
    RenameColumn,
    RenameIndex,
)
from schemas.definition import ColumnDefinition, IndexDefinition, TableDefinition

PRIMARY = "PRIMARY"


def in_order(
    indexes: Iterable[IndexDefinition], columns: Iterable[ColumnDefinition]
) -> tuple[tuple[IndexDefinition, ...], tuple[str, ...]]:
    """Return the indexes in the server's order, and the key: the primary one, else the first without NULLs.

    The server keeps the primary key first, then what is unique and without NULLs, whole columns before
    partial ones, then what else is unique (MariaDB last of all what it keeps as a hash: unique texts of any
    length); the rest stays as it was.
    """
    required, long = set(), set()
    for column in columns:
        if not column.optional:
            required.add(column.name)
        if column.type_name.endswith(("TEXT", "BLOB")):
            long.add(column.name)

    def rank(index: IndexDefinition) -> tuple[bool, bool, bool, bool, bool]:
        if not index.unique:
            return True, True, True, True, True
        hashed = not index.partial and not long.isdisjoint(index.columns)
        nulls = not (index.columns and required.issuperset(index.columns))
        return not index.primary, False, hashed, nulls, index.partial

    ordered = tuple(sorted(indexes, key=rank))
    return ordered, next((i.columns for i in ordered if i.unique and not rank(i)[3]), ())


def as_written(
    indexes: tuple[IndexDefinition, ...], columns: Iterable[ColumnDefinition]
) -> tuple[IndexDefinition, ...]:
    """Return the indexes with their columns' names as the columns have them."""
    names = {column.name for column in columns}
    if all(names.issuperset(index.columns) for index in indexes):
        return indexes
    written = {name.casefold(): name for name in names}
    return tuple(
        replace(index, columns=tuple(written.get(name.casefold(), name) for name in index.columns))
        for index in indexes
    )


def with_row_end(indexes: tuple[IndexDefinition, ...], row_end: str) -> tuple[IndexDefinition, ...]:
    """Return the indexes with the end of a row's life in every unique one, as the server has them."""
    return tuple(
        replace(index, columns=(*index.columns, row_end))
        if index.unique and index.columns and row_end not in index.columns
        else index
        for index in indexes
    )


def new_indexes(
    specs: Iterable[IndexSpec], existing: tuple[IndexDefinition, ...]
) -> tuple[IndexDefinition, ...]:
    """Return the indexes with new ones behind them, named as the server names them."""
    indexes = list(existing)
    taken = {index.name.casefold() for index in indexes}
    for spec in specs:
        columns = spec.columns or ()
        name = PRIMARY if spec.primary else spec.name or _free_name(spec.first, taken)
        if name.casefold() in taken:
            continue  # IF NOT EXISTS, or a foreign key's own
        taken.add(name.casefold())
        indexes.append(IndexDefinition(name, columns, spec.unique, spec.primary, spec.partial))
    return tuple(indexes)


def _free_name(first: str, taken: set[str]) -> str:
    """Return the name the server gives: the first column's, with a number from 2 on where it is taken."""
    name, number = first, 1
    while name.casefold() in taken or name.casefold() == "primary":
        number += 1
        name = f"{first}_{number}"
    return name


def changed_indexes(
    table: TableDefinition, actions: Sequence[Action], out_of_step: type[Exception]
) -> tuple[IndexDefinition, ...]:
    """Return the indexes after ALTER TABLE; all actions name them as they were called before."""
    indexes = list(table.indexes)
    unknown = bool(table.key) and not indexes
    for action in actions:
        if isinstance(action, DropIndex) or (isinstance(action, AddIndex) and action.replaces):
            name = action.name if isinstance(action, DropIndex) else action.index.name or ""
            _drop(indexes, name, unknown and isinstance(action, DropIndex), action, out_of_step)
    renamed = {a.old.casefold(): a.new for a in actions if isinstance(a, RenameIndex)}
    indexes = [replace(index, name=renamed.get(index.name.casefold(), index.name)) for index in indexes]
    indexes = _follow_columns(indexes, actions)
    added = _added(table, actions)
    if unknown and any(index.unique for index in added):
        raise out_of_step("whether its key is the primary key is not known")
    return tuple(indexes) if unknown else new_indexes(added, tuple(indexes))


def _added(table: TableDefinition, actions: Sequence[Action]) -> list[IndexSpec]:
    """Return the new indexes, without those of a column that was there already (ADD COLUMN IF NOT EXISTS)."""
    there = {column.name.casefold() for column in table.columns}
    skipped = {
        a.column.name
        for a in actions
        if (isinstance(a, AddColumn) and a.if_not_exists and a.column.name.casefold() in there)
        or (isinstance(a, ChangeColumn) and a.if_exists and a.old.casefold() not in there)
    }
    return [
        a.index
        for a in actions
        if isinstance(a, AddIndex) and not (a.index.columns and a.index.columns[0] in skipped)
    ]


def _drop(
    indexes: list[IndexDefinition], name: str, unknown: bool, action: Action, out_of_step: type[Exception]
) -> None:
    folded = name.casefold()
    for place, index in enumerate(indexes):
        if index.name.casefold() == folded:
            del indexes[place]
            return
    certain = isinstance(action, DropIndex) and action.certain
    if unknown or (certain and not any(index.primary for index in indexes)):
        raise out_of_step(f"it has no index {name}, as far as is known")


def _follow_columns(indexes: list[IndexDefinition], actions: Sequence[Action]) -> list[IndexDefinition]:
    """Return the indexes with the names that columns have now; what lost all of its columns is gone."""
    renamed = {a.old.casefold(): a.column.name for a in actions if isinstance(a, ChangeColumn)}
    renamed |= {a.old.casefold(): a.new for a in actions if isinstance(a, RenameColumn)}
    dropped = {a.name.casefold() for a in actions if isinstance(a, DropColumn)}
    # Who comes back under the same name takes the old one's place in indexes.
    dropped -= {a.column.name.casefold() for a in actions if isinstance(a, AddColumn)}
    if not renamed and not dropped:
        return indexes
    changed = []
    for index in indexes:
        columns = tuple(renamed.get(c.casefold(), c) for c in index.columns if c.casefold() not in dropped)
        if columns or not index.columns:
            changed.append(replace(index, columns=columns))
    return changed
