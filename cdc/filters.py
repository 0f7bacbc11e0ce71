"""Include and exclude lists: comma-separated, anchored, case-insensitive Java regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|$)", re.DOTALL)
_POSSESSIVE_CLASS = re.compile(r"\\p\{(\w+)\}")
_CLASSES = {"Alnum": "a-zA-Z0-9", "Alpha": "a-zA-Z", "Digit": "0-9", "Lower": "a-z", "Upper": "A-Z"}


def split_patterns(text: str) -> list[str]:
    r"""Split a list at its commas; `\,` is a comma inside a pattern (Debezium's Strings.setOf)."""
    parts = re.split(r"(?<!\\),", text)
    return [part.replace("\\,", ",").strip() for part in parts if part.strip()]


def java_regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    r"""Compile a Java regular expression; raises ValueError when it is not one.

    What differs from Python's: `\Q…\E` quoting, `(?<name>…)` groups and POSIX classes.
    """
    text = _QUOTED.sub(lambda match: re.escape(match[1]), pattern)
    text = re.sub(r"\(\?<(?![=!])", "(?P<", text)
    text = _POSSESSIVE_CLASS.sub(lambda match: f"[{_CLASSES.get(match[1], match[1])}]", text)
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None


def parse_patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """Return the compiled patterns of a list option; raises ValueError for a bad one."""
    return tuple(java_regex(part, re.IGNORECASE) for part in split_patterns(text))


def matches_any(patterns: Sequence[re.Pattern[str]], name: str) -> bool:
    """Whether one of the patterns matches the whole name."""
    return any(pattern.fullmatch(name) for pattern in patterns)


def name_filter(
    include: Sequence[re.Pattern[str]], exclude: Sequence[re.Pattern[str]]
) -> Callable[[str], bool]:
    """Return the test of a pair of lists; without either everything passes."""
    if include:
        return lambda name: matches_any(include, name)
    if exclude:
        return lambda name: not matches_any(exclude, name)
    return lambda name: True
