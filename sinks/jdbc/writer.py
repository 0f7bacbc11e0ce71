"""Writers: what each database's fast way of writing rows has in common."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from cdc.batch import UNAVAILABLE
from sinks.jdbc.lane import Lane, Move, Rekey, Segment
from sinks.jdbc.naming import Identifiers, TableName
from sinks.jdbc.plan import GONE, Cells, Gone, Key, Partial, Plan, Row
from sinks.jdbc.records import Truncation
from sinks.jdbc.reflection import TargetTable
from sinks.jdbc.session import RowsRejected, Session

log = logging.getLogger(__name__)


class Writer(ABC):
    """Write lanes inside the session's transaction.

    mode: `insert`, `update` or `upsert`. guard: the guard column, if there is one. Raises RowsRejected
    for rows that the database refuses, SinkUnavailable when it asks to try again.
    """

    cells: Cells

    def __init__(self, session: Session, identifiers: Identifiers, mode: str, guard: str | None) -> None:
        self.session, self.identifiers, self.mode, self.guard = session, identifiers, mode, guard
        self._gaps: set[TableName] = set()

    def prepare_session(self) -> None:  # noqa: B027 - SQLite has its own only
        """Set what writing relies on, on a fresh connection."""

    def rolled_back(self) -> None:  # noqa: B027
        """Take note that the transaction did not happen."""

    def write(self, lane: Lane) -> None:
        """Write the steps of a lane, in order."""
        for step in lane.steps:
            if isinstance(step, Segment):
                self._write_segment(step)
            elif isinstance(step, Rekey):
                self._write_rekey(step)
            elif isinstance(step, Move):
                self._write_move(step)
            else:
                self.truncate(step)

    def _write_segment(self, segment: Segment) -> None:
        plan = segment.plan
        if segment.appended:
            self.insert(plan, segment.appended)
        if not segment.changes:
            return
        if segment.whole:
            self._write_rows(plan, list(segment.changes.values()), fresh=segment.fresh)  # type: ignore[arg-type]
            return
        gone = segment.gone
        if gone:
            self.delete(plan, gone)
        rows = segment.rows
        if rows:
            self._write_rows(plan, rows, fresh=segment.fresh and not gone)
        partial = segment.partial
        if partial:
            self.patch(plan, partial)

    def _write_rows(self, plan: Plan, rows: Sequence[Row], *, fresh: bool) -> None:
        if self.mode == "update":
            self.update(plan, rows)
        else:
            self.upsert(plan, rows, fresh=fresh)

    def _write_rekey(self, rekey: Rekey) -> None:
        plan, row = rekey.plan, rekey.row
        columns, cells = known_cells(plan, row)
        key = row[: len(plan.keys)]
        if not self._makes_way(plan, rekey.old, key) or not self.update_one(plan, rekey.old, columns, cells):
            self.patch(plan, {key: row})

    def _write_move(self, move: Move) -> None:
        """Give the row its new key; it has its new values once the insert comes."""
        plan, columns, cells = move.plan, move.plan.key_columns, move.new
        if self.guard is not None:
            columns, cells = (*columns, self.guard), (*cells, move.gone.position)
        if self._makes_way(plan, move.old, move.new, move.gone):
            self.update_one(plan, move.old, columns, cells)

    def _makes_way(self, plan: Plan, old: Key, new: Key, gone: Gone = GONE) -> bool:
        """Whether the new key is free. If not, all of this is told again, and the old row only goes."""
        if not self.has_other(plan, new, old):
            return True
        self.delete(plan, {old: gone})
        return False

    @abstractmethod
    def insert(self, plan: Plan, rows: Sequence[Row]) -> None:
        """Add rows; one that is there already is an error."""

    @abstractmethod
    def upsert(self, plan: Plan, rows: Sequence[Row], *, fresh: bool) -> None:
        """Add or replace rows, each with its own key; `fresh` ones are probably not there yet."""

    @abstractmethod
    def update(self, plan: Plan, rows: Sequence[Row]) -> None:
        """Replace the rows that are there."""

    @abstractmethod
    def delete(self, plan: Plan, gone: Mapping[Key, Gone]) -> None:
        """Delete by key."""

    def patch(self, plan: Plan, rows: Mapping[Key, Partial]) -> None:
        """Write the known columns of each row; a row that is not there is added (but by updates)."""
        for key, row in rows.items():
            columns, cells = known_cells(plan, row)
            count = len(plan.keys)
            if self.update_one(plan, key, columns[count:], cells[count:]) == 0 and self.mode != "update":
                self.warn_of_gaps(plan)
                self.insert_one(plan, columns, cells)

    def warn_of_gaps(self, plan: Plan) -> None:
        """Say, once a table, that a row without some of its values is not there and has to be added."""
        if plan.table.name not in self._gaps:
            self._gaps.add(plan.table.name)
            log.warning(
                "Rows of %s came without their unchanged values and are not there: the columns become NULL."
                " Load the table anew, or let the source send all values (REPLICA IDENTITY FULL)",
                plan.table.name,
            )

    @abstractmethod
    def update_one(self, plan: Plan, key: Key, columns: Sequence[str], cells: Row) -> int:
        """Set columns of the row with this key; return how many rows there are (0 or 1).

        A guard cell among them says how old they are: a row that is newer stays as it is.
        """

    @abstractmethod
    def has_other(self, plan: Plan, key: Key, but: Key) -> bool:
        """Whether there is a row with this key that is not the row of the key `but`."""

    @abstractmethod
    def insert_one(self, plan: Plan, columns: Sequence[str], cells: Row) -> None:
        """Add one row with these columns; unless it is there (a guard may have refused its update)."""

    def truncate(self, truncation: Truncation) -> None:
        """Empty the table."""
        self.session.execute(f"TRUNCATE TABLE {self.identifiers.table(truncation.table)}")

    # -- SQL text ------------------------------------------------------------------------------

    def names(self, columns: Sequence[str], prefix: str = "") -> str:
        """Return a list of column names."""
        return ", ".join(prefix + self.identifiers.quote(column) for column in columns)

    def table(self, table: TargetTable) -> str:
        """Return the table's name."""
        return self.identifiers.table(table.name)

    def assignments(self, plan: Plan, source: str) -> str:
        """Return `column = source.column` for all but the key columns."""
        quote = self.identifiers.quote
        columns = plan.columns[len(plan.keys) :]
        return ", ".join(f"{quote(column)} = {source}.{quote(column)}" for column in columns)

    def on_conflict(self, plan: Plan) -> str:
        """Return the ON CONFLICT clause that PostgreSQL and SQLite share."""
        key = f"ON CONFLICT ({self.names(plan.key_columns)})"
        if len(plan.columns) == len(plan.keys):
            return f"{key} DO NOTHING"
        return f"{key} DO UPDATE SET {self.assignments(plan, 'EXCLUDED')}{self.guarded(plan, 'EXCLUDED')}"

    def guarded(self, plan: Plan, source: str, word: str = " WHERE") -> str:
        """Return the condition that the source is not older than the row, or nothing without a guard."""
        if self.guard is None:
            return ""
        mine = f"{self.table(plan.table)}.{self.identifiers.quote(self.guard)}"
        return f"{word} ({mine} IS NULL OR {mine} <= {source}.{self.identifiers.quote(self.guard)})"

    def must_be_unique(self, plan: Plan) -> bool:
        """Whether an upsert can rely on a unique index; without one a guard cannot work."""
        unique = plan.table.identified_by(plan.key_columns)
        if not unique and self.guard is not None:
            raise RowsRejected(f"guard.column needs a unique index on the key of {plan.table.name}")
        return unique


def known_cells(plan: Plan, row: Sequence[Any]) -> tuple[list[str], Row]:
    """Return the columns whose cell is known, and these cells."""
    known = [i for i, cell in enumerate(row) if cell is not UNAVAILABLE]
    columns = plan.columns
    return [columns[i] for i in known], tuple(row[i] for i in known)
