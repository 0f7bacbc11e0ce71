"""Drop the events that a snapshot already contains, so that no row goes back in time.

Only needed behind a snapshot that was cut and resumed, or that began later than the stream: tables were
then read later than where the stream starts. docs/adr/0002-resumable-snapshots.md tells why.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cdc.batch import ChangeBatch, Offsets
from schemas.table import Table
from snapshot.progress import Border, SnapshotProgress, TableProgress

Shows = Callable[[ChangeBatch, int], bool]
"""Whether a segment's position shows the change in a row of a batch."""


class Containment(ABC):
    """Judge rows by the segment they lie in; active until the stream has passed all of them.

    Where a key belongs among the borders of a resumed table is asked of the server: only it knows
    the order of its types and collations.
    """

    def __init__(self, progress: SnapshotProgress) -> None:
        self._progress = progress
        self._shown: dict[str, Shows] = {}
        self._forgotten: list[tuple[Mapping[str, Any], None]] = []

    @abstractmethod
    def shows(self, position: str) -> Shows:
        """Return what tells whether the position of a segment shows a change."""

    @abstractmethod
    def keys(self, batch: ChangeBatch, rows: Sequence[int]) -> Sequence[Border]:
        """Return the text of some rows' keys."""

    @abstractmethod
    def places(
        self, keys: Sequence[Border], borders: Sequence[Border], progress: TableProgress
    ) -> Iterable[int]:
        """Return for each key the number of the first border that it does not lie behind."""

    @abstractmethod
    def present(self, table: Table, keys: Sequence[Border], progress: TableProgress) -> Sequence[bool]:
        """Return for each key whether the table has it now; it has none when it is gone itself."""

    def take_forgotten(self) -> Offsets:
        """Return the offsets of the progress that counts no more since the last call."""
        forgotten, self._forgotten = self._forgotten, []
        return forgotten

    def forget(self) -> Offsets:
        """Forget everything; return the offsets that do so."""
        return self._progress.forget()

    def filter(self, batch: ChangeBatch) -> ChangeBatch | None:
        """Return the batch without what the snapshot contains; None when nothing is left."""
        name = str(batch.table.id)
        progress = self._progress.tables.get(name)
        if progress is None or not progress.segments:
            return batch
        end = self._truncated(batch, progress)
        gone = self._contained(batch, range(len(batch) if end is None else end), progress)
        if end is not None:
            # The table is empty here, though a later part of it was read after this: from now on the
            # stream alone tells what is in it.
            self._forgotten.append(self._progress.drop(name))
        if not gone:
            return batch
        kept = [index for index in range(len(batch)) if index not in gone]
        return batch.select(kept) if kept else None

    def _truncated(self, batch: ChangeBatch, progress: TableProgress) -> int | None:
        """Return where the table is truncated after rows of it were told; None when it is not."""
        truncates = [index for index, op in enumerate(batch.ops) if op == "t"]
        if progress.complete:
            views = self._views(progress)
            truncates = [i for i in truncates if not all(shows(batch, i) for shows in views)]
        return next(iter(truncates), None)

    def _contained(self, batch: ChangeBatch, rows: range, progress: TableProgress) -> set[int]:
        views = self._views(progress)
        shown = {index: [shows(batch, index) for shows in views] for index in rows}
        contained = {index for index, by in shown.items() if all(by)}
        if not progress.key or len(batch.table.key) != len(progress.key):
            return contained  # nobody can tell which rows these are
        if progress.by_key:
            unsure = [i for i, by in shown.items() if any(by) and not all(by) and batch.ops[i] != "t"]
            places = self._places(self.keys(batch, unsure) if unsure else [], progress)
            contained.update(index for index, n in zip(unsure, places, strict=True) if shown[index][n])
        return contained if progress.complete else contained - self._unseen(batch, contained, progress)

    def _places(self, keys: Sequence[Border], progress: TableProgress) -> Iterable[int]:
        """Return the number of the segment that each key lies in."""
        borders = [segment.up_to for segment in progress.segments if segment.up_to is not None]
        if not borders or not keys:
            return [0] * len(keys)
        return self.places(keys, borders, progress)

    def _unseen(self, batch: ChangeBatch, contained: set[int], progress: TableProgress) -> set[int]:
        """Return the contained deletes that must be told nevertheless: of keys that are gone for good.

        The segment that contains a delete shows nothing of it. An earlier run may have told the row,
        beyond what it could record; somebody would then keep it for ever.
        """
        deletes = sorted(index for index in contained if batch.ops[index] == "d")
        if not deletes:
            return set()
        present = self.present(batch.table, self.keys(batch, deletes), progress)
        return {index for index, there in zip(deletes, present, strict=True) if not there}

    def _views(self, progress: TableProgress) -> list[Shows]:
        return [self._view(segment.position) for segment in progress.segments]

    def _view(self, position: str) -> Shows:
        known = self._shown.get(position)
        if known is None:
            known = self._shown[position] = self.shows(position)
        return known
