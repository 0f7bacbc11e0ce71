"""DEFAULT clauses: literals become their text, clocks the epoch, everything else is left to the server."""

from __future__ import annotations

from schemas.ddl.cursor import Cursor

EPOCH = "1970-01-01 00:00:00"
"""What Debezium writes for a default of the current time."""

_CLOCKS = frozenset(("CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"))
_OPERATORS = frozenset(
    ("+", "-", "*", "/", "%", "|", "&", "^", "DIV", "MOD", "||", ">", "<", "=", "AND", "OR")
)


def parse_default(cursor: Cursor) -> str | None:
    """Step over what follows DEFAULT; return its text, None for NULL and for what is computed."""
    text = _operand(cursor)
    while cursor.word in _OPERATORS:
        text = None
        cursor.at += 1
        if cursor.word not in _OPERATORS:
            _operand(cursor)
    return text


def skip_clock(cursor: Cursor) -> None:
    """Step over what follows ON UPDATE."""
    if cursor.word not in _CLOCKS:
        raise cursor.error("a current time expected")
    cursor.at += 1
    if cursor.word == "(":
        cursor.skip_parens()


def _operand(cursor: Cursor) -> str | None:
    word, text = cursor.word, cursor.text
    if cursor.is_string():
        return cursor.string()
    if word == "(":
        cursor.skip_parens()
        return None
    if word in ("-", "+"):
        cursor.at += 1
        number = _operand(cursor)
        return None if number is None else word + number
    if text[:1].isdigit():
        return _number(cursor)
    if word == "." and cursor.texts[cursor.at + 1][:1].isdigit():
        cursor.at += 2
        return "." + cursor.texts[cursor.at - 1]
    return _word(cursor)


def _number(cursor: Cursor) -> str:
    cursor.at += 1
    text = cursor.texts[cursor.at - 1]
    if text[:2] in ("0x", "0X"):
        return _hexadecimal(text[2:])
    if text[:2] == "0b":
        return text[2:]
    return text


def _hexadecimal(digits: str) -> str:
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits).decode("latin-1")


def _word(cursor: Cursor) -> str | None:
    word, text = cursor.word, cursor.text
    if word in ("TRUE", "FALSE"):
        cursor.at += 1
        return text
    if word in _CLOCKS:
        skip_clock(cursor)
        return EPOCH
    name = cursor.name()
    if cursor.is_string() and (word in ("N", "B", "X") or word[:1] == "_"):
        literal = cursor.string()
        return _hexadecimal(literal) if word == "X" else literal
    if word == "NULL":
        return None
    _skip_call(cursor, name.upper())
    return None


def _skip_call(cursor: Cursor, name: str) -> None:
    """Step over the rest of an expression that begins with a word; MariaDB takes it without parentheses."""
    if name == "NEXT":
        cursor.expect("VALUE", "FOR")
        cursor.table_name()
    elif name == "CASE":
        while cursor.take() != "END":
            pass
    else:
        while cursor.accept("."):
            cursor.name()
        if cursor.word == "(":
            cursor.skip_parens()
