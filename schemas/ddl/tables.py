"""CREATE TABLE: columns, keys, options, and what only has to be stepped over."""

from __future__ import annotations

from dataclasses import replace

from schemas.ddl.charsets import charset_of_collation
from schemas.ddl.columns import parse_column, skip_references
from schemas.ddl.cursor import Cursor
from schemas.ddl.statements import ColumnSpec, CreateTable, IndexSpec, TableOptions
from schemas.table import TableId


def parse_create_table(cursor: Cursor, *, temporary: bool) -> CreateTable:
    """Step over what follows CREATE … TABLE."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    table = cursor.table = cursor.table_name()
    like = _like(cursor)
    if like is not None:
        return CreateTable(table, if_not_exists=if_not_exists, temporary=temporary, like=like)
    columns: list[ColumnSpec] = []
    indexes: list[IndexSpec] = []
    if cursor.word == "(" and cursor.words[cursor.at + 1] not in ("SELECT", "WITH", "(", "VALUES", "TABLE"):
        cursor.at += 1
        _parse_elements(cursor, columns, indexes)
    options = TableOptions()
    while parse_option(cursor, options):
        cursor.accept(",")
    selects = _parse_tail(cursor)
    return CreateTable(
        table, tuple(columns), tuple(indexes), options, if_not_exists, temporary, selects=selects
    )


def _like(cursor: Cursor) -> TableId | None:
    if cursor.accept("LIKE"):
        return cursor.table_name()
    if cursor.accept("(", "LIKE"):
        original = cursor.table_name()
        cursor.expect(")")
        return original
    return None


def _parse_elements(cursor: Cursor, columns: list[ColumnSpec], indexes: list[IndexSpec]) -> None:
    while True:
        if not parse_key(cursor, indexes):
            column = parse_column(cursor)
            columns.append(column)
            indexes += column_keys(column)
        if not cursor.accept(","):
            break
    cursor.expect(")")


def column_keys(column: ColumnSpec) -> list[IndexSpec]:
    """Return the keys that a column's own attributes make."""
    keys = [IndexSpec("PRIMARY", (column.name,), unique=True, primary=True)] if column.primary else []
    return keys + ([IndexSpec(None, (column.name,), unique=True, first=column.name)] if column.unique else [])


_KEY_WORDS = frozenset(
    (
        "PRIMARY",
        "UNIQUE",
        "KEY",
        "INDEX",
        "FULLTEXT",
        "SPATIAL",
        "FOREIGN",
        "CONSTRAINT",
        "CHECK",
        "PERIOD",
        "VECTOR",
    )
)


def parse_key(cursor: Cursor, indexes: list[IndexSpec]) -> bool:
    """Step over a key or constraint and add the indexes it makes; False where it is a column that comes."""
    word = cursor.word
    if word not in _KEY_WORDS:
        return False
    following = cursor.words[cursor.at + 1]
    if (word == "PERIOD" and following != "FOR") or (word == "VECTOR" and following not in ("INDEX", "KEY")):
        return False
    symbol = _constraint_symbol(cursor)
    if cursor.accept("PERIOD", "FOR"):
        cursor.name()
        cursor.skip_parens()
    elif cursor.accept("CHECK"):
        cursor.skip_parens()
        cursor.accept("NOT")
        cursor.accept("ENFORCED")
    elif cursor.accept("FOREIGN", "KEY"):
        indexes.append(_foreign_key(cursor, symbol))
    elif cursor.accept("PRIMARY", "KEY"):
        indexes.append(parse_index(cursor, "PRIMARY", unique=True, primary=True, named=False))
    else:
        unique = cursor.accept("UNIQUE")
        if not unique:
            cursor.accept_any("FULLTEXT", "SPATIAL", "VECTOR")
        cursor.accept_any("INDEX", "KEY")
        indexes.append(parse_index(cursor, symbol, unique=unique))
    return True


def _constraint_symbol(cursor: Cursor) -> str | None:
    if not cursor.accept("CONSTRAINT"):
        return None
    cursor.accept("IF", "NOT", "EXISTS")
    return None if cursor.word in _KEY_WORDS else cursor.name()


def _foreign_key(cursor: Cursor, symbol: str | None) -> IndexSpec:
    """Step over a foreign key; return the index that the server makes for it if there is none."""
    cursor.accept("IF", "NOT", "EXISTS")
    name = None if cursor.word == "(" else cursor.name()
    index = _index_parts(cursor)
    cursor.expect("REFERENCES")
    skip_references(cursor)
    return replace(index, name=symbol or name)


def parse_index(
    cursor: Cursor, name: str | None, *, unique: bool, primary: bool = False, named: bool = True
) -> IndexSpec:
    """Step over an index from its name on."""
    exists = cursor.accept("IF", "NOT", "EXISTS")
    if cursor.word not in ("(", "USING", "TYPE") or cursor.text.startswith("`"):
        written = cursor.name()
        name = written if named else name
    if cursor.accept_any("USING", "TYPE"):
        cursor.take()
    index = _index_parts(cursor)
    skip_index_options(cursor)
    return replace(index, name=name, unique=unique, primary=primary, if_not_exists=exists)


def _index_parts(cursor: Cursor) -> IndexSpec:
    """Step over the parts of an index and return it, without a name."""
    cursor.expect("(")
    first = "functional_index" if cursor.word == "(" else cursor.text.strip('`"')
    columns: list[str] | None = []
    partial = False
    while True:
        name = _index_part(cursor)
        partial |= name is not None and cursor.texts[cursor.at - 1] == ")"
        if name is None:
            columns = None
        elif columns is not None:
            columns.append(name)
        cursor.accept_any("ASC", "DESC")
        if not cursor.accept(","):
            cursor.expect(")")
            return IndexSpec(None, None if columns is None else tuple(columns), first=first, partial=partial)


def _index_part(cursor: Cursor) -> str | None:
    """Step over one part; return its column, None for an expression and for the period of a key."""
    if cursor.word == "(":
        cursor.skip_parens()
        return None
    name = cursor.name()
    if cursor.word == "(":
        cursor.skip_parens()
    return None if cursor.accept("WITHOUT", "OVERLAPS") else name


_INDEX_OPTIONS = frozenset(
    (
        *("KEY_BLOCK_SIZE", "COMMENT", "USING", "TYPE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"),
        *("CLUSTERING", "M", "DISTANCE"),
    )
)


def skip_index_options(cursor: Cursor) -> None:
    """Step over what follows the columns of an index."""
    while True:
        if cursor.word in _INDEX_OPTIONS:
            cursor.at += 1
            cursor.accept("=")
            cursor.take()
        elif cursor.accept("WITH", "PARSER"):
            cursor.name()
        elif not cursor.accept_any("VISIBLE", "INVISIBLE", "IGNORED") and not cursor.accept("NOT", "IGNORED"):
            return


_LISTED = frozenset(("UNION",))
_OPTIONS = frozenset(
    (
        *("ENGINE", "TYPE", "AUTO_INCREMENT", "AVG_ROW_LENGTH", "CHECKSUM", "TABLE_CHECKSUM", "CONNECTION"),
        *(
            "COMPRESSION",
            "DELAY_KEY_WRITE",
            "ENCRYPTION",
            "INSERT_METHOD",
            "KEY_BLOCK_SIZE",
            "MAX_ROWS",
            "MIN_ROWS",
        ),
        *(
            "PACK_KEYS",
            "PASSWORD",
            "ROW_FORMAT",
            "STATS_AUTO_RECALC",
            "STATS_PERSISTENT",
            "STATS_SAMPLE_PAGES",
        ),
        *(
            "TABLESPACE",
            "AUTOEXTEND_SIZE",
            "ENGINE_ATTRIBUTE",
            "SECONDARY_ENGINE",
            "SECONDARY_ENGINE_ATTRIBUTE",
        ),
        *("PAGE_CHECKSUM", "TRANSACTIONAL", "SEQUENCE", "STORAGE", "NODEGROUP", "IETF_QUOTES", "ENCRYPTED"),
        *("ENCRYPTION_KEY_ID", "PAGE_COMPRESSED", "PAGE_COMPRESSION_LEVEL"),
    )
)


def parse_option(cursor: Cursor, options: TableOptions) -> bool:
    """Step over one option of a table; False where none comes."""
    word = cursor.word
    start = cursor.at
    if word == "DEFAULT":
        cursor.at += 1
    if cursor.accept("CHARACTER", "SET") or cursor.accept("CHARSET") or cursor.accept("CHAR", "SET"):
        cursor.accept("=")
        options.charset = cursor.charset_name()
    elif cursor.accept("COLLATE"):
        cursor.accept("=")
        options.charset = charset_of_collation(cursor.charset_name()) or options.charset
    elif word == "DEFAULT":
        cursor.at = start
        return False
    elif cursor.accept("COMMENT"):
        cursor.accept("=")
        options.comment = cursor.string()
    elif cursor.accept("WITH", "SYSTEM", "VERSIONING"):
        options.versioned = True
    else:
        return _skip_option(cursor)
    return True


def _skip_option(cursor: Cursor) -> bool:
    word = cursor.word
    if word in _OPTIONS:
        cursor.at += 1
        cursor.accept("=")
        cursor.take()
    elif word in _LISTED:
        cursor.at += 1
        cursor.accept("=")
        cursor.skip_parens()
    elif cursor.accept("DATA", "DIRECTORY") or cursor.accept("INDEX", "DIRECTORY"):
        cursor.accept("=")
        cursor.string()
    elif cursor.accept("START", "TRANSACTION"):
        pass
    elif cursor.dialect.mariadb and cursor.words[cursor.at + 1] == "=":
        # Options of the storage engine.
        cursor.name()
        cursor.at += 1
        cursor.take()
    else:
        return False
    return True


_QUERIES = frozenset(("SELECT", "WITH", "VALUES", "TABLE", "IGNORE", "REPLACE", "AS"))


def _parse_tail(cursor: Cursor) -> bool:
    """Step over partitions and a query; tell whether there is a query."""
    if cursor.accept("PARTITION", "BY"):
        skip_partitioning(cursor)
    if cursor.ended:
        return False
    if cursor.word in _QUERIES or cursor.word == "(":
        cursor.skip_statement()
        return True
    raise cursor.error("an unknown option of a table")


def skip_partitioning(cursor: Cursor) -> None:
    """Step over what follows PARTITION BY, up to a query, a comma or the end."""
    while not cursor.ended and cursor.word != ",":
        if cursor.word == "(" and cursor.words[cursor.at + 1] not in ("SELECT", "WITH", "VALUES"):
            cursor.skip_parens()
        elif cursor.word in _QUERIES or cursor.word == "(":
            return
        else:
            cursor.at += 1
