"""Column definitions: type, attributes, and what they imply."""

from __future__ import annotations

from collections.abc import Callable

from schemas.ddl.charsets import charset_of_collation
from schemas.ddl.column_types import AS_BINARY, CONTINUATIONS, MARIADB_TYPES, TYPES, DataType
from schemas.ddl.cursor import Cursor
from schemas.ddl.defaults import parse_default, skip_clock
from schemas.ddl.lexer import NO_BACKSLASH_ESCAPES, ORACLE, REAL_AS_FLOAT
from schemas.ddl.statements import ColumnSpec

_INTEGER_LIMIT = 2**31 - 1


def parse_column(cursor: Cursor) -> ColumnSpec:
    """Step over a column's name and definition, up to a comma, a position or the end."""
    name = cursor.name()
    if cursor.dialect.sql_mode & ORACLE:
        raise cursor.error("types mean other things in sql_mode=ORACLE")
    column = _parse_type(cursor, name)
    attributes = _ATTRIBUTES
    while (word := cursor.word) in attributes:
        cursor.at += 1
        attributes[word](cursor, column)
    while cursor.word not in _AFTER_COLUMN:
        _skip_engine_attribute(cursor)
        while (word := cursor.word) in attributes:
            cursor.at += 1
            attributes[word](cursor, column)
    if column.primary and cursor.dialect.mariadb:
        column.unique = False  # MySQL makes a second key of it
    return column


_AFTER_COLUMN = frozenset((",", ")", "", ";", "FIRST", "AFTER", "PARTITION"))


def _parse_type(cursor: Cursor, name: str) -> ColumnSpec:
    type_name, data_type = _type_name(cursor)
    length, scale = data_type.length, data_type.scale
    values: tuple[str, ...] = ()
    if data_type.kind == "values":
        values = _enum_values(cursor)
        length = 1 if type_name == "ENUM" else max(0, 2 * len(values) - 1)
    elif data_type.kind != "plain" and cursor.accept("("):
        length = min(cursor.number(), _INTEGER_LIMIT)
        if cursor.accept(","):
            scale = cursor.number()
        cursor.expect(")")
    column = ColumnSpec(name, type_name, data_type.jdbc, length, scale, values)
    if data_type.kind == "number":
        if type_name == "REAL" and cursor.dialect.sql_mode & REAL_AS_FLOAT:
            column.type_name, column.jdbc_type = "FLOAT", TYPES["FLOAT"].jdbc
        _parse_sign(cursor, column)
    elif data_type.kind in ("text", "values"):
        column.takes_charset = True
        _parse_charset(cursor, column)
    elif data_type.kind == "national":
        column.charset = "utf8"
        if cursor.accept("BINARY"):
            column.type_name += " BINARY"
    elif type_name == "SERIAL":
        column.type_name = "BIGINT UNSIGNED"
        _serial(column)
    return column


def _type_name(cursor: Cursor) -> tuple[str, DataType]:
    name = cursor.take()
    for more in CONTINUATIONS.get(name, ()):
        if cursor.accept(*more):
            name = " ".join((name, *more))
            break
    known = TYPES.get(name)
    if known is None and cursor.dialect.mariadb:
        known = MARIADB_TYPES.get(name)
    if known is None:
        cursor.at -= 1
        raise cursor.error("an unknown data type")
    return name, known


def _enum_values(cursor: Cursor) -> tuple[str, ...]:
    cursor.expect("(")
    values = []
    while True:
        start = cursor.at
        text = cursor.string().rstrip(" ")  # as the server does
        written = cursor.texts[start]
        plain = cursor.at == start + 1 and written[0] == "'" and written[-2] != " "
        if not plain or ("\\" in written and cursor.dialect.sql_mode & NO_BACKSLASH_ESCAPES):
            written = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
        values.append(written)
        if not cursor.accept(","):
            cursor.expect(")")
            return tuple(values)


def _parse_sign(cursor: Cursor, column: ColumnSpec) -> None:
    signs = set()
    while word := cursor.accept_any("UNSIGNED", "SIGNED", "ZEROFILL"):
        signs.add(word)
    if "ZEROFILL" in signs:
        column.type_name += " UNSIGNED ZEROFILL"
    elif signs:
        column.type_name += " UNSIGNED" if "UNSIGNED" in signs else " SIGNED"


def _parse_charset(cursor: Cursor, column: ColumnSpec) -> None:
    """Step over what stands between a character type and its attributes."""
    while cursor.word in _CHARSET_WORDS:
        if cursor.accept("CHARACTER", "SET") or cursor.accept("CHAR", "SET") or cursor.accept("CHARSET"):
            cursor.accept("=")
            column.charset = cursor.charset_name()
        elif cursor.accept("ASCII"):
            column.charset = "latin1"
        elif cursor.accept("UNICODE"):
            column.charset = "ucs2"
        elif cursor.accept("BYTE"):
            column.charset = "binary"
        elif cursor.accept("BINARY"):
            column.type_name += " BINARY"
        elif cursor.accept("COMPRESSED"):
            _compressed(cursor, column)
        else:
            raise cursor.error("a character set expected")


_CHARSET_WORDS = frozenset(
    ("CHARACTER", "CHAR", "CHARSET", "ASCII", "UNICODE", "BYTE", "BINARY", "COMPRESSED")
)


def as_binary(column: ColumnSpec) -> None:
    """Turn a text column into the binary one that the server makes of it in the charset `binary`."""
    name = AS_BINARY.get(column.type_name.removesuffix(" BINARY"))
    if name is not None:
        column.type_name, column.jdbc_type = name, TYPES[name].jdbc
        column.charset, column.takes_charset = None, False


def _serial(column: ColumnSpec) -> None:
    column.optional = False
    column.unique = column.auto_incremented = column.generated = True


def _not(cursor: Cursor, column: ColumnSpec) -> None:
    if cursor.accept("NULL"):
        column.optional = False
    elif not (cursor.accept("ENFORCED") or cursor.accept("SECONDARY")):
        raise cursor.error("NULL expected")


def _null(cursor: Cursor, column: ColumnSpec) -> None:
    column.optional = True


def _default(cursor: Cursor, column: ColumnSpec) -> None:
    column.has_default = True
    column.default = parse_default(cursor)


def _on(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.expect("UPDATE")
    skip_clock(cursor)
    if not cursor.dialect.mariadb:
        # So says Debezium of MySQL, not of MariaDB: the server writes it, as it does AUTO_INCREMENT.
        column.auto_incremented = column.generated = True


def _auto_increment(cursor: Cursor, column: ColumnSpec) -> None:
    column.optional = False  # unless NULL follows
    column.auto_incremented = column.generated = True


def _unique(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.accept("KEY")
    column.unique = True


def _primary(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.expect("KEY")
    column.primary = True


def _key(cursor: Cursor, column: ColumnSpec) -> None:
    column.primary = True


def _comment(cursor: Cursor, column: ColumnSpec) -> None:
    column.comment = cursor.string()


def _collate(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.accept("=")
    column.charset = charset_of_collation(cursor.charset_name()) or column.charset


def _generated(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.expect("ALWAYS", "AS")
    _as(cursor, column)


def _as(cursor: Cursor, column: ColumnSpec) -> None:
    if cursor.accept("ROW"):
        column.row_end = cursor.accept("END")
        if not column.row_end:
            cursor.expect("START")
        column.optional, column.generated = False, True
        return
    cursor.skip_parens()
    column.generated = True
    column.virtual = not cursor.accept_any("STORED", "PERSISTENT")
    cursor.accept("VIRTUAL")


def _check(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.skip_parens()


def _constraint(cursor: Cursor, column: ColumnSpec) -> None:
    if cursor.word != "CHECK":
        cursor.name()
    cursor.expect("CHECK")
    cursor.skip_parens()


def _references(cursor: Cursor, column: ColumnSpec) -> None:
    skip_references(cursor)


def skip_references(cursor: Cursor) -> None:
    """Step over what follows REFERENCES."""
    cursor.table_name()
    if cursor.word == "(":
        cursor.skip_parens()
    if cursor.accept("MATCH"):
        cursor.take()
    while cursor.accept("ON", "DELETE") or cursor.accept("ON", "UPDATE"):
        if not (
            cursor.accept("SET", "NULL") or cursor.accept("SET", "DEFAULT") or cursor.accept("NO", "ACTION")
        ):
            cursor.take()


def _word(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.accept("=")
    cursor.take()


def _nothing(cursor: Cursor, column: ColumnSpec) -> None:
    pass


def _versioning(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.expect("SYSTEM", "VERSIONING")


def _compressed(cursor: Cursor, column: ColumnSpec) -> None:
    if cursor.accept("="):
        cursor.take()


def _serial_default(cursor: Cursor, column: ColumnSpec) -> None:
    cursor.expect("DEFAULT", "VALUE")
    _serial(column)


def _skip_engine_attribute(cursor: Cursor) -> None:
    """Step over `name = value`, which MariaDB hands to the storage engine."""
    start = cursor.at
    if cursor.dialect.mariadb and cursor.name() and cursor.accept("="):
        cursor.take()
        return
    cursor.at = start
    raise cursor.error("an unknown attribute of a column")


_ATTRIBUTES: dict[str, Callable[[Cursor, ColumnSpec], None]] = {
    "NOT": _not,
    "NULL": _null,
    "DEFAULT": _default,
    "ON": _on,
    "AUTO_INCREMENT": _auto_increment,
    "UNIQUE": _unique,
    "PRIMARY": _primary,
    "KEY": _key,
    "COMMENT": _comment,
    "COLLATE": _collate,
    "GENERATED": _generated,
    "AS": _as,
    "CHECK": _check,
    "CONSTRAINT": _constraint,
    "REFERENCES": _references,
    "COLUMN_FORMAT": _word,
    "STORAGE": _word,
    "ENGINE_ATTRIBUTE": _word,
    "SECONDARY_ENGINE_ATTRIBUTE": _word,
    "SRID": _word,
    "REF_SYSTEM_ID": _word,
    "COMPRESSED": _compressed,
    "VISIBLE": _nothing,
    "INVISIBLE": _nothing,
    "ENFORCED": _nothing,
    "WITH": _versioning,
    "WITHOUT": _versioning,
    "SERIAL": _serial_default,
}
