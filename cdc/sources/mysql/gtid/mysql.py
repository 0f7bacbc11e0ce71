"""MySQL's GTID sets: `uuid:1-5:7`, with tags `uuid:1-5:tag:1-3`.

https://dev.mysql.com/doc/refman/9.0/en/replication-gtids-concepts.html
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INTERVAL = re.compile(r"(\d+)(?:-(\d+))?")
_TAG = re.compile(r"[a-z_][a-z0-9_]{0,31}")
_BLANKS = re.compile(r"\s+")

Source = tuple[str, str]
"""UUID and tag ("" for none)."""
Intervals = list[tuple[int, int]]
"""First and last numbers, ascending, with gaps between."""


@dataclass(slots=True)
class MySqlGtidSet:
    """A set of MySQL's GTIDs."""

    _sources: dict[Source, Intervals] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> MySqlGtidSet:
        """Return the set that `text` lists, in any order, with blanks and line breaks anywhere.

        Raises ValueError with the part that is none.
        """
        sources: dict[Source, Intervals] = {}
        for part in filter(None, _BLANKS.sub("", text).lower().split(",")):
            uuid, *rest = part.split(":")
            if not _UUID.fullmatch(uuid):
                raise ValueError(f"{part!r} is no GTID set of MySQL: {uuid!r} is no UUID")
            tag = ""
            for piece in rest:
                if found := _INTERVAL.fullmatch(piece):
                    first = int(found[1])
                    sources.setdefault((uuid, tag), []).append((first, int(found[2] or first)))
                elif _TAG.fullmatch(piece):
                    tag = piece
                else:
                    raise ValueError(f"{part!r} is no GTID set of MySQL: {piece!r} is no interval and no tag")
        return cls({source: merged for source, found in sources.items() if (merged := _merged(found))})

    def __str__(self) -> str:
        by_uuid: dict[str, list[str]] = {}
        for uuid, tag in sorted(self._sources):
            parts = by_uuid.setdefault(uuid, [])
            parts.extend([tag] if tag else [])
            parts.extend(f"{a}-{b}" if a < b else str(a) for a, b in self._sources[uuid, tag])
        return ",".join(f"{uuid}:{':'.join(parts)}" for uuid, parts in by_uuid.items())

    def __bool__(self) -> bool:
        return bool(self._sources)

    def add(self, gtid: str) -> None:
        """Put one GTID into this very set."""
        name, _, number = gtid.rpartition(":")
        uuid, _, tag = name.partition(":")
        gno = int(number)
        intervals = self._sources.setdefault((uuid, tag), [])
        if intervals and intervals[-1][1] == gno - 1:
            intervals[-1] = (intervals[-1][0], gno)
        elif not _has(intervals, gno):
            self._sources[uuid, tag] = _merged([*intervals, (gno, gno)])

    def has(self, gtid: str) -> bool:
        """Whether a single GTID is in the set."""
        name, _, number = gtid.lower().rpartition(":")
        uuid, _, tag = name.partition(":")
        return _has(self._sources.get((uuid, tag), []), int(number))

    def contains(self, other: MySqlGtidSet) -> bool:
        """Whether every GTID of the other set is in this one."""
        return not other - self

    def __or__(self, other: MySqlGtidSet) -> MySqlGtidSet:
        return self._combined(other, lambda mine, theirs: _merged(mine + theirs))

    def __sub__(self, other: MySqlGtidSet) -> MySqlGtidSet:
        return self._combined(other, _difference)

    def __and__(self, other: MySqlGtidSet) -> MySqlGtidSet:
        return self - (self - other)

    def filtered(self, wanted: Callable[[str], bool]) -> MySqlGtidSet:
        """Return the GTIDs of the UUIDs that are wanted."""
        return MySqlGtidSet(
            {(uuid, tag): list(i) for (uuid, tag), i in self._sources.items() if wanted(uuid)}
        )

    def copy(self) -> MySqlGtidSet:
        """Return a set of its own."""
        return MySqlGtidSet({source: list(intervals) for source, intervals in self._sources.items()})

    def encoded(self) -> bytes:
        """Return the set as COM_BINLOG_DUMP_GTID wants it (tagged format only where there are tags)."""
        tagged = any(tag for _, tag in self._sources)
        count = len(self._sources)
        head = (1 << 56 | count << 8 | 1) if tagged else count
        parts = [head.to_bytes(8, "little")]
        for (uuid, tag), intervals in sorted(self._sources.items()):
            parts.append(bytes.fromhex(uuid.replace("-", "")))
            if tagged:
                parts.append(bytes([len(tag) << 1]) + tag.encode())
            parts.append(len(intervals).to_bytes(8, "little"))
            for first, last in intervals:
                parts.append(first.to_bytes(8, "little") + (last + 1).to_bytes(8, "little"))
        return b"".join(parts)

    def _combined(
        self, other: MySqlGtidSet, combine: Callable[[Intervals, Intervals], Intervals]
    ) -> MySqlGtidSet:
        found = {}
        for source in self._sources | other._sources:
            intervals = combine(self._sources.get(source, []), other._sources.get(source, []))
            if intervals:
                found[source] = intervals
        return MySqlGtidSet(found)


def _merged(intervals: Iterable[tuple[int, int]]) -> Intervals:
    found: Intervals = []
    for first, last in sorted(intervals):
        if last < first or first < 1:
            continue
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _difference(mine: Intervals, theirs: Intervals) -> Intervals:
    found = []
    for first, last in mine:
        for start, stop in theirs:
            if stop < first:
                continue
            if start > last:
                break
            if start > first:
                found.append((first, start - 1))
            first = stop + 1
        if first <= last:
            found.append((first, last))
    return found


def _has(intervals: Intervals, number: int) -> bool:
    at = bisect_right(intervals, (number, 1 << 63)) - 1
    return at >= 0 and intervals[at][0] <= number <= intervals[at][1]
