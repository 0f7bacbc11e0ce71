"""From the text of a query event to statements: what each is about, and where the next begins."""

from __future__ import annotations

from collections.abc import Callable

from schemas.ddl.alter import parse_alter_table, parse_create_index, parse_drop_index, skip_wait
from schemas.ddl.charsets import charset_of_collation
from schemas.ddl.cursor import Cursor
from schemas.ddl.lexer import Dialect
from schemas.ddl.routines import skip_routine
from schemas.ddl.statements import (
    AlterDatabase,
    CreateDatabase,
    DropDatabase,
    DropTables,
    Harmless,
    RenameTables,
    SetCharset,
    Statement,
    TruncateTable,
    UseDatabase,
)
from schemas.ddl.tables import parse_create_table
from schemas.table import TableId


def parse(sql: str, database: str = "", dialect: Dialect | None = None) -> list[Statement]:
    """Return the statements of a text, in order; a text of comments alone has none.

    database: where names without one belong, until a USE. Raises `UnparseableDdl` for a statement that may
    change tables and is not wholly understood.
    """
    cursor = Cursor(sql, database, dialect or Dialect())
    statements: list[Statement] = []
    while cursor.word:
        if cursor.accept(";"):
            continue
        cursor.table = None
        statements += _statement(cursor)
        if not cursor.ended:
            raise cursor.error("the end of the statement expected")
    return statements


def _statement(cursor: Cursor) -> list[Statement]:
    verb = cursor.take()
    if verb in _VERBS:
        return _VERBS[verb](cursor)
    if verb in _HARMLESS:
        cursor.skip_statement()
        return [Harmless(verb)]
    cursor.at -= 1
    raise cursor.error("an unknown statement")


_HARMLESS = frozenset(
    (
        *(
            "INSERT",
            "UPDATE",
            "DELETE",
            "REPLACE",
            "SELECT",
            "WITH",
            "LOAD",
            "CALL",
            "DO",
            "VALUES",
            "TABLE",
            "(",
        ),
        *("GRANT", "REVOKE", "FLUSH", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "CHECKSUM", "BACKUP"),
        *("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA", "LOCK", "UNLOCK", "END"),
        *(
            "INSTALL",
            "UNINSTALL",
            "PREPARE",
            "EXECUTE",
            "DEALLOCATE",
            "KILL",
            "PURGE",
            "CHANGE",
            "STOP",
            "RESET",
        ),
        *(
            "HANDLER",
            "CACHE",
            "SHOW",
            "EXPLAIN",
            "DESCRIBE",
            "DESC",
            "HELP",
            "SIGNAL",
            "RESIGNAL",
            "GET",
            "BINLOG",
        ),
        *("CLONE", "RESTART", "SHUTDOWN"),
    )
)

_OBJECTS = frozenset(
    (
        *(
            "VIEW",
            "USER",
            "ROLE",
            "SERVER",
            "TABLESPACE",
            "UNDO",
            "LOGFILE",
            "RESOURCE",
            "INSTANCE",
            "PREPARE",
        ),
        *("SEQUENCE", "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE", "LIBRARY", "AGGREGATE"),
    )
)
_ROUTINES = frozenset(("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE", "LIBRARY", "AGGREGATE"))


def _create(cursor: Cursor) -> list[Statement]:
    replaces = cursor.accept("OR", "REPLACE")
    temporary = cursor.accept("TEMPORARY")
    if cursor.accept("TABLE"):
        return [parse_create_table(cursor, temporary=temporary)]
    if cursor.accept_any("DATABASE", "SCHEMA"):
        return [_create_database(cursor, replaces)]
    start = cursor.at
    cursor.accept_any("ONLINE", "OFFLINE")
    unique = cursor.accept("UNIQUE")
    cursor.accept_any("FULLTEXT", "SPATIAL", "VECTOR")
    if cursor.accept("INDEX"):
        return [parse_create_index(cursor, unique=unique, replaces=replaces)]
    if cursor.peek("REFERENCE", "SYSTEM"):
        return _harmless(cursor, "CREATE")
    cursor.at = start
    return _other(cursor, "CREATE")


def _alter(cursor: Cursor) -> list[Statement]:
    while cursor.accept_any("ONLINE", "OFFLINE", "IGNORE"):
        pass
    if cursor.accept("TABLE"):
        return [parse_alter_table(cursor)]
    if cursor.accept_any("DATABASE", "SCHEMA"):
        named = cursor.word not in _DATABASE_OPTIONS or cursor.text.startswith("`")
        name = cursor.name() if named else cursor.database
        return [AlterDatabase(name, _database_charset(cursor))]
    return _other(cursor, "ALTER")


def _other(cursor: Cursor, verb: str) -> list[Statement]:
    """Step over the definition of something that is no table; its kind stands behind who defines it."""
    if cursor.words[cursor.at] not in _OBJECTS:
        for place, word in enumerate(cursor.rest()):
            if word in _OBJECTS and _defines(cursor, place):
                cursor.at += place
                break
        else:
            raise cursor.error(f"an unknown {verb}")
    return _harmless(cursor, verb)


def _defines(cursor: Cursor, place: int) -> bool:
    """Tell whether only ALGORITHM, DEFINER and SQL SECURITY stand before a word."""
    return cursor.word in ("ALGORITHM", "DEFINER", "SQL") and place < 20


def _harmless(cursor: Cursor, verb: str) -> list[Statement]:
    kind = cursor.word
    if verb == "CREATE" and kind in _ROUTINES:
        skip_routine(cursor)
    else:
        cursor.skip_statement()
    return [Harmless(f"{verb} {kind}")]


def _drop(cursor: Cursor) -> list[Statement]:
    temporary = cursor.accept("TEMPORARY")
    if cursor.accept_any("TABLE", "TABLES"):
        cursor.accept("IF", "EXISTS")
        ids = [cursor.table_name()]
        while cursor.accept(","):
            ids.append(cursor.table_name())
        skip_wait(cursor)
        cursor.accept_any("RESTRICT", "CASCADE")
        return [DropTables(tuple(ids), temporary)]
    if cursor.accept_any("DATABASE", "SCHEMA"):
        cursor.accept("IF", "EXISTS")
        return [DropDatabase(cursor.name())]
    if cursor.accept("INDEX"):
        return [parse_drop_index(cursor)]
    if cursor.word in _OBJECTS or cursor.peek("SPATIAL", "REFERENCE"):
        return _harmless(cursor, "DROP")
    raise cursor.error("an unknown DROP")


def _rename(cursor: Cursor) -> list[Statement]:
    if cursor.accept("USER"):
        cursor.skip_statement()
        return [Harmless("RENAME USER")]
    if not cursor.accept_any("TABLE", "TABLES"):
        raise cursor.error("an unknown RENAME")
    exists = cursor.accept("IF", "EXISTS")
    pairs: list[tuple[TableId, TableId]] = []
    while True:
        old = cursor.table_name()
        skip_wait(cursor)
        cursor.expect("TO")
        pairs.append((old, cursor.table_name()))
        if not cursor.accept(","):
            return [RenameTables(tuple(pairs), exists)]


def _truncate(cursor: Cursor) -> list[Statement]:
    cursor.accept("TABLE")
    table = cursor.table_name()
    skip_wait(cursor)
    return [TruncateTable(table)]


def _create_database(cursor: Cursor, replaces: bool) -> Statement:
    exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    return CreateDatabase(name, _database_charset(cursor), exists, replaces)


_DATABASE_OPTIONS = frozenset(
    ("DEFAULT", "CHARACTER", "CHARSET", "CHAR", "COLLATE", "ENCRYPTION", "READ", "COMMENT", "UPGRADE")
)


def _database_charset(cursor: Cursor) -> str | None:
    charset: str | None = None
    while not cursor.ended:
        cursor.accept("DEFAULT")
        if cursor.accept("CHARACTER", "SET") or cursor.accept("CHARSET") or cursor.accept("CHAR", "SET"):
            cursor.accept("=")
            charset = cursor.charset_name()
        elif cursor.accept("COLLATE"):
            cursor.accept("=")
            charset = charset_of_collation(cursor.charset_name()) or charset
        elif cursor.accept("UPGRADE", "DATA", "DIRECTORY", "NAME"):
            pass
        elif cursor.accept("ENCRYPTION") or cursor.accept("READ", "ONLY") or cursor.accept("COMMENT"):
            cursor.accept("=")
            cursor.take()
        else:
            raise cursor.error("an unknown option of a database")
    return charset


def _use(cursor: Cursor) -> list[Statement]:
    cursor.database = cursor.name()
    return [UseDatabase(cursor.database)]


_CHARSET_VARIABLES = {
    f"{prefix}_{scope}": f"character_set_{scope}"
    for prefix in ("character_set", "collation")
    for scope in ("server", "database")
}


def _set(cursor: Cursor) -> list[Statement]:
    """Step over SET; what it says of a charset that tables inherit is a statement each."""
    if cursor.dialect.mariadb and cursor.accept("STATEMENT"):
        return _with_variables(cursor)
    found: dict[str, Statement] = {}
    words = cursor.words
    start = cursor.at
    cursor.skip_statement()
    for place in range(start, cursor.at - 1):
        name = words[place].rpartition(".")[2].lower().lstrip("@")
        assigned = words[place + 1] == "=" or words[place + 1 : place + 3] == [":", "="]
        if name not in _CHARSET_VARIABLES or not assigned:
            continue
        value = cursor.texts[place + 2 if words[place + 1] == "=" else place + 3].strip("'\"`").lower()
        charset = charset_of_collation(value) if name.startswith("collation") else value
        if charset and charset != "default":
            found[_CHARSET_VARIABLES[name]] = SetCharset(_CHARSET_VARIABLES[name], charset)
    return list(found.values()) or [Harmless("SET")]


def _with_variables(cursor: Cursor) -> list[Statement]:
    """Step over MariaDB's SET STATEMENT variable = value, … FOR, to the statement itself."""
    while not cursor.accept("FOR"):
        if cursor.ended:
            raise cursor.error("FOR expected")
        if cursor.word == "(":
            cursor.skip_parens()
        else:
            cursor.at += 1
    return _statement(cursor)


_VERBS: dict[str, Callable[[Cursor], list[Statement]]] = {
    "CREATE": _create,
    "ALTER": _alter,
    "DROP": _drop,
    "RENAME": _rename,
    "TRUNCATE": _truncate,
    "USE": _use,
    "SET": _set,
}
