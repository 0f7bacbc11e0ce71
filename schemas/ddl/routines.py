"""Stored programs: no table in them, but semicolons; where their text ends is all that matters."""

from __future__ import annotations

from schemas.ddl.cursor import Cursor

_BEGINS_STATEMENT = frozenset(
    (";", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", ":", "ROW", "DETERMINISTIC")
)
_BLOCKS = frozenset(("IF", "LOOP", "REPEAT", "WHILE"))


def skip_routine(cursor: Cursor) -> None:
    """Step over a stored program, to the semicolon behind it or the end.

    Packages hold whole programs, whose ends are not told from their own: the rest of the text is theirs.
    """
    words = cursor.words
    if cursor.word == "PACKAGE":
        cursor.at = words.index("", cursor.at)
        return
    depth, at = 0, cursor.at
    while words[at] and (depth or words[at] != ";"):
        word = words[at]
        if word == "END":
            depth -= 1
            if words[at + 1] in _BLOCKS or words[at + 1] == "CASE":
                at += 1
        elif word in ("BEGIN", "CASE") or (word in _BLOCKS and words[at - 1] in _BEGINS_STATEMENT):
            depth += 1
        at += 1
    cursor.at = at
