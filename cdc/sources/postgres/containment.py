"""Drop the events that a snapshot already contains, so that no row goes back in time.

Only needed behind a snapshot that was cut and resumed, or whose slot is older than it: the tables
were then read later than where the stream starts. docs/adr/0002-resumable-snapshots.md tells why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cdc.batch import Cell, ChangeBatch, ImageTemplate, Offsets, Part
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
        self._forgotten: list[tuple[object, None]] = []

    def take_forgotten(self) -> Offsets:
        """Return the offsets of the progress that counts no more since the last call."""
        forgotten, self._forgotten = self._forgotten, []
        return forgotten  # type: ignore[return-value]

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
            truncates = [i for i in truncates if not all(v.shows(_xid(batch, i)) for v in views)]
        return next(iter(truncates), None)

    def _contained(self, batch: ChangeBatch, rows: range, progress: TableProgress) -> set[int]:
        views = self._views(progress)
        shown = {index: [view.shows(_xid(batch, index)) for view in views] for index in rows}
        contained = {index for index, by in shown.items() if all(by)}
        if not progress.key or len(batch.table.key) != len(progress.key):
            return contained  # nobody can tell which rows these are
        if progress.by_key:
            unsure = [i for i, by in shown.items() if any(by) and not all(by) and batch.ops[i] != "t"]
            places = self._places(self._keys(batch, unsure), progress)
            contained.update(index for index, n in zip(unsure, places, strict=True) if shown[index][n])
        return contained if progress.complete else contained - self._unseen(batch, contained, progress)

    def _unseen(self, batch: ChangeBatch, contained: set[int], progress: TableProgress) -> set[int]:
        """Return the contained deletes that must be told nevertheless: of keys that are gone for good.

        The segment that contains a delete shows nothing of it. An earlier run may have told the row,
        beyond what it could record; somebody would then keep it for ever.
        """
        deletes = sorted(index for index in contained if batch.ops[index] == "d")
        if not deletes:
            return set()
        present = self._present(batch.table, self._keys(batch, deletes), progress)
        return {index for index, there in zip(deletes, present, strict=True) if not there}

    def _views(self, progress: TableProgress) -> list[Visibility]:
        return [self._visibility(segment.position) for segment in progress.segments]

    def _visibility(self, position: str) -> Visibility:
        known = self._shown.get(position)
        if known is None:
            known = self._shown[position] = parse_visibility(position)
        return known

    # -- what the server knows ---------------------------------------------------------------

    def _places(self, keys: Sequence[Border], progress: TableProgress) -> Iterator[int]:
        """Yield the number of the segment that each key lies in."""
        borders = [segment.up_to for segment in progress.segments if segment.up_to is not None]
        if not borders or not keys:
            yield from [0] * len(keys)
            return
        cases, parameters = [], list[str]()
        for number, border in enumerate(borders):
            values = ", ".join(f"%s::{_escaped(kind)}" for _, kind in progress.key)
            cases.append(f"WHEN ROW({_row(progress)}) <= ROW({values}) THEN {number}")
            parameters.extend(border)
        answer = f"CASE {' '.join(cases)} ELSE {len(borders)} END"
        statement, arrays = _ask(answer, keys, progress)
        for (place,) in self._connection.execute(statement, [*parameters, *arrays]):
            yield place

    def _present(self, table: Table, keys: Sequence[Border], progress: TableProgress) -> list[bool]:
        """Return for each key whether the table has it now; it has none when it is gone itself."""
        from psycopg.errors import UndefinedColumn, UndefinedTable

        columns = _escaped(", ".join(f"t.{quote(name)}" for name, _ in progress.key))
        name = _escaped(f"{quote(table.id.schema)}.{quote(table.id.table)}")
        answer = f"EXISTS (SELECT 1 FROM {name} t WHERE ROW({columns}) = ROW({_row(progress)}))"
        statement, arrays = _ask(answer, keys, progress)
        try:
            return [there for (there,) in self._connection.execute(statement, arrays)]
        except (UndefinedTable, UndefinedColumn):
            return [False] * len(keys)

    def _keys(self, batch: ChangeBatch, indices: Sequence[int]) -> list[Border]:
        """Return the text of some rows' keys."""
        if not indices or not batch.table.key:
            return [()] * len(indices)
        return batch.rows.select(indices).render(self._template(batch.table)).key

    def _template(self, table: Table) -> ImageTemplate:
        known = self._templates.get(table)
        if known is None:
            cell = Cell("v.encode('latin-1').decode()", "None", "None", "None")
            part = Part((cell,) * len(table.key), lambda names: f"({''.join(f'{n},' for n in names)})")
            known = self._templates[table] = ImageTemplate(table, None, part, {})
        return known


def _xid(batch: ChangeBatch, index: int) -> int:
    xid: int = batch.transactions[index][_XID]
    return xid


def _escaped(sql: str) -> str:
    """Return SQL for a statement with parameters."""
    return sql.replace("%", "%%")


def _row(progress: TableProgress) -> str:
    """Return the key of a row of `_ask`, in the types and the order that the table was read by."""
    return ", ".join(f"keys.k{number}::{_escaped(kind)}" for number, (_, kind) in enumerate(progress.key))


def _ask(answer: str, keys: Sequence[Border], progress: TableProgress) -> tuple[bytes, list[list[str]]]:
    """Return the query that gives an answer for each key, in their order, and the keys as its parameters."""
    arrays = ", ".join("%s::text[]" for _ in progress.key)
    names = ", ".join(f"k{number}" for number in range(len(progress.key)))
    rows = f"unnest({arrays}) WITH ORDINALITY AS keys({names}, place)"
    statement = f"SELECT {answer} FROM {rows} ORDER BY place"
    return statement.encode(), [list(column) for column in zip(*keys, strict=True)]
