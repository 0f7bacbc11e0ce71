"""Stored rows as runs of records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cdc.batch import Encoded, Fetched
from cdc.columns import frame_of
from cdc.transport.embedded.blob import CHUNK, unpack
from cdc.transport.embedded.store import TOPIC_SPAN, Store

# The first row may begin before the position: after a seek into it.
SQL: Final = """
SELECT id, size, oldest, wrap, data FROM batches
WHERE id >= coalesce((SELECT max(id) FROM batches WHERE id BETWEEN :base AND :at), :at) AND id < :end
ORDER BY id"""

Wraps = tuple[tuple[bytes, bytes], bytes]


class Fetcher:
    """Read topics from any position."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wraps: dict[int, Wraps] = {}

    def fetch(self, topic: int, name: str, position: int, max_bytes: int) -> tuple[list[Fetched], int]:
        """Return what begins at `position`, and its bytes: whole rows, until they have `max_bytes` or more.

        Small neighbours are joined: a busy topic's commits are of a few records each, and whoever
        reads works by the run.
        """
        base = topic * TOPIC_SPAN
        found: list[Fetched] = []
        taken = last = 0
        bounds = {"base": base, "at": base + position, "end": base + TOPIC_SPAN}
        with self._store.rows(SQL, bounds) as rows:
            for row_id, size, oldest, wrap, data in rows:
                run = self._decode(name, row_id - base, oldest, wrap, data)
                if run.offsets[0] < position:
                    run = part(run, position - run.offsets[0])
                if found and last + size <= CHUNK and _alike(found[-1], run):
                    _join(found[-1], run)
                    last += size
                elif run.offsets:
                    found.append(run)
                    last = size
                taken += size
                if taken >= max_bytes:
                    break
        return found, taken

    def _decode(self, name: str, first: int, oldest: int, wrap: int, data: bytes) -> Fetched:
        content = unpack(data)
        count = len(content.values)
        stamps = [oldest] * count if content.timestamps is None else content.timestamps
        key_wrap, value_head = self._wraps.get(wrap) or self._learn(wrap)
        encoded = Encoded(
            name,
            content.keys,
            content.values,
            key_wrap,
            (value_head, content.value_tail),
            content.headers,
            content.row_headers,
            stamps,
            0,
        )
        return Fetched(encoded, range(first, first + count))

    def _learn(self, wrap: int) -> Wraps:
        sql = "SELECT key_head, key_tail, value_head FROM wraps WHERE id = ?"
        key_head, key_tail, value_head = self._store.query(sql, (wrap,))[0]
        known = self._wraps[wrap] = (key_head, key_tail), value_head
        return known


def part(run: Fetched, start: int) -> Fetched:
    """Return the records of a run from one on."""
    whole = run.encoded
    inside = {index - start: headers for index, headers in whole.row_headers.items() if start <= index}
    encoded = replace(
        whole,
        keys=whole.keys[start:],
        values=whole.values[start:],
        row_headers=inside,
        timestamps=None if whole.timestamps is None else whole.timestamps[start:],
    )
    return Fetched(encoded, run.offsets[start:])


def _alike(one: Fetched, other: Fetched) -> bool:
    a, b = one.encoded, other.encoded
    return (
        a.key_wrap is b.key_wrap
        and a.value_wrap == b.value_wrap
        and a.headers == b.headers
        and frame_of(a.keys) == frame_of(b.keys)
        and frame_of(a.values) == frame_of(b.values)
        and one.next_offset == other.offsets[0]
    )


def _join(run: Fetched, more: Fetched) -> None:
    into, other = run.encoded, more.encoded
    base = len(into.values)
    if other.row_headers:
        into.row_headers = {
            **into.row_headers,
            **{base + index: headers for index, headers in other.row_headers.items()},
        }
    into.keys, into.values = _plus(into.keys, other.keys), _plus(into.values, other.values)
    into.timestamps = _plus(into.timestamps, other.timestamps)
    run.offsets = range(run.offsets[0], more.next_offset)


def _plus(one: Any, other: Any) -> Any:
    one += other  # both are lists of ours, or of one frame
    return one
