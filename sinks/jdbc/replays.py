"""Replays: changes that an at-least-once log tells again, at new offsets, after a crash of the source.

They come in the order of the source and end where the log was, so a row that is older meanwhile is right
again at the end. Only what the target then refuses, because a newer row has its unique value by now,
must be told from a record that is bad: by when and where in the source's log it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdc.columns import EventColumns
from sinks.jdbc.records import position_of
from sinks.jdbc.session import RowsRejected
from sinks.jdbc.spans import Partition, Span

Moment = tuple[int, int]
"""When a change was committed, in ns, and its position. The clock comes first: positions of a server that
took over, or of a restored one, may begin anew."""

_TAKEN = {"23505", "1062", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
_UNITS = (("ts_ns", 1), ("ts_us", 1_000), ("ts_ms", 1_000_000))
_TAIL = 3
"""How many records at the end of a span are looked at for one that has a moment; tombstones have none."""


def moment_of(value: Any) -> Moment | None:
    """Return the moment of an envelope; None for snapshot rows, and for what is no envelope."""
    source = value.get("source") if isinstance(value, Mapping) else None
    if not isinstance(source, Mapping) or value.get("op") == "r":
        return None
    times = (int(source[name]) * factor for name, factor in _UNITS if source.get(name) is not None)
    time = next(times, None)
    return None if time is None else (time, position_of(source) or 0)


def _moment_at(values: Sequence[Any], index: int) -> Moment | None:
    """Return the moment of a record; nobody makes an envelope of a snapshot row to see that it has none."""
    told = isinstance(values, EventColumns) and values.ops[index] == "r"
    return None if told else moment_of(values[index])


def moments(spans: Sequence[Span]) -> dict[Partition, Moment]:
    """Return the moment of the last change of each partition."""
    found: dict[Partition, Moment] = {}
    for span in spans:
        for index in range(span.stop - 1, max(span.start, span.stop - _TAIL) - 1, -1):
            moment = _moment_at(span.batch.values, index)
            if moment is not None:
                found[span.partition] = moment
                break
    return found


def is_overtaken(span: Span, error: RowsRejected, known: Mapping[Partition, Moment]) -> bool:
    """Whether a record is refused for a unique value, and is older than what has been written."""
    if error.code not in _TAKEN:
        return False
    moment, newest = moment_of(span.batch.values[span.start]), known.get(span.partition)
    return moment is not None and newest is not None and moment < newest
