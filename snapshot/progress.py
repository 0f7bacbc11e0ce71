"""How far a snapshot is, as offsets: it goes on where it was, and the stream knows what it contains.

A table is read in chunks of ascending key ranges. Everything up to a border was read at some
position of the log; a snapshot that was cut and resumed has several such segments. An event of the
stream is contained in a segment when its row lies there and the segment's position already shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Border = tuple[str, ...]
"""The text of a key, one entry a key column: the last key of a chunk."""


Key = tuple[tuple[str, str], ...]
"""Name and type (as SQL, with its collation) of each key column: what borders are compared by."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The keys behind the previous segment up to `up_to` (None: all the rest), read at `position`.

    position: opaque to everybody but the source. barrier: the point of the log from which on no
    event is contained any more.
    """

    up_to: Border | None
    position: str
    barrier: int


@dataclass(frozen=True, slots=True)
class TableProgress:
    """The finished part of one table; `key` is what it was read along."""

    table: str
    segments: tuple[Segment, ...] = ()
    rows: int = 0
    key: Key = ()

    @property
    def finished(self) -> bool:
        """Whether the whole table was read."""
        return bool(self.segments) and self.segments[-1].up_to is None

    @property
    def resume_after(self) -> Border | None:
        """The key to go on behind; None at the very beginning."""
        return self.segments[-1].up_to if self.segments else None

    def advance(self, up_to: Border | None, position: str, barrier: int, rows: int) -> TableProgress:
        """Return the progress after one more chunk; chunks of one position grow into one segment."""
        segment = Segment(up_to, position, barrier)
        segments = self.segments
        if segments and segments[-1].position == position:
            segments = segments[:-1]
        return replace(self, segments=(*segments, segment), rows=self.rows + rows)

    def offset(self) -> dict[str, Any]:
        """Return it as a source offset."""
        segments = [[s.up_to, s.position, s.barrier] for s in self.segments]
        return {"segments": _dump(segments), "rows": self.rows, "key": _dump(self.key)}


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def read_progress(table: str, offset: Mapping[str, Any]) -> TableProgress:
    """Return the progress of a stored offset."""
    segments = tuple(
        Segment(None if up_to is None else tuple(up_to), position, barrier)
        for up_to, position, barrier in json.loads(offset["segments"])
    )
    key = tuple((name, kind) for name, kind in json.loads(offset.get("key", "[]")))
    return TableProgress(table, segments, int(offset.get("rows", 0)), key)


PARTITION_KEY = "snapshot_table"
"""The member of a source partition that says which table the progress is about."""


@dataclass(slots=True)
class SnapshotProgress:
    """The progress of all tables of one connector."""

    server: Mapping[str, Any]
    tables: dict[str, TableProgress] = field(default_factory=dict)

    def partition(self, table: str) -> Mapping[str, Any]:
        """Return the source partition that a table's progress is stored under."""
        return {**self.server, PARTITION_KEY: table}

    def load(self, offsets: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]) -> None:
        """Take what an earlier run stored."""
        for partition, offset in offsets:
            table = partition.get(PARTITION_KEY)
            if table is not None and offset is not None and self._is_ours(partition):
                self.tables[table] = read_progress(table, offset)

    def _is_ours(self, partition: Mapping[str, Any]) -> bool:
        return all(partition.get(name) == value for name, value in self.server.items())

    def of(self, table: str) -> TableProgress:
        """Return the progress of a table."""
        return self.tables.get(table) or TableProgress(table)

    def drop(self, table: str) -> tuple[Mapping[str, Any], None]:
        """Drop one table; return the offset that does so in the log."""
        del self.tables[table]
        return self.partition(table), None

    def forget(self) -> list[tuple[Mapping[str, Any], None]]:
        """Drop everything; return the offsets that do so in the log."""
        gone = [(self.partition(table), None) for table in self.tables]
        self.tables.clear()
        return gone

    @property
    def barrier(self) -> int:
        """The point of the log from which on no event is contained in the snapshot."""
        segments = (segment for table in self.tables.values() for segment in table.segments)
        return max((segment.barrier for segment in segments), default=0)
