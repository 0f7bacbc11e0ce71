"""Tokens of MySQL's and MariaDB's SQL: one regular expression a mode, executable comments laid open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

REAL_AS_FLOAT = 1
ANSI_QUOTES = 4
ORACLE = 1 << 9
NO_BACKSLASH_ESCAPES = 1 << 20


@dataclass(frozen=True, slots=True)
class Dialect:
    """Whose SQL it is and how it was meant.

    version: as in executable comments, 80031 or 101106. sql_mode: the bit mask of a binlog's query event
    (`Q_SQL_MODE_CODE`); the bits above are heeded.
    """

    mariadb: bool = False
    version: int = 80400
    sql_mode: int = 0

    def executes(self, mariadb_only: bool, version: int) -> bool:
        """Tell whether the server runs what an executable comment holds."""
        if not self.mariadb:
            return not mariadb_only and version <= self.version
        foreign = not mariadb_only and 50700 <= version <= 99999
        return version <= self.version and not foreign


@cache
def _patterns(sql_mode: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of tokens (its only group), and of all that matters around comments."""
    inner = "" if sql_mode & NO_BACKSLASH_ESCAPES else r"\\.|"
    plain = "" if sql_mode & NO_BACKSLASH_ESCAPES else r"\\"
    single = rf"'(?:[^'{plain}]|{inner}'')*+'"
    double = r'"(?:[^"]|"")*+"' if sql_mode & ANSI_QUOTES else rf'"(?:[^"{plain}]|{inner}"")*+"'
    quoted = rf"{single}|{double}|`(?:[^`]|``)*+`"
    comment = r"--(?=[\s\x00-\x1f]|\Z)[^\n]*|\#[^\n]*"
    number = r"\d++(?:\.\d*)?[eE][-+]\d+|\d++\.\d*(?:[eE]\d+)?"
    token = rf"\s+|{comment}|/\*.*?\*/|({number}|[\w$\x80-\U0010ffff]+|{quoted}|.)"
    around = rf"{quoted}|{comment}|/\*(M?)!(\d{{5,6}})?|/\*.*?\*/|\*/"
    return re.compile(token, re.DOTALL), re.compile(around, re.DOTALL)


def tokens(sql: str, dialect: Dialect) -> list[str]:
    """Return the tokens of a text: quoted ones with their quotes, everything else as it is written."""
    return [token for token in _patterns(dialect.sql_mode)[0].findall(lay_open(sql, dialect)) if token]


def places(sql: str, dialect: Dialect) -> Iterator[int]:
    """Yield the offset of each token."""
    for found in _patterns(dialect.sql_mode)[0].finditer(lay_open(sql, dialect)):
        if found[1]:
            yield found.start(1)


def lay_open(sql: str, dialect: Dialect) -> str:
    """Blank out the frames of the executable comments that the server runs, and all of the others."""
    if "!" not in sql or "/*" not in sql:
        return sql
    parts, done, inside = [], 0, False
    around = _patterns(dialect.sql_mode)[1]
    found = around.search(sql)
    while found:
        start, end = found.span()
        text = found[0]
        if text == "*/" and inside:
            inside = False
        elif text.startswith(("/*!", "/*M!")):
            inside = dialect.executes(bool(found[1]), int(found[2] or 0))
            if not inside:
                end = _after_comment(sql, end)
        else:
            start = end
        parts += [sql[done:start], " " * (end - start)]
        done = end
        found = around.search(sql, end)
    return "".join(parts) + sql[done:]


def _after_comment(sql: str, at: int) -> int:
    """Return the end of a comment that is not run; it may hold comments itself."""
    depth = 1
    for found in re.compile(r"/\*|\*/").finditer(sql, at):
        depth += 1 if found[0] == "/*" else -1
        if not depth:
            return found.end()
    return len(sql)


_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}


def text_of(literal: str, sql_mode: int) -> str:
    """Return what a quoted literal says."""
    quote, inner = literal[0], literal[1:-1]
    if "\\" in inner and not sql_mode & NO_BACKSLASH_ESCAPES:
        # Doubled quotes first, but not where the first one is escaped: both in one pass.
        pattern = re.compile(rf"\\(.)|{quote}{quote}", re.DOTALL)
        return pattern.sub(lambda m: quote if m[1] is None else _ESCAPES.get(m[1], m[1]), inner)
    return inner.replace(quote + quote, quote)
