"""Spans: runs of consecutive records, and what can be done with them without looking inside."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cdc.batch import RecordBatch, text_bytes

Partition = tuple[str, int]
_ROW_BYTES = 500
"""What a record is taken for where its bytes are not known."""


@dataclass(slots=True)
class Span:
    """Consecutive records of a batch: those from `start` up to, not including, `stop`."""

    batch: RecordBatch
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def partition(self) -> tuple[str, int]:
        """Topic and partition of the records."""
        return self.batch.topic, self.batch.partition or 0

    def offset(self, index: int) -> int | None:
        """Return the log offset of the record at `index` of the batch, if it is known."""
        return self.batch.offsets[index] if self.batch.offsets else None


def part_from(span: Span, position: int | None) -> Span | None:
    """Return the records at and after a position of the log, or None when there are none."""
    offsets = span.batch.offsets
    start = span.start
    if position is not None and offsets and offsets[start : start + 1] and offsets[start] < position:
        start = bisect_left(offsets, position, start, span.stop)
    return Span(span.batch, start, span.stop) if start < span.stop else None


def bytes_of(span: Span) -> int:
    """Return how many bytes of the log the records were."""
    raw = span.batch.raw
    if raw is None:
        return _ROW_BYTES * len(span)
    return text_bytes(raw.values[span.start : span.stop])


def cut(span: Span, most: int) -> Iterable[Span]:
    """Yield the records in pieces of at most `most`."""
    for start in range(span.start, span.stop, most):
        yield Span(span.batch, start, min(start + most, span.stop))


def halves(spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """Split records in the middle, keeping their order."""
    middle, first, second = sum(map(len, spans)) // 2, list[Span](), list[Span]()
    for span in spans:
        cut = min(max(middle, 0), len(span))
        middle -= len(span)
        if cut:
            first.append(Span(span.batch, span.start, span.start + cut))
        if cut < len(span):
            second.append(Span(span.batch, span.start + cut, span.stop))
    return first, second


def positions(spans: Sequence[Span]) -> dict[Partition, int]:
    """Return the offsets after the last record of each partition."""
    found: dict[Partition, int] = {}
    for span in spans:
        if span.batch.offsets:
            found[span.partition] = span.batch.offsets[span.stop - 1] + 1
    return found
