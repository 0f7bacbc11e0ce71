"""How far a snapshot is, as offsets: it goes on where it was, and the stream knows what it contains.

A table is read along an order. Everything up to a border was read at some position of the log; a
snapshot that was cut and resumed has several such segments. An event of the stream is contained in a
segment when its row lies there and the segment's position already shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Border = tuple[str, ...]
"""Where a segment ends, in text: the last row's key, one entry a key column, or its place in the table."""


Key = tuple[tuple[str, str], ...]
"""Name and type (as SQL, with its collation) of each key column."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The keys behind the previous segment up to `up_to` (None: all the rest), read at `position`.

    position: opaque to everybody but the source. barrier: the point of the log from which on no
    event is contained any more, where that is a number; 0 where the position tells.
    """

    up_to: Border | None
    position: str
    barrier: int


@dataclass(frozen=True, slots=True)
class TableProgress:
    """The part of one table that was read.

    key: what its records are known by. order: what the table is read along, and borders are compared
    by. complete: nothing was ever told of the table but what the segments tell; otherwise earlier
    snapshots, or runs whose last rows nobody counted, may have told more.
    """

    table: str
    segments: tuple[Segment, ...] = ()
    rows: int = 0
    key: Key = ()
    order: Key = ()
    complete: bool = False

    @property
    def finished(self) -> bool:
        """Whether the whole table was read."""
        return bool(self.segments) and self.segments[-1].up_to is None

    @property
    def by_key(self) -> bool:
        """Whether the key of a row tells its place among the borders."""
        return bool(self.key) and self.order == self.key

    @property
    def resume_after(self) -> Border | None:
        """The key to go on behind; None at the very beginning."""
        return self.segments[-1].up_to if self.segments else None

    def advance(self, up_to: Border | None, position: str, barrier: int, rows: int) -> TableProgress:
        """Return the progress after some more rows; what one position shows grows into one segment."""
        segment = Segment(up_to, position, barrier)
        segments = self.segments
        if segments and segments[-1].position == position:
            segments = segments[:-1]
        return replace(self, segments=(*segments, segment), rows=self.rows + rows)

    def offset(self) -> dict[str, Any]:
        """Return it as a source offset."""
        segments = [[s.up_to, s.position, s.barrier] for s in self.segments]
        return {
            "segments": _dump(segments),
            "rows": self.rows,
            "key": _dump(self.key),
            "order": _dump(self.order),
            "complete": self.complete,
        }


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def read_progress(table: str, offset: Mapping[str, Any]) -> TableProgress:
    """Return the progress of a stored offset."""
    segments = tuple(
        Segment(None if up_to is None else tuple(up_to), position, barrier)
        for up_to, position, barrier in json.loads(offset["segments"])
    )
    key = _read_key(offset.get("key", "[]"))
    order = _read_key(offset["order"]) if "order" in offset else key
    return TableProgress(
        table, segments, int(offset.get("rows", 0)), key, order, bool(offset.get("complete"))
    )


def _read_key(text: str) -> Key:
    return tuple((name, kind) for name, kind in json.loads(text))


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

    def put(self, progress: TableProgress) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Take the progress of a table; return the offset that it is stored as."""
        self.tables[progress.table] = progress
        return self.partition(progress.table), progress.offset()

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
    def begun(self) -> bool:
        """Whether anything was read."""
        return any(table.segments for table in self.tables.values())

    @property
    def positions(self) -> set[str]:
        """All positions that parts of tables were read at."""
        return {segment.position for table in self.tables.values() for segment in table.segments}

    @property
    def barrier(self) -> int:
        """The point of the log from which on no event is contained in the snapshot."""
        segments = (segment for table in self.tables.values() for segment in table.segments)
        return max((segment.barrier for segment in segments), default=0)
