"""A cursor over the tokens of a text, and the parts of SQL that every statement is made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from schemas.ddl.errors import UnparseableDdl
from schemas.ddl.lexer import ANSI_QUOTES, Dialect, places, text_of, tokens
from schemas.table import TableId

_OPEN_QUOTES = frozenset("'\"`")
_EXCERPT = 60


class Cursor:
    """Tokens and a place among them; `word` is the token there in capitals, empty at the end."""

    __slots__ = ("_sql", "at", "database", "dialect", "table", "texts", "words")

    def __init__(self, sql: str, database: str, dialect: Dialect) -> None:
        self._sql = sql
        self.dialect = dialect
        self.database = database
        self.table: TableId | None = None
        self.at = 0
        self.texts = tokens(sql, dialect)
        self.texts += ("", "", "")
        self.words = [text.upper() for text in self.texts]
        if not _OPEN_QUOTES.isdisjoint(self.texts):
            self.at = next(i for i, text in enumerate(self.texts) if text in _OPEN_QUOTES)
            raise self.error("a quote that does not end")

    @property
    def word(self) -> str:
        """Return the token here, in capitals."""
        return self.words[self.at]

    @property
    def text(self) -> str:
        """Return the token here, as it is written."""
        return self.texts[self.at]

    @property
    def ended(self) -> bool:
        """Tell whether the statement ends here."""
        return self.words[self.at] in ("", ";")

    def peek(self, *words: str) -> bool:
        """Tell whether these words come next."""
        if self.words[self.at] != words[0]:
            return False
        return len(words) == 1 or tuple(self.words[self.at : self.at + len(words)]) == words

    def accept(self, *words: str) -> bool:
        """Step over these words if they come next."""
        if self.words[self.at] != words[0]:
            return False
        if len(words) > 1 and tuple(self.words[self.at : self.at + len(words)]) != words:
            return False
        self.at += len(words)
        return True

    def accept_any(self, *words: str) -> str:
        """Step over one of these words; return it, or nothing."""
        word = self.words[self.at]
        if word not in words or not word:
            return ""
        self.at += 1
        return word

    def expect(self, *words: str) -> None:
        """Step over these words, which must come."""
        if not self.accept(*words):
            raise self.error(f"{' '.join(words)} expected")

    def take(self) -> str:
        """Step over a token and return it in capitals."""
        word = self.words[self.at]
        if not word:
            raise self.error("more expected")
        self.at += 1
        return word

    def name(self) -> str:
        """Step over an identifier and return it."""
        text = self.texts[self.at]
        first = text[:1]
        if first == "`" or (first == '"' and self.dialect.sql_mode & ANSI_QUOTES):
            self.at += 1
            return text[1:-1].replace(first + first, first)
        if not (first.isalnum() or first in "_$" or first >= "\x80") or not first:
            raise self.error("a name expected")
        self.at += 1
        return text

    def table_name(self) -> TableId:
        """Step over the name of a table, in the default database unless it says another."""
        self.accept(".")
        name = self.name()
        if self.accept("."):
            return TableId(name, "", self.name())
        return TableId(self.database, "", name)

    def is_string(self) -> bool:
        """Tell whether a quoted string comes next."""
        first = self.texts[self.at][:1]
        return first == "'" or (first == '"' and not self.dialect.sql_mode & ANSI_QUOTES)

    def string(self) -> str:
        """Step over a string, adjacent pieces as one, and return what it says."""
        if not self.is_string():
            raise self.error("a string expected")
        parts = []
        while self.is_string():
            parts.append(text_of(self.texts[self.at], self.dialect.sql_mode))
            self.at += 1
        return "".join(parts)

    def charset_name(self) -> str:
        """Step over the name of a charset or collation, which may be quoted."""
        return (self.string() if self.is_string() else self.name()).lower()

    def number(self) -> int:
        """Step over a whole number; decimals are cut off, as the server does with lengths."""
        text = self.texts[self.at].partition(".")[0]
        if not text.isdecimal():
            raise self.error("a number expected")
        self.at += 1
        return int(text)

    def skip_parens(self) -> None:
        """Step over a pair of parentheses and all between them."""
        self.expect("(")
        depth, at, words = 1, self.at, self.words
        while depth:
            word = words[at]
            if not word:
                raise self.error(") expected")
            depth += (word == "(") - (word == ")")
            at += 1
        self.at = at

    def skip_statement(self) -> None:
        """Step over the rest of the statement."""
        try:
            self.at = self.words.index(";", self.at)
        except ValueError:
            self.at = self.words.index("", self.at)

    def rest(self) -> Iterator[str]:
        """Yield the words from here to the end of the statement."""
        for word in islice(self.words, self.at, None):
            if word in ("", ";"):
                return
            yield word

    def error(self, reason: str) -> UnparseableDdl:
        """Return the error that says what is not understood, and where."""
        offset = next(islice(places(self._sql, self.dialect), self.at, None), len(self._sql))
        near = self._sql[offset : offset + _EXCERPT]
        where = f"at {near!r}" if near else "at its end"
        return UnparseableDdl(self._sql, offset, f"{reason} {where}", self.table)
