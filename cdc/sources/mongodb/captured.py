"""Which databases and collections are captured: here, and as the server's filter on `ns`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cdc.filters import java_regex, matches_any
from cdc.sources.mongodb.config.capture import CaptureOptions

Filter = Mapping[str, Any]

SYSTEM_DATABASES = ("admin", "config", "local")

_GROUP = re.compile(r"\\.|\[[^]]*]|\([^()]*\)", re.DOTALL)
_SEPARATED = re.compile(r"([\w-]+)\\\.(.+)", re.DOTALL)
_TWO_NAMES = re.compile(r"([\w-]+)\.([\w-]+)")


class CaptureRules:
    """The include and exclude lists, and the capture scope."""

    def __init__(self, config: CaptureOptions) -> None:
        self._literal = config.filters_match_mode == "literal"
        self._scope = config.capture_scope
        self._target = config.capture_target or ""
        self._lists = {
            "database": (config.database_include, config.database_exclude),
            "collection": (config.collection_include, config.collection_exclude),
        }
        self._tests = {kind: self._test(*lists) for kind, lists in self._lists.items()}

    def wants_database(self, name: str) -> bool:
        """Whether a database is captured."""
        in_scope = self._scope == "deployment" or name == self._target.partition(".")[0]
        return in_scope and name not in SYSTEM_DATABASES and self._tests["database"](name)

    def wants(self, database: str, collection: str) -> bool:
        """Whether a collection is captured."""
        namespace = f"{database}.{collection}"
        if self._scope == "collection" and namespace != self._target:
            return False
        if collection.startswith("system."):
            return False
        return self.wants_database(database) and self._tests["collection"](namespace)

    def known_namespaces(self) -> list[str] | None:
        """Return all that may be captured, `database.collection`, where the options name them one by one."""
        if self._scope == "collection":
            return [self._target]
        include = self._lists["collection"][0]
        if self._literal:
            return list(include) or None
        return None

    def server_filter(self) -> list[Filter]:
        """Return the conditions, of which all have to hold, on the events of a change stream."""
        found: list[Filter] = []
        for kind, condition in (("database", self._database), ("collection", self._collection)):
            include, exclude = self._lists[kind]
            if include:
                found.append(_any(condition(include)))
            if exclude:
                found.append({"$nor": condition(exclude)})
        return found

    def _test(self, include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
        if self._literal:
            return lambda name: name in include if include else name not in exclude
        wanted, unwanted = ([java_regex(entry, re.IGNORECASE) for entry in one] for one in (include, exclude))
        return lambda name: matches_any(wanted, name) if include else not matches_any(unwanted, name)

    def _database(self, entries: Sequence[str]) -> list[Filter]:
        if self._literal:
            return [{"ns.db": {"$in": list(entries)}}]
        return [{"ns.db": _anchored(entry)} for entry in entries]

    def _collection(self, entries: Sequence[str]) -> list[Filter]:
        if self._literal:
            pairs = [entry.partition(".") for entry in entries]
            return [{"ns": {"$in": [{"db": database, "coll": name} for database, _, name in pairs]}}]
        return list(map(_namespace_pattern, entries))


def _any(conditions: list[Filter]) -> Filter:
    return conditions[0] if len(conditions) == 1 else {"$or": conditions}


def _anchored(pattern: str) -> dict[str, str]:
    return {"$regex": f"^(?:{java_regex(pattern).pattern})$", "$options": "i"}


def _namespace_pattern(pattern: str) -> Filter:
    r"""Return the filter of a pattern on `database.collection`.

    Filters on `ns.db` and `ns.coll` are the ones that servers carry on to the oplog, so a pattern is
    split where that changes nothing: at `\.` behind a plain name, for databases have no dots; at the
    only dot between two plain names, for a namespace has one at least. The rest is matched whole.
    """
    parts = _SEPARATED.fullmatch(pattern) or _TWO_NAMES.fullmatch(pattern)
    if parts and not _leaves_alternative(parts[2]):
        return {"ns.db": _anchored(parts[1]), "ns.coll": _anchored(parts[2])}
    whole = {"input": {"$concat": ["$ns.db", ".", "$ns.coll"]}, "options": "i"}
    return {"$expr": {"$regexMatch": {**whole, "regex": _anchored(pattern)["$regex"]}}}


def _leaves_alternative(rest: str) -> bool:
    r"""Whether the rest of a pattern is not one on its own: of `a\.b|c\.d`, or of a quantified dot."""
    outer, inner = _GROUP.sub("", rest), rest
    while outer != inner:
        outer, inner = _GROUP.sub("", outer), outer
    return rest[0] in "*+?{" or "|" in outer
