"""What a writer has taken and not committed: gathered by topic, packed into rows at the commit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cdc.batch import Encoded, EncodedHeader
from cdc.columns import frame_of
from cdc.errors import LogRejected
from cdc.transport.embedded.blob import CHUNK, Column, Row, RowHeaders, pack, split

RECORD_LIMIT: Final = 512 << 20
"""The largest record, key and value together (SQLite's values end at 1 GB)."""

ENOUGH: Final = 128 << 10
"""A run of this size is a good row: joining it with others would save nothing more."""

Wrap = tuple[bytes, bytes, bytes]
"""Head and tail of the keys, head of the values. Their tail may be another one in each run."""

Rows = Mapping[str, Sequence[tuple[Wrap, Row]]]


@dataclass(slots=True)
class Run:
    """Consecutive records of a topic that share wraps and headers."""

    wrap: Wrap
    value_tail: bytes
    headers: Sequence[EncodedHeader]
    keys: Column
    values: Column
    timestamps: Sequence[int | None] | None
    row_headers: RowHeaders

    @classmethod
    def of(cls, encoded: Encoded) -> Run:
        """Measure the records; raises LogRejected when one is too large for the log."""
        keys, values = Column.of(encoded.keys), Column.of(encoded.values)
        if keys.size + values.size > RECORD_LIMIT:
            _reject_large(encoded)
        head, tail = encoded.value_wrap
        wrap = (*encoded.key_wrap, head)
        return cls(wrap, tail, encoded.headers, keys, values, encoded.timestamps, encoded.row_headers)

    @property
    def size(self) -> int:
        """Bytes of the keys and values, without wraps."""
        return self.keys.size + self.values.size

    def takes(self, other: Run) -> bool:
        """Whether both fit into one row: single rows of busy tables would cost more than their bytes."""
        return (
            self.size + other.size <= CHUNK
            and self.wrap == other.wrap
            and self.value_tail == other.value_tail
            and frame_of(self.keys.texts) == frame_of(other.keys.texts)
            and frame_of(self.values.texts) == frame_of(other.values.texts)
            and self.headers == other.headers
            and (self.timestamps is None) is (other.timestamps is None)
        )

    def join(self, other: Run) -> None:
        """Append the records of `other`."""
        base = len(self.values.texts)
        if other.row_headers:
            moved = {base + index: headers for index, headers in other.row_headers.items()}
            self.row_headers = {**self.row_headers, **moved}
        if self.timestamps is not None and other.timestamps is not None:
            self.timestamps = [*self.timestamps, *other.timestamps]
        self.keys, self.values = self.keys.plus(other.keys), self.values.plus(other.values)

    def pack(self, now_ms: int) -> list[Row]:
        """Return the rows of the run; records without a timestamp of their own get `now_ms`."""
        stamps = None
        if self.timestamps is not None:
            stamps = [now_ms if stamp is None else stamp for stamp in self.timestamps]
        if self.size <= CHUNK * 3 // 2:
            return [pack(self.keys, self.values, stamps, self.headers, self.row_headers, self.value_tail)]
        self.keys, self.values = self.keys.singly(), self.values.singly()
        return [self._pack_slice(start, stop, stamps) for start, stop in split(self.keys, self.values)]

    def _pack_slice(self, start: int, stop: int, stamps: list[int] | None) -> Row:
        inside = {
            index - start: headers for index, headers in self.row_headers.items() if start <= index < stop
        }
        return pack(
            Column.of(self.keys.parts[start:stop]),
            Column.of(self.values.parts[start:stop]),
            None if stamps is None else stamps[start:stop],
            self.headers,
            inside,
            self.value_tail,
        )


class Pending:
    """Records in memory, by topic and in order; `size` is in bytes.

    Runs are packed as soon as they are of some size: packed, records take half the memory.
    """

    def __init__(self) -> None:
        self.size = 0
        self._open: dict[str, Run] = {}
        self._rows: dict[str, list[tuple[Wrap, Row]]] = {}

    def __bool__(self) -> bool:
        return bool(self._open or self._rows)

    def add(self, encoded: Encoded) -> None:
        """Take the records."""
        run, topic = Run.of(encoded), encoded.topic
        self.size += run.size
        known = self._open.get(topic)
        if known is not None and known.takes(run):
            known.join(run)
        else:
            if known is not None:
                self._seal(topic)
            known = self._open[topic] = run
        if known.size >= ENOUGH:
            self._seal(topic)

    def rows(self) -> Rows:
        """Return everything as rows by topic. They stay until `clear`: a failed commit is tried again."""
        for topic in tuple(self._open):
            self._seal(topic)
        return self._rows

    def clear(self) -> None:
        """Forget everything: it is committed."""
        self.size = 0
        self._open.clear()
        self._rows = {}

    def _seal(self, topic: str) -> None:
        run = self._open.pop(topic)
        rows = self._rows.setdefault(topic, [])
        rows += ((run.wrap, row) for row in run.pack(time.time_ns() // 1_000_000))


def _reject_large(encoded: Encoded) -> None:
    for index, (key, value) in enumerate(zip(encoded.keys, encoded.values, strict=True)):
        size = len(key or b"") + len(value or b"")
        if size > RECORD_LIMIT:
            raise LogRejected(
                f"record {index} of a batch for {encoded.topic} has {size} bytes; "
                f"the embedded log takes {RECORD_LIMIT} at most"
            )
