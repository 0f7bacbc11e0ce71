"""MariaDB's GTID positions: `0-1-100,1-2-5`, the last one of each domain.

A domain is a sequence: whoever has its GTID n has all before it. https://mariadb.com/kb/en/gtid/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_GTID = re.compile(r"(\d+)-(\d+)-(\d+)")
_BLANKS = re.compile(r"\s+")


@dataclass(slots=True)
class MariaDbGtidSet:
    """Everything up to one GTID in each domain: server and sequence number by domain."""

    _domains: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> MariaDbGtidSet:
        """Return the position that `text` lists, in any order; of several in a domain the newest counts.

        Raises ValueError with the part that is none.
        """
        found = cls()
        for part in filter(None, _BLANKS.sub("", text).split(",")):
            if not _GTID.fullmatch(part):
                raise ValueError(f"{part!r} is no GTID of MariaDB")
            found.add(part)
        return found

    def __str__(self) -> str:
        return ",".join(f"{domain}-{server}-{n}" for domain, (server, n) in sorted(self._domains.items()))

    def __bool__(self) -> bool:
        return bool(self._domains)

    def add(self, gtid: str) -> None:
        """Put one GTID into this very set."""
        domain, server, number = map(int, gtid.split("-"))
        if number >= self._number(domain):
            self._domains[domain] = server, number

    def has(self, gtid: str) -> bool:
        """Whether a single GTID is in the set."""
        domain, _, number = map(int, gtid.split("-"))
        return domain in self._domains and number <= self._number(domain)

    def contains(self, other: MariaDbGtidSet) -> bool:
        """Whether every GTID of the other set is in this one."""
        return not other - self

    def __or__(self, other: MariaDbGtidSet) -> MariaDbGtidSet:
        found = dict(self._domains)
        for domain, last in other._domains.items():
            found[domain] = max(last, found.get(domain, last), key=lambda entry: entry[1])
        return MariaDbGtidSet(found)

    def __sub__(self, other: MariaDbGtidSet) -> MariaDbGtidSet:
        """Return the domains in which this set is ahead."""
        ahead = {d: last for d, last in self._domains.items() if last[1] > other._number(d)}
        return MariaDbGtidSet(ahead)

    def __and__(self, other: MariaDbGtidSet) -> MariaDbGtidSet:
        both = self._domains.keys() & other._domains.keys()
        pairs = {domain: (self._domains[domain], other._domains[domain]) for domain in both}
        return MariaDbGtidSet({d: min(pair, key=lambda entry: entry[1]) for d, pair in pairs.items()})

    def filtered(self, wanted: Callable[[str], bool]) -> MariaDbGtidSet:
        """Return the domains that are wanted."""
        kept = {d: last for d, last in self._domains.items() if wanted(f"{d}-{last[0]}")}
        return MariaDbGtidSet(kept)

    def copy(self) -> MariaDbGtidSet:
        """Return a set of its own."""
        return MariaDbGtidSet(dict(self._domains))

    def _number(self, domain: int) -> int:
        return self._domains.get(domain, (0, -1))[1]
