"""What the segments of a snapshot contain, by transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cdc.batch import Cell, ChangeBatch, ImageTemplate, Part
from cdc.relational import containment
from cdc.relational.containment import Shows
from cdc.sources.postgres.publication import quote
from cdc.sources.postgres.visibility import parse_visibility
from schemas.table import Table
from snapshot.progress import Border, SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from psycopg import Connection

_XID = 4
"""Where the transaction id stands among the transaction-level values (`versions.source_block`)."""


class Containment(containment.Containment):
    """See `cdc.relational.containment`; asks over `connection`."""

    def __init__(self, connection: Connection, progress: SnapshotProgress) -> None:
        super().__init__(progress)
        self._connection = connection
        self._templates: dict[Table, ImageTemplate] = {}

    def shows(self, position: str) -> Shows:
        """Return the test of a `pg_current_snapshot()`."""
        visibility = parse_visibility(position)
        return lambda batch, row: visibility.shows(batch.transactions[row][_XID])

    def keys(self, batch: ChangeBatch, rows: Sequence[int]) -> Sequence[Border]:
        """Return the text of some rows' keys."""
        if not batch.table.key:
            return [()] * len(rows)
        return batch.rows.select(rows).render(self._template(batch.table)).key

    def _template(self, table: Table) -> ImageTemplate:
        known = self._templates.get(table)
        if known is None:
            cell = Cell("v.encode('latin-1').decode()", "None", "None", "None")
            part = Part((cell,) * len(table.key), lambda names: f"({''.join(f'{n},' for n in names)})")
            known = self._templates[table] = ImageTemplate(table, None, part, {})
        return known

    # -- what the server knows ---------------------------------------------------------------

    def places(
        self, keys: Sequence[Border], borders: Sequence[Border], progress: TableProgress
    ) -> Iterator[int]:
        """Yield for each key the number of the first border that it does not lie behind."""
        cases, parameters = [], list[str]()
        for number, border in enumerate(borders):
            values = ", ".join(f"%s::{_escaped(kind)}" for _, kind in progress.key)
            cases.append(f"WHEN ROW({_row(progress)}) <= ROW({values}) THEN {number}")
            parameters.extend(border)
        answer = f"CASE {' '.join(cases)} ELSE {len(borders)} END"
        statement, arrays = _ask(answer, keys, progress)
        for (place,) in self._connection.execute(statement, [*parameters, *arrays]):
            yield place

    def present(self, table: Table, keys: Sequence[Border], progress: TableProgress) -> list[bool]:
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
