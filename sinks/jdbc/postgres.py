"""PostgreSQL: COPY into the table where rows are new, else COPY to a stage and merge.

Everything happens in the caller's transaction. A COPY straight into the table is tried only where a
unique index would stop it if a row were there after all; then the stage takes over, so that trying is
safe whatever the records say (see docs/adr/0012).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdc.batch import UNAVAILABLE
from sinks.jdbc.cells import COPY_NULL, copy_cells, copy_render
from sinks.jdbc.plan import Cells, Gone, Key, Partial, Plan, Row
from sinks.jdbc.reflection import TargetTable
from sinks.jdbc.session import RowsRejected
from sinks.jdbc.writer import Writer

SMALL = 48
"""Up to so many rows single statements in a pipeline beat COPY and its round trips."""

_MOST_PAUSE = 256


class PostgresWriter(Writer):
    """Write to PostgreSQL; see `Writer`."""

    cells = Cells(copy_render, COPY_NULL)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._stages: dict[tuple[TargetTable, tuple[str, ...]], str] = {}
        self._serial = 0
        # How many batches of a table go by before COPY into it is tried again, after it failed.
        self._pause: dict[TargetTable, tuple[int, int]] = {}

    def prepare_session(self) -> None:
        """Fix what text means. Time zone is UTC: zoneless text in a zoned column was UTC."""
        self._stages.clear()
        self.session.execute(
            "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC'"
        )
        self.session.execute("SET standard_conforming_strings = on; SET lock_timeout = '60s'")

    def rolled_back(self) -> None:
        """Forget the stages: those made in the transaction are gone."""
        self._stages.clear()

    def insert(self, plan: Plan, rows: Sequence[Row]) -> None:
        """COPY into the table."""
        self._copy(self.table(plan.table), plan.columns, rows)

    def upsert(self, plan: Plan, rows: Sequence[Row], *, fresh: bool) -> None:
        """Write rows in the way that is fastest for as many, and as new, as they are."""
        unique = self.must_be_unique(plan)
        if unique and len(rows) <= SMALL:
            self._upsert_singly(plan, rows)
        elif unique and fresh and self._may_try(plan.table) and self._copy_fresh(plan, rows):
            return
        else:
            self._merge(plan, rows, unique=unique)

    def update(self, plan: Plan, rows: Sequence[Row]) -> None:
        """Replace the rows that are there, from a stage."""
        stage = self._fill(plan, plan.columns, rows)
        self._update_from(plan, stage, plan.columns)

    def delete(self, plan: Plan, gone: Mapping[Key, Gone]) -> None:
        """Delete by arrays of keys."""
        columns = [*zip(*gone, strict=True)]
        names = list(plan.key_columns)
        if self.guard is not None:
            columns.append(tuple(change.position for change in gone.values()))
            names.append(self.guard)
        quoted = [_doubled(self.identifiers.quote(name)) for name in names]
        types = [_doubled(plan.table.columns[name].type.text) for name in names]
        arrays = ", ".join(f"%s::text[]::{kind}[]" for kind in types)
        table = _doubled(self.table(plan.table))
        matches = " AND ".join(f"{table}.{name} = gone.{name}" for name in quoted[: len(plan.keys)])
        guarded = _doubled(self.guarded(plan, "gone", " AND"))
        params = [[copy_cells(cell)[0] for cell in column] for column in columns]
        self.session.execute(
            f"DELETE FROM {table} USING unnest({arrays}) AS gone ({', '.join(quoted)})"
            f" WHERE {matches}{guarded}",
            params,
        )

    def patch(self, plan: Plan, rows: Mapping[Key, Partial]) -> None:
        """Write rows with the same known columns together: update those there, add the others."""
        groups: dict[tuple[int, ...], list[Row]] = {}
        for row in rows.values():
            known = tuple(i for i, cell in enumerate(row) if cell is not UNAVAILABLE)
            groups.setdefault(known, []).append(tuple(row[i] for i in known))
        for known, part in groups.items():
            columns = tuple(plan.columns[i] for i in known)
            stage = self._fill(plan, columns, part)
            if self._update_from(plan, stage, columns) < len(part) and self.mode != "update":
                self.warn_of_gaps(plan)
                self._insert_missing(plan, stage, columns)

    def update_one(self, plan: Plan, key: Key, columns: Sequence[str], cells: Row) -> int:
        """Set columns of one row, by parameters."""
        if not columns:
            columns, cells = plan.key_columns, key
        sets = ", ".join(f"{self.identifiers.quote(column)} = %s" for column in map(_doubled, columns))
        table, where = _doubled(self.table(plan.table)), self._where(plan)
        params = [*_values(cells), *_values(key)]
        if self.guard is None or self.guard not in columns:
            return self.session.changed(f"UPDATE {table} SET {sets} WHERE {where}", params)
        guard = _doubled(self.identifiers.quote(self.guard))
        params += _values([cells[list(columns).index(self.guard)]])
        statement = f"UPDATE {table} SET {sets} WHERE {where} AND ({guard} IS NULL OR {guard} <= %s)"
        there = f"SELECT 1 FROM {table} WHERE {where}"
        return self.session.changed(statement, params) or len(self.session.execute(there, _values(key)))

    def has_other(self, plan: Plan, key: Key, but: Key) -> bool:
        """Look for it, by parameters."""
        table, where = _doubled(self.table(plan.table)), self._where(plan)
        statement = f"SELECT 1 FROM {table} WHERE {where} AND NOT ({where})"
        return bool(self.session.execute(statement, [*_values(key), *_values(but)]))

    def _where(self, plan: Plan) -> str:
        return " AND ".join(f"{self.identifiers.quote(_doubled(c))} = %s" for c in plan.key_columns)

    def insert_one(self, plan: Plan, columns: Sequence[str], cells: Row) -> None:
        """Add one row, by parameters."""
        self.session.execute(self._insert_statement(plan, columns), _values(cells))

    # -- ways of writing many rows -------------------------------------------------------------

    def _may_try(self, table: TargetTable) -> bool:
        left, length = self._pause.get(table, (0, 0))
        if left:
            self._pause[table] = left - 1, length
        return not left

    def _copy_fresh(self, plan: Plan, rows: Sequence[Row]) -> bool:
        self.session.execute("SAVEPOINT fresh")
        try:
            self._copy(self.table(plan.table), plan.columns, rows)
        except RowsRejected as error:
            if error.code != "23505":
                raise
            self.session.execute("ROLLBACK TO SAVEPOINT fresh")
            length = min(_MOST_PAUSE, 2 * self._pause.get(plan.table, (0, 1))[1])
            self._pause[plan.table] = length, length
            return False
        self.session.execute("RELEASE SAVEPOINT fresh")
        self._pause.pop(plan.table, None)
        return True

    def _copy(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        data = "\n".join(map("\t".join, rows)) + "\n"
        with self.session.translated():
            encoded = data.encode()
            with (
                self.session.cursor() as cursor,
                cursor.copy(f"COPY {table} ({self.names(columns)}) FROM STDIN") as copy,
            ):
                copy.write(encoded)

    def _insert_statement(self, plan: Plan, columns: Sequence[str]) -> str:
        marks = ", ".join(["%s"] * len(columns))
        table, names = _doubled(self.table(plan.table)), _doubled(self.names(columns))
        return f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES ({marks})"

    def _upsert_singly(self, plan: Plan, rows: Sequence[Row]) -> None:
        statement = f"{self._insert_statement(plan, plan.columns)} {_doubled(self.on_conflict(plan))}"
        with self.session.translated(), self.session.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(statement, _values(rows[0]))
            else:
                cursor.executemany(statement, list(map(_values, rows)))

    def _merge(self, plan: Plan, rows: Sequence[Row], *, unique: bool) -> None:
        stage = self._fill(plan, plan.columns, rows)
        names, table = self.names(plan.columns), self.table(plan.table)
        if not unique:
            self.session.execute(f"DELETE FROM {table} USING {stage} WHERE {self._matches(plan, stage)}")
        conflict = self.on_conflict(plan) if unique else ""
        self.session.execute(
            f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {stage} {conflict}"
        )

    def _matches(self, plan: Plan, stage: str) -> str:
        table, quote = self.table(plan.table), self.identifiers.quote
        return " AND ".join(f"{table}.{quote(c)} = {stage}.{quote(c)}" for c in plan.key_columns)

    def _update_from(self, plan: Plan, stage: str, columns: Sequence[str]) -> int:
        quote = self.identifiers.quote
        sets = ", ".join(f"{quote(c)} = {stage}.{quote(c)}" for c in columns[len(plan.keys) :])
        if not sets:
            sets = f"{quote(columns[0])} = {stage}.{quote(columns[0])}"
        return self.session.changed(
            f"UPDATE {self.table(plan.table)} SET {sets} FROM {stage}"
            f" WHERE {self._matches(plan, stage)}{self.guarded(plan, stage, ' AND')}"
        )

    def _insert_missing(self, plan: Plan, stage: str, columns: Sequence[str]) -> None:
        names, table = self.names(columns), self.table(plan.table)
        self.session.execute(
            f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {stage}"
            f" WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {self._matches(plan, stage)})"
        )

    def _fill(self, plan: Plan, columns: Sequence[str], rows: Sequence[Row]) -> str:
        """Put rows into the stage of these columns (emptied at commit) and return its name."""
        cached = plan.table, tuple(columns)
        stage = self._stages.get(cached)
        if stage is None:
            self._serial += 1
            stage = f"_cdc_stage_{self._serial}"
            self.session.execute(
                f"CREATE TEMPORARY TABLE {stage} ON COMMIT DELETE ROWS AS"
                f" SELECT {self.names(columns)} FROM {self.table(plan.table)} WITH NO DATA"
            )
            self._stages[cached] = stage
        else:
            self.session.execute(f"DELETE FROM {stage}")
        self._copy(stage, columns, rows)
        return stage


def _doubled(text: str) -> str:
    return text.replace("%", "%%")


def _values(cells: Sequence[str]) -> list[str | None]:
    return copy_cells("\t".join(cells))
