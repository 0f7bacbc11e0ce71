"""Which records of a schema history an offset has behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cdc.batch import Offset
from cdc.sources.mysql.gtid import GtidSet, SourceFilter
from cdc.sources.mysql.positions import Position, at_or_before, file_order, read_offset


def order_of(gtid_set: type[GtidSet], wanted: SourceFilter | None = None) -> Callable[[Offset, Offset], bool]:
    """Return the test whether everything up to a record's position is known at an offset.

    wanted: whose GTIDs count (`gtid.source.includes`, `gtid.source.excludes`).
    As Debezium's BinlogHistoryRecordComparator, but for one thing: its records have the GTIDs of *before*
    the statement, so that the first statement after an offset looks as old as the offset. It is told by
    file and position.
    """
    offsets: dict[str, Position] = {}

    def position(offset: Offset) -> Position:
        found = read_offset(offset, gtid_set)
        if found.gtids is not None and wanted is not None:
            found.gtids = found.gtids.filtered(wanted)
        return found

    def not_after(recorded: Mapping[str, Any], offset: Mapping[str, Any]) -> bool:
        known = offsets.get(key := repr(offset))
        if known is None:
            known = offsets[key] = position(offset)
        one = position(recorded)
        return at_or_before(one, known) and not _later_in_file(one, known)

    return not_after


def _later_in_file(one: Position, other: Position) -> bool:
    """Whether a streamed statement stands behind an offset that has the same GTIDs, on the same server."""
    if one.snapshot or one.gtids is None or other.gtids is None:
        return False
    if not one.gtids.contains(other.gtids):  # type: ignore[arg-type]
        return False
    if one.server_id and other.server_id and one.server_id != other.server_id:
        return False
    first, second = file_order(one.file), file_order(other.file)
    return first[0] == second[0] and (first[1], one.pos) > (second[1], other.pos)
