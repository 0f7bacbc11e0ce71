"""DEFAULT clauses: literals become their text, clocks the epoch, everything else is left to the server."""

from __future__ import annotations

from schemas.ddl.column_types import BINARY, BLOB, CHAR, NCHAR, NVARCHAR, OTHER, VARBINARY, VARCHAR
from schemas.ddl.cursor import Cursor

EPOCH = "1970-01-01 00:00:00"
"""What Debezium writes for a default of the current time."""

_CLOCKS = frozenset(("CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"))
_OPERATORS = frozenset(
    ("+", "-", "*", "/", "%", "|", "&", "^", "DIV", "MOD", "||", ">", "<", "=", "AND", "OR")
)


def parse_default(cursor: Cursor) -> str | None:
    """Step over what follows DEFAULT; return its text (see `Bits`), None for NULL and what is computed."""
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


class Bits(str):
    """A literal of bits, `b'101'` or `0x05`, as binary digits; what it means depends on the column's type."""

    __slots__ = ()

    @classmethod
    def of(cls, digits: str, base: int) -> Bits:
        """Return the literal of some digits, with the zeros in front."""
        return cls(digits) if base == 2 else _Hexadecimal("".join(f"{int(one, 16):04b}" for one in digits))

    def for_column(self, jdbc_type: int) -> str:
        """Return the default's text: the digits for BIT, the number for numbers, else that of the octets.

        Octets that are no UTF-8 are escaped in binary columns (`ColumnDefinition.default`), and those of
        latin1 in others.
        """
        if jdbc_type == _BIT:
            return self.digits
        value = int(self or "0", 2)
        if jdbc_type not in _TEXTS:
            return str(value)
        octets = value.to_bytes((len(self) + 7) // 8, "big")
        if jdbc_type in _OCTETS:
            return octets.decode("utf-8", "surrogateescape")
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            return octets.decode("latin-1")

    @property
    def digits(self) -> str:
        """What a BIT column has as its default."""
        return str(self)


class _Hexadecimal(Bits):
    __slots__ = ()

    @property
    def digits(self) -> str:
        return format(int(self or "0", 2), "b")


_BIT = -7
_OCTETS = frozenset((BINARY, VARBINARY, BLOB))
_TEXTS = frozenset((CHAR, VARCHAR, NCHAR, NVARCHAR, OTHER)) | _OCTETS


def _number(cursor: Cursor) -> str:
    cursor.at += 1
    text = cursor.texts[cursor.at - 1]
    if text[:2] == "0x":
        return Bits.of(text[2:], 16)
    return Bits.of(text[2:], 2) if text[:2] == "0b" else text


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
        return Bits.of(literal, 16 if word == "X" else 2) if word in ("X", "B") else literal
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
