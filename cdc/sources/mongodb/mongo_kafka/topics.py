"""Names of topics from namespaces: mongo-kafka's DefaultTopicMapper.

https://www.mongodb.com/docs/kafka-connector/current/source-connector/configuration-properties/kafka-topic/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cdc.filters import java_regex

_VARIABLE = re.compile(r"\{([^{}]*)\}")

_VARIABLES: Mapping[str, Callable[[str, str, str], str]] = {
    "db": lambda database, collection, separator: database,
    "sep": lambda database, collection, separator: separator,
    "coll": lambda database, collection, separator: collection,
    "sep_coll": lambda database, collection, separator: collection and separator + collection,
    "coll_sep": lambda database, collection, separator: collection and collection + separator,
    "sep_coll_sep": lambda database, collection, separator: collection and separator + collection + separator,
}


class NamespaceMap:
    """`topic.namespace.map`: topics by namespace, by database, by pattern, or for all the rest (`*`)."""

    def __init__(self, pairs: Mapping[str, object] | None = None) -> None:
        """Sort the pairs; raises ValueError for one that cannot be."""
        self._exact: dict[str, str] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self._rest = ""
        for pattern, template in (pairs or {}).items():
            if not isinstance(template, str):
                raise ValueError("All values must be strings")
            self._add(pattern, template)

    def _add(self, pattern: str, template: str) -> None:
        if pattern == "*":
            self._rest = template
        elif pattern.startswith("/"):
            _check(template)
            if template:
                self._patterns.append((java_regex(pattern[1:]), template))
        elif "/" in pattern:
            raise ValueError("'/' is not allowed in a simple namespace pattern")
        elif template:
            self._exact[pattern] = template

    def topic(self, database: str, collection: str, separator: str) -> str:
        """Return the topic of a namespace, which may be a database alone."""
        namespace = f"{database}.{collection}" if collection else database
        if namespace in self._exact:
            return self._exact[namespace]
        if database in self._exact:
            return _joined(self._exact[database], collection, separator)
        for pattern, template in self._patterns:
            if pattern.fullmatch(namespace):
                return _VARIABLE.sub(
                    lambda found: _VARIABLES[found[1]](database, collection, separator), template
                )
        return self._rest or _joined(database, collection, separator)


class TopicMapper:
    """Name the topic of a namespace."""

    def __init__(self, prefix: str, suffix: str, separator: str, namespaces: NamespaceMap) -> None:
        self._before = prefix and prefix + separator
        self._behind = suffix and separator + suffix
        self._separator, self._namespaces = separator, namespaces

    def topic(self, database: str, collection: str) -> str:
        """Return the topic; without a database there is none, and the name is empty."""
        if not database:
            return ""
        name = self._namespaces.topic(database, collection, self._separator)
        return f"{self._before}{name}{self._behind}"


def _joined(name: str, collection: str, separator: str) -> str:
    return f"{name}{separator}{collection}" if collection else name


def _check(template: str) -> None:
    """Raise ValueError for a template with variables that there are not, or braces that are none."""
    for name in _VARIABLE.findall(template):
        if name not in _VARIABLES:
            raise ValueError(f"{name} is not a supported variable name")
    if rest := re.search(r"[{}]", _VARIABLE.sub("", template)):
        raise ValueError(f"Variable expansion syntax is violated, unexpected '{rest[0]}'")
