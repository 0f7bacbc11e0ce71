"""ALTER TABLE, CREATE INDEX, DROP INDEX: actions on one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schemas.ddl.charsets import charset_of_collation
from schemas.ddl.columns import parse_column
from schemas.ddl.cursor import Cursor
from schemas.ddl.defaults import parse_default
from schemas.ddl.statements import (
    Action,
    AddColumn,
    AddIndex,
    AlterTable,
    ChangeColumn,
    ConvertCharset,
    DropColumn,
    DropIndex,
    IndexSpec,
    RenameColumn,
    RenameIndex,
    RenameTo,
    SetDefault,
    SetOptions,
    TableOptions,
)
from schemas.ddl.tables import column_keys, parse_index, parse_key, parse_option, skip_partitioning


def parse_alter_table(cursor: Cursor) -> AlterTable:
    """Step over what follows ALTER … TABLE."""
    if_exists = cursor.accept("IF", "EXISTS")
    table = cursor.table = cursor.table_name()
    skip_wait(cursor)
    actions: list[Action] = []
    while not cursor.ended:
        if cursor.accept("PARTITION", "BY"):
            skip_partitioning(cursor)
            continue
        action = _ACTIONS.get(cursor.word)
        if action is None:
            actions.append(_options(cursor))
        else:
            cursor.at += 1
            actions += action(cursor)
        if not cursor.accept(","):
            _expect_options(cursor)
    return AlterTable(table, tuple(actions), if_exists)


def _expect_options(cursor: Cursor) -> None:
    """Without a comma only options may follow, or the end."""
    if cursor.word in _ACTIONS and cursor.word not in ("REMOVE", "ORDER", "CONVERT"):
        raise cursor.error("a comma expected")


def skip_wait(cursor: Cursor) -> None:
    """Step over how long MariaDB waits for its lock."""
    if cursor.accept("WAIT"):
        cursor.number()
    else:
        cursor.accept("NOWAIT")


def parse_create_index(cursor: Cursor, *, unique: bool, replaces: bool) -> AlterTable:
    """Step over what follows CREATE … INDEX."""
    exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    if cursor.accept_any("USING", "TYPE"):
        cursor.take()
    cursor.expect("ON")
    table = cursor.table = cursor.table_name()
    skip_wait(cursor)
    index = parse_index(cursor, name, unique=unique)
    _skip_how(cursor)
    return AlterTable(table, (AddIndex(replace(index, if_not_exists=exists), replaces),), of_index=True)


def parse_drop_index(cursor: Cursor) -> AlterTable:
    """Step over what follows DROP INDEX."""
    exists = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    cursor.expect("ON")
    table = cursor.table = cursor.table_name()
    _skip_how(cursor)
    return AlterTable(table, (DropIndex(name, certain=not exists),), of_index=True)


def _skip_how(cursor: Cursor) -> None:
    skip_wait(cursor)
    while cursor.accept_any("ALGORITHM", "LOCK"):
        cursor.accept("=")
        cursor.take()


def _options(cursor: Cursor) -> Action:
    options = TableOptions()
    if not parse_option(cursor, options):
        raise cursor.error("an unknown action of ALTER TABLE")
    return SetOptions(options)


def _add(cursor: Cursor) -> list[Action]:
    if cursor.accept("SYSTEM", "VERSIONING"):
        return [SetOptions(TableOptions(versioned=True))]
    if cursor.accept("PARTITION"):
        _skip_partitions(cursor)
        return []
    indexes: list[IndexSpec] = []
    if parse_key(cursor, indexes):
        return [AddIndex(index) for index in indexes]
    cursor.accept("COLUMN")
    exists = cursor.accept("IF", "NOT", "EXISTS")
    if cursor.accept("("):
        return _add_several(cursor, exists)
    column = parse_column(cursor)
    added = AddColumn(column, _position(cursor), exists)
    return [added, *(AddIndex(index) for index in column_keys(column))]


def _add_several(cursor: Cursor, if_not_exists: bool) -> list[Action]:
    actions: list[Action] = []
    indexes: list[IndexSpec] = []
    while True:
        if not parse_key(cursor, indexes):
            column = parse_column(cursor)
            actions.append(AddColumn(column, None, if_not_exists))
            indexes += column_keys(column)
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return actions + [AddIndex(index) for index in indexes]


def _position(cursor: Cursor) -> str | None:
    if cursor.accept("FIRST"):
        return ""
    return cursor.name() if cursor.accept("AFTER") else None


def _modify(cursor: Cursor) -> list[Action]:
    cursor.accept("COLUMN")
    exists = cursor.accept("IF", "EXISTS")
    return _changed(cursor, None, exists)


def _change(cursor: Cursor) -> list[Action]:
    cursor.accept("COLUMN")
    exists = cursor.accept("IF", "EXISTS")
    return _changed(cursor, cursor.name(), exists)


def _changed(cursor: Cursor, old: str | None, if_exists: bool) -> list[Action]:
    column = parse_column(cursor)
    change = ChangeColumn(column.name if old is None else old, column, _position(cursor), if_exists)
    return [change, *(AddIndex(index) for index in column_keys(column))]


def _drop(cursor: Cursor) -> list[Action]:
    if cursor.accept("SYSTEM", "VERSIONING"):
        return [SetOptions(TableOptions(versioned=False))]
    if cursor.accept("PARTITION"):
        _skip_partitions(cursor)
        return []
    if cursor.accept("PRIMARY", "KEY"):
        exists = cursor.accept("IF", "EXISTS")
        return [DropIndex("PRIMARY", certain=not exists)]
    if cursor.accept_any("INDEX", "KEY"):
        exists = cursor.accept("IF", "EXISTS")
        return [DropIndex(cursor.name(), certain=not exists)]
    if cursor.accept("CONSTRAINT"):
        cursor.accept("IF", "EXISTS")
        return [DropIndex(cursor.name(), certain=False)]
    if cursor.accept("FOREIGN", "KEY") or cursor.accept("CHECK") or cursor.accept("PERIOD", "FOR"):
        cursor.accept("IF", "EXISTS")
        cursor.name()
        return []
    return _drop_column(cursor)


def _drop_column(cursor: Cursor) -> list[Action]:
    cursor.accept("COLUMN")
    exists = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    cursor.accept_any("RESTRICT", "CASCADE")
    return [DropColumn(name, exists)]


def _rename(cursor: Cursor) -> list[Action]:
    if cursor.accept("COLUMN"):
        exists = cursor.accept("IF", "EXISTS")
        old = cursor.name()
        cursor.expect("TO")
        return [RenameColumn(old, cursor.name(), exists)]
    if cursor.accept_any("INDEX", "KEY"):
        cursor.accept("IF", "EXISTS")
        old = cursor.name()
        cursor.expect("TO")
        return [RenameIndex(old, cursor.name())]
    cursor.accept_any("TO", "AS", "=")
    return [RenameTo(cursor.table_name())]


def _alter(cursor: Cursor) -> list[Action]:
    if cursor.accept_any("INDEX", "KEY"):
        cursor.accept("IF", "EXISTS")
        cursor.name()
        if not cursor.accept_any("VISIBLE", "INVISIBLE", "IGNORED"):
            cursor.expect("NOT", "IGNORED")
        return []
    if cursor.accept_any("CHECK", "CONSTRAINT"):
        cursor.name()
        cursor.accept("NOT")
        cursor.expect("ENFORCED")
        return []
    cursor.accept("COLUMN")
    exists = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    if cursor.accept("DROP", "DEFAULT"):
        return [SetDefault(name, False, None, exists)]
    cursor.expect("SET")
    if cursor.accept_any("VISIBLE", "INVISIBLE"):
        return []
    cursor.expect("DEFAULT")
    return [SetDefault(name, True, parse_default(cursor), exists)]


def _convert(cursor: Cursor) -> list[Action]:
    if cursor.accept("PARTITION") or cursor.peek("TABLE"):
        # A partition becomes a table, or a table a partition: which tables there are changes.
        raise cursor.error("CONVERT of partitions and tables")
    cursor.expect("TO")
    if not cursor.accept("CHARSET"):
        cursor.expect("CHARACTER", "SET")
    charset = None if cursor.accept("DEFAULT") else cursor.charset_name()
    if cursor.accept("COLLATE"):
        charset = charset_of_collation(cursor.charset_name()) or charset
    return [ConvertCharset(charset)]


def _order(cursor: Cursor) -> list[Action]:
    cursor.expect("BY")
    while True:
        cursor.name()
        while cursor.accept("."):
            cursor.name()
        cursor.accept_any("ASC", "DESC")
        if cursor.word != "," or cursor.words[cursor.at + 1] in _ACTIONS:
            return []
        cursor.at += 1


def _how(cursor: Cursor) -> list[Action]:
    cursor.accept("=")
    cursor.take()
    return []


def _validation(cursor: Cursor) -> list[Action]:
    cursor.expect("VALIDATION")
    return []


def _nothing(cursor: Cursor) -> list[Action]:
    return []


def _keys(cursor: Cursor) -> list[Action]:
    cursor.expect("KEYS")
    return []


def _partition_work(cursor: Cursor) -> list[Action]:
    """Step over work on partitions and tablespaces, which no definition knows of."""
    if cursor.accept("TABLESPACE") or cursor.accept("PARTITIONING"):
        return []
    cursor.expect("PARTITION")
    _skip_partitions(cursor)
    return []


def _skip_partitions(cursor: Cursor) -> None:
    while not cursor.ended:
        if cursor.word == "(":
            cursor.skip_parens()
        else:
            cursor.at += 1


_ACTIONS: dict[str, Callable[[Cursor], list[Action]]] = {
    "ADD": _add,
    "MODIFY": _modify,
    "CHANGE": _change,
    "DROP": _drop,
    "RENAME": _rename,
    "ALTER": _alter,
    "CONVERT": _convert,
    "ORDER": _order,
    "ALGORITHM": _how,
    "LOCK": _how,
    "WITH": _validation,
    "WITHOUT": _validation,
    "FORCE": _nothing,
    "SECONDARY_LOAD": _nothing,
    "SECONDARY_UNLOAD": _nothing,
    "DISABLE": _keys,
    "ENABLE": _keys,
    **dict.fromkeys(("REMOVE", "DISCARD", "IMPORT", "TRUNCATE", "COALESCE", "REORGANIZE"), _partition_work),
    **dict.fromkeys(("EXCHANGE", "ANALYZE", "CHECK", "OPTIMIZE", "REBUILD", "REPAIR"), _partition_work),
}
