"""Writers: what each database's fast way of writing rows has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from cdc.batch import UNAVAILABLE
from sinks.jdbc.lane import Lane, Rekey, Segment
from sinks.jdbc.naming import Identifiers
from sinks.jdbc.plan import Cells, Gone, Key, Partial, Plan, Row
from sinks.jdbc.records import Truncation
from sinks.jdbc.reflection import TargetTable
from sinks.jdbc.session import RowsRejected, Session


class Writer(ABC):
    """Write lanes inside the session's transaction.

    mode: `insert`, `update` or `upsert`. guard: the guard column, if there is one. Raises RowsRejected
    for rows that the database refuses, SinkUnavailable when it asks to try again.
    """

    cells: Cells

    def __init__(self, session: Session, identifiers: Identifiers, mode: str, guard: str | None) -> None:
        self.session, self.identifiers, self.mode, self.guard = session, identifiers, mode, guard

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
        columns, cells = known_cells(rekey.plan, rekey.row)
        if self.update_one(rekey.plan, rekey.old, columns, cells) == 0:
            key = rekey.row[: len(rekey.plan.keys)]
            self.patch(rekey.plan, {key: rekey.row})

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
                self.insert_one(plan, columns, cells)

    @abstractmethod
    def update_one(self, plan: Plan, key: Key, columns: Sequence[str], cells: Row) -> int:
        """Set columns of the row with this key; return how many rows there are (0 or 1)."""

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
