"""What a writer has taken and not committed: gathered by topic, packed into rows at the commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cdc.batch import Encoded, EncodedHeader
from cdc.errors import LogRejected
from cdc.transport.embedded.blob import CHUNK, Column, Row, RowHeaders, pack, split

RECORD_LIMIT: Final = 512 << 20
"""The largest record, key and value together (SQLite's values end at 1 GB)."""

Wrap = tuple[bytes, bytes, bytes, bytes]
"""Head and tail of the keys, head and tail of the values."""

Rows = list[tuple[str, Wrap, Row]]


@dataclass(slots=True)
class Run:
    """Consecutive records of a topic that share wraps and headers."""

    wrap: Wrap
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
        wrap = (*encoded.key_wrap, *encoded.value_wrap)
        return cls(wrap, encoded.headers, keys, values, encoded.timestamps, encoded.row_headers)

    @property
    def size(self) -> int:
        """Bytes of the keys and values, without wraps."""
        return self.keys.size + self.values.size

    def takes(self, other: Run) -> bool:
        """Whether both fit into one row: single rows of busy tables would cost more than their bytes."""
        return (
            self.size + other.size <= CHUNK
            and self.wrap == other.wrap
            and self.headers == other.headers
            and (self.timestamps is None) is (other.timestamps is None)
        )

    def join(self, other: Run) -> None:
        """Append the records of `other`."""
        base = len(self.values.parts)
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
        cuts = split(self.keys, self.values)
        if len(cuts) == 1:
            return [pack(self.keys, self.values, stamps, self.headers, self.row_headers)]
        return [self._pack_slice(start, stop, stamps) for start, stop in cuts]

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
        )


class Pending:
    """Records in memory, by topic and in order; `size` is in bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._runs: dict[str, list[Run]] = {}
        self._rows: Rows = []

    def __bool__(self) -> bool:
        return bool(self._runs or self._rows)

    def add(self, encoded: Encoded) -> None:
        """Take the records."""
        run = Run.of(encoded)
        self.size += run.size
        runs = self._runs.setdefault(encoded.topic, [])
        if runs and runs[-1].takes(run):
            runs[-1].join(run)
        else:
            runs.append(run)

    def rows(self, now_ms: int) -> Rows:
        """Return everything as rows. They stay until `clear`: a commit that failed is tried again."""
        for topic, runs in self._runs.items():
            for run in runs:
                self._rows += ((topic, run.wrap, row) for row in run.pack(now_ms))
        self._runs.clear()
        return self._rows

    def clear(self) -> None:
        """Forget everything: it is committed."""
        self.size = 0
        self._runs.clear()
        self._rows = []


def _reject_large(encoded: Encoded) -> None:
    for index, (key, value) in enumerate(zip(encoded.keys, encoded.values, strict=True)):
        size = len(key or b"") + len(value or b"")
        if size > RECORD_LIMIT:
            raise LogRejected(
                f"record {index} of a batch for {encoded.topic} has {size} bytes; "
                f"the embedded log takes {RECORD_LIMIT} at most"
            )
