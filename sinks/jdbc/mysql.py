"""MySQL and MariaDB: multi-row INSERT … ON DUPLICATE KEY UPDATE, with cells as SQL literals.

ON DUPLICATE KEY UPDATE answers to *any* unique index. A table that has a further one, or none on the
key, is therefore written row by row: update by key, insert what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sinks.jdbc.cells import SQL_LITERALS
from sinks.jdbc.plan import Cells, Gone, Key, Plan, Row
from sinks.jdbc.records import Truncation
from sinks.jdbc.writer import Writer

_MOST_BYTES = 4 * 1024 * 1024


class MysqlWriter(Writer):
    """Write to MySQL or MariaDB; see `Writer`."""

    cells = Cells(SQL_LITERALS.__getitem__, "NULL")
    _packet = 1024 * 1024

    def prepare_session(self) -> None:
        """Fix what literals mean, and let strict mode refuse what does not fit."""
        self.session.execute(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',"
            " time_zone = '+00:00'"
        )
        self.session.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self._packet = min(_MOST_BYTES, int(self.session.execute("SELECT @@max_allowed_packet")[0][0]) // 2)

    def insert(self, plan: Plan, rows: Sequence[Row]) -> None:
        """INSERT, many rows a statement."""
        self._insert_many(plan, rows, "")

    def upsert(self, plan: Plan, rows: Sequence[Row], *, fresh: bool) -> None:
        """Write many rows a statement where only the key decides, else row by row."""
        if not self.must_be_unique(plan) or plan.table.has_more_unique(plan.key_columns):
            self._one_by_one(plan, rows, insert=True)
        else:
            self._insert_many(plan, rows, self._on_duplicate(plan))

    def update(self, plan: Plan, rows: Sequence[Row]) -> None:
        """UPDATE, row by row."""
        self._one_by_one(plan, rows, insert=False)

    def delete(self, plan: Plan, gone: Mapping[Key, Gone]) -> None:
        """Delete by lists of keys; with a guard row by row."""
        table, keys = self.table(plan.table), plan.key_columns
        if self.guard is not None:
            guard = self.identifiers.quote(self.guard)
            for key, change in gone.items():
                newer = f" AND ({guard} IS NULL OR {guard} <= {change.position})"
                self.session.execute(f"DELETE FROM {table} WHERE {self._where(plan, key)}{newer}")
            return
        head = f"DELETE FROM {table} WHERE ({self.names(keys)}) IN ("
        for chunk in self._chunks([f"({','.join(key)})" for key in gone]):
            self.session.execute(head + ",".join(chunk) + ")")

    def truncate(self, truncation: Truncation) -> None:
        """Empty the table with DELETE: TRUNCATE would commit what came before."""
        self.session.execute(f"DELETE FROM {self.identifiers.table(truncation.table)}")

    def update_one(self, plan: Plan, key: Key, columns: Sequence[str], cells: Row) -> int:
        """Set columns of one row; a row that has these values already counts too."""
        if not columns:
            columns, cells = plan.key_columns, key
        pairs = zip(columns, cells, strict=True)
        sets = ", ".join(f"{self.identifiers.quote(column)} = {cell}" for column, cell in pairs)
        table, where = self.table(plan.table), self._where(plan, key)
        if self.guard is not None and self.guard in columns:
            guard, mine = self.identifiers.quote(self.guard), cells[list(columns).index(self.guard)]
            newer = f" AND ({guard} IS NULL OR {guard} <= {mine})"
        else:
            newer = ""
        touched = self.session.changed(f"UPDATE {table} SET {sets} WHERE {where}{newer}")
        return touched or len(self.session.execute(f"SELECT 1 FROM {table} WHERE {where}"))

    def has_other(self, plan: Plan, key: Key, but: Key) -> bool:
        """Look for it."""
        where = f"{self._where(plan, key)} AND NOT ({self._where(plan, but)})"
        return bool(self.session.execute(f"SELECT 1 FROM {self.table(plan.table)} WHERE {where}"))

    def insert_one(self, plan: Plan, columns: Sequence[str], cells: Row) -> None:
        """Add one row."""
        names = self.names(columns)
        self.session.execute(f"INSERT INTO {self.table(plan.table)} ({names}) VALUES ({','.join(cells)})")

    def _where(self, plan: Plan, key: Key) -> str:
        pairs = zip(plan.key_columns, key, strict=True)
        return " AND ".join(f"{self.identifiers.quote(column)} = {cell}" for column, cell in pairs)

    def _one_by_one(self, plan: Plan, rows: Sequence[Row], *, insert: bool) -> None:
        count = len(plan.keys)
        values = plan.columns[count:]
        for row in rows:
            if self.update_one(plan, row[:count], values, row[count:]) == 0 and insert:
                self.insert_one(plan, plan.columns, row)

    def _insert_many(self, plan: Plan, rows: Sequence[Row], tail: str) -> None:
        head = f"INSERT INTO {self.table(plan.table)} ({self.names(plan.columns)}) VALUES "
        for chunk in self._chunks([f"({','.join(row)})" for row in rows]):
            self.session.execute(f"{head}{','.join(chunk)}{tail}")

    def _on_duplicate(self, plan: Plan) -> str:
        quote = self.identifiers.quote
        columns = [quote(column) for column in plan.columns[len(plan.keys) :]]
        if not columns:
            key = quote(plan.key_columns[0])
            return f" ON DUPLICATE KEY UPDATE {key} = {key}"
        if self.guard is None:
            sets = [f"{column} = VALUES({column})" for column in columns]
        else:
            # Assignments are made from left to right: the guard, the last column, is compared till the end.
            guard = quote(self.guard)
            newer = f"{guard} IS NULL OR {guard} <= VALUES({guard})"
            sets = [f"{column} = IF({newer}, VALUES({column}), {column})" for column in columns]
        return f" ON DUPLICATE KEY UPDATE {', '.join(sets)}"

    def _chunks(self, pieces: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield runs of pieces that fit into one packet (characters of up to four bytes)."""
        start = size = 0
        for i, piece in enumerate(pieces):
            length = len(piece) if piece.isascii() else 4 * len(piece)
            if size + length > self._packet and i > start:
                yield pieces[start:i]
                start, size = i, 0
            size += length + 1
        yield pieces[start:]
