"""Close in on the records that some work fails for, so that they harm no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from cdc.batch import Batch, ChangeBatch, RecordBatch
from cdc.errors import Interrupted

B = TypeVar("B", RecordBatch, Batch)
T = TypeVar("T")


def sift(batch: B, work: Callable[[B], Iterable[T]], on_bad: Callable[[B, Exception], None]) -> Iterator[T]:
    """Yield what `work` makes of a batch; where it fails, of ever smaller parts, in order.

    on_bad gets each single record that it fails for, after all before it were yielded; the others go on
    when it returns. A stop, and memory that is short, are nobody's fault: they are raised.
    """
    try:
        done = work(batch)
    except (Interrupted, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a transform or a codec raises for a bad record
        if len(batch) < 2:
            on_bad(batch, error)
            return
    else:
        yield from done
        return
    middle = _middle(batch)
    for part in (range(middle), range(middle, len(batch))):
        yield from sift(batch.select(part), work, on_bad)


def _middle(batch: Batch) -> int:
    """Return where to cut: between the halves of a changed key only if there is nothing else."""
    middle = len(batch) // 2
    torn = isinstance(batch, ChangeBatch) and middle - 1 in batch.key_changes
    return middle + 1 if torn and len(batch) > 2 else middle
