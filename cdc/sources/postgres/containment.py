"""Drop the events that a snapshot already contains, so that no row goes back in time.

Only needed behind a snapshot that was cut and resumed, or whose slot is older than it: the tables
were then read later than where the stream starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cdc.batch import Cell, ChangeBatch, ImageTemplate, Part
from cdc.sources.postgres.publication import quote
from cdc.sources.postgres.visibility import Visibility, parse_visibility
from schemas.table import Table
from snapshot.progress import Border, SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from psycopg import Connection

_XID = 4
"""Where the transaction id stands among the transaction-level values (`versions.source_block`)."""


class Containment:
    """Judge rows by the segment they lie in; active until the stream has passed the barrier.

    Where a key belongs among the borders of a resumed table is asked of the server: only it knows
    the order of its types and collations.
    """

    def __init__(self, connection: Connection, progress: SnapshotProgress) -> None:
        self._connection = connection
        self._progress = progress
        self._shown: dict[str, Visibility] = {}
        self._templates: dict[Table, ImageTemplate] = {}
        self.barrier = progress.barrier

    def filter(self, batch: ChangeBatch) -> ChangeBatch | None:
        """Return the batch without what the snapshot contains; None when nothing is left."""
        progress = self._progress.tables.get(str(batch.table.id))
        if progress is None:
            return batch
        gone = self._contained(batch, progress)
        if not gone:
            return batch
        kept = [index for index in range(len(batch)) if index not in gone]
        return batch.select(kept) if kept else None

    def _contained(self, batch: ChangeBatch, progress: TableProgress) -> set[int]:
        views = [self._visibility(segment.position) for segment in progress.segments]
        candidates = [
            index
            for index, transaction in enumerate(batch.transactions)
            if any(view.shows(transaction[_XID]) for view in views)
        ]
        if len(views) == 1 or not candidates:
            return set(candidates)
        places = self._places(batch, candidates, progress)
        return {
            index
            for index, place in zip(candidates, places, strict=True)
            if views[place].shows(batch.transactions[index][_XID])
        }

    def _visibility(self, position: str) -> Visibility:
        known = self._shown.get(position)
        if known is None:
            known = self._shown[position] = parse_visibility(position)
        return known

    def _places(self, batch: ChangeBatch, indices: Sequence[int], progress: TableProgress) -> list[int]:
        """Return the number of the segment that each row's key lies in."""
        table = batch.table
        keys: list[Border] = batch.rows.select(indices).render(self._template(table)).key
        borders = [segment.up_to for segment in progress.segments if segment.up_to is not None]
        names = [f"k{number}" for number in range(len(table.key))]
        types = [_castable(column.type_name) for column in table.key]
        row = ", ".join(f"{name}::{kind}" for name, kind in zip(names, types, strict=True))
        cases = []
        parameters: list[object] = []
        for number, border in enumerate(borders):
            values = ", ".join(f"%s::{kind}" for kind in types)
            cases.append(f"WHEN ROW({row}) <= ROW({values}) THEN {number}")
            parameters.extend(border)
        arrays = ", ".join("%s::text[]" for _ in names)
        parameters.extend(list(column) for column in zip(*keys, strict=True))
        statement = (
            f"SELECT CASE {' '.join(cases)} ELSE {len(borders)} END "
            f"FROM unnest({arrays}) WITH ORDINALITY AS keys({', '.join(names)}, place) ORDER BY place"
        )
        return [place for (place,) in self._connection.execute(statement.encode(), parameters)]

    def _template(self, table: Table) -> ImageTemplate:
        known = self._templates.get(table)
        if known is None:
            cell = Cell("v.encode('latin-1').decode()", "None", "None", "None")
            part = Part((cell,) * len(table.key), lambda names: f"({''.join(f'{n},' for n in names)})")
            known = self._templates[table] = ImageTemplate(table, None, part, {})
        return known


def _castable(type_name: str) -> str:
    return type_name or quote("text")
