"""Names: from topics and fields to tables and columns, always as quoted identifiers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_FOREIGN = re.compile(r"[^A-Za-z0-9_]")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

STYLES: Mapping[str, Callable[[str], str]] = {
    "": str,
    "default": str,
    "snake_case": lambda name: _CAPITAL.sub("_", name).lower(),
    "camel_case": lambda name: _camel(name),
    "upper_case": str.upper,
    "lower_case": str.lower,
}


def _camel(name: str) -> str:
    head, *tail = name.lower().split("_")
    return head + "".join(part.capitalize() for part in tail)


@dataclass(frozen=True, slots=True)
class TableName:
    """A table of the target; `schema` is empty for the connection's own."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Identifiers:
    """How a database writes names: its quote, the longest name, and whether that counts bytes.

    fold: names are put in lower case, as a database does with names that are not quoted.
    """

    quote_mark: str
    longest: int
    in_bytes: bool = False
    fold: bool = False

    def quote(self, name: str) -> str:
        """Return a name as SQL text; whatever is in it stays a name."""
        if "\0" in name or not name:
            raise ValueError(f"{name!r} cannot be the name of a table or column")
        mark = self.quote_mark
        return f"{mark}{name.replace(mark, mark + mark)}{mark}"

    def table(self, table: TableName) -> str:
        """Return a table's name as SQL text."""
        parts = [table.schema, table.name] if table.schema else [table.name]
        return ".".join(map(self.quote, parts))

    def fit(self, name: str) -> str:
        """Return a name that is not too long: the end gives way to a hash, so that two stay two."""
        name = name.lower() if self.fold else name
        size = len(name.encode()) if self.in_bytes else len(name)
        if size <= self.longest:
            return name
        room = self.longest - 9
        head = name.encode()[:room].decode(errors="ignore") if self.in_bytes else name[:room]
        return f"{head}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class TableNames:
    """Where records go: a format with `${topic}` and `${source.FIELD}`, and what is done to the name.

    Dots of the topic become underscores; a dot of the format itself separates schema and table.
    """

    pattern: str
    prefix: str = ""
    suffix: str = ""
    style: str = ""
    plain: bool = False

    @property
    def by_record(self) -> bool:
        """Whether records of one topic may go to different tables."""
        return any(name != "topic" for name in _VARIABLE.findall(self.pattern))

    def resolve(self, topic: str, value: Mapping[str, Any] | None) -> TableName | None:
        """Return the table of a record, or None when the record does not have what the format needs."""
        parts = [self._fill(part, topic, value) for part in self._split()]
        if None in parts:
            return None
        names = [part for part in parts if part]
        name = self.prefix + STYLES[self.style](names[-1]) + self.suffix
        return TableName("_".join(names[:-1]) if self.plain else ".".join(names[:-1]), name)

    def _split(self) -> list[str]:
        return re.split(r"\.(?![^${}]*\})", self.pattern)

    def _fill(self, part: str, topic: str, value: Mapping[str, Any] | None) -> str | None:
        filled = part
        for variable in _VARIABLE.findall(part):
            if variable == "topic":
                text: Any = topic.replace(".", "_")
            else:
                text = _follow(value, variable.split("."))
            if text is None:
                return None
            filled = filled.replace(f"${{{variable}}}", str(text))
        return filled


def _follow(value: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def sanitized(name: str) -> str:
    """Return a name with everything but letters, digits and underscores replaced."""
    return _FOREIGN.sub("_", name)
