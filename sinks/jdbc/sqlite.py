"""SQLite: `executemany` of an upsert; rows are written in order, so further unique indexes are no trouble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sinks.jdbc.cells import Column, Render
from sinks.jdbc.plan import Cells, Gone, Key, Plan, Row
from sinks.jdbc.records import Truncation
from sinks.jdbc.writer import Writer


def _as_is(values: Column) -> Column:
    return values


def _render(form: str) -> Render:
    return _as_is


class SqliteWriter(Writer):
    """Write to SQLite; see `Writer`."""

    cells = Cells(_render, None)

    def prepare_session(self) -> None:
        """Let readers read while rows are written."""
        self.session.execute("PRAGMA journal_mode = WAL")
        self.session.execute("PRAGMA synchronous = FULL")

    def insert(self, plan: Plan, rows: Sequence[Row]) -> None:
        """INSERT with parameters."""
        self._many(self._insert_statement(plan, plan.columns), rows)

    def upsert(self, plan: Plan, rows: Sequence[Row], *, fresh: bool) -> None:
        """INSERT … ON CONFLICT; a table without a unique index on the key loses the old row first."""
        if self.must_be_unique(plan):
            self._many(f"{self._insert_statement(plan, plan.columns)} {self.on_conflict(plan)}", rows)
        else:
            self.delete(plan, {row[: len(plan.keys)]: Gone() for row in rows})
            self.insert(plan, rows)

    def update(self, plan: Plan, rows: Sequence[Row]) -> None:
        """UPDATE with parameters."""
        count = len(plan.keys)
        sets = self._assigned(plan.columns[count:] or plan.key_columns)
        values = [(*(row[count:] or row), *row[:count]) for row in rows]
        self._many(f"UPDATE {self.table(plan.table)} SET {sets} WHERE {self._where(plan)}", values)

    def delete(self, plan: Plan, gone: Mapping[Key, Gone]) -> None:
        """DELETE with parameters."""
        statement = f"DELETE FROM {self.table(plan.table)} WHERE {self._where(plan)}"
        if self.guard is None:
            self._many(statement, list(gone))
            return
        guard = self.identifiers.quote(self.guard)
        rows = [(*key, change.position) for key, change in gone.items()]
        self._many(f"{statement} AND ({guard} IS NULL OR {guard} <= ?)", rows)

    def truncate(self, truncation: Truncation) -> None:
        """Empty the table; SQLite has no TRUNCATE."""
        self.session.execute(f"DELETE FROM {self.identifiers.table(truncation.table)}")

    def update_one(self, plan: Plan, key: Key, columns: Sequence[str], cells: Row) -> int:
        """Set columns of one row."""
        if not columns:
            columns, cells = plan.key_columns, key
        table, where, params = self.table(plan.table), self._where(plan), [*cells, *key]
        statement = f"UPDATE {table} SET {self._assigned(columns)} WHERE {where}"
        if self.guard is None or self.guard not in columns:
            return self.session.changed(statement, params)
        guard = self.identifiers.quote(self.guard)
        params.append(cells[list(columns).index(self.guard)])
        changed = self.session.changed(f"{statement} AND ({guard} IS NULL OR {guard} <= ?)", params)
        return changed or len(self.session.execute(f"SELECT 1 FROM {table} WHERE {where}", key))

    def has_other(self, plan: Plan, key: Key, but: Key) -> bool:
        """Look for it."""
        where = self._where(plan)
        statement = f"SELECT 1 FROM {self.table(plan.table)} WHERE {where} AND NOT ({where})"
        return bool(self.session.execute(statement, [*key, *but]))

    def insert_one(self, plan: Plan, columns: Sequence[str], cells: Row) -> None:
        """Add one row."""
        self.session.execute(self._insert_statement(plan, columns), cells)

    def _insert_statement(self, plan: Plan, columns: Sequence[str]) -> str:
        marks = ", ".join("?" * len(columns))
        return f"INSERT INTO {self.table(plan.table)} ({self.names(columns)}) VALUES ({marks})"

    def _assigned(self, columns: Sequence[str]) -> str:
        return ", ".join(f"{self.identifiers.quote(column)} = ?" for column in columns)

    def _where(self, plan: Plan) -> str:
        return " AND ".join(f"{self.identifiers.quote(column)} = ?" for column in plan.key_columns)

    def _many(self, statement: str, rows: Sequence[Row]) -> None:
        with self.session.translated():
            self.session.cursor().executemany(statement, rows)
