"""The loader: records in, lanes of bound rows out, with the tables made ready for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sinks.jdbc.binding import Dialect
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.lane import Lane
from sinks.jdbc.mysql import MysqlWriter
from sinks.jdbc.naming import Identifiers, TableName
from sinks.jdbc.plan import Cells, Plan
from sinks.jdbc.planner import Planner
from sinks.jdbc.postgres import PostgresWriter
from sinks.jdbc.records import Decoder, Rows, Truncation
from sinks.jdbc.session import Session
from sinks.jdbc.spans import Span
from sinks.jdbc.sqlite import SqliteWriter
from sinks.jdbc.tables import Tables
from sinks.jdbc.writer import Writer


def make_writer(config: JdbcSinkConfig, session: Session, identifiers: Identifiers) -> Writer:
    """Return the writer of the target's dialect."""
    classes: dict[str, type[Writer]] = {"postgresql": PostgresWriter, "sqlite": SqliteWriter}
    chosen = classes.get(config.target.dialect, MysqlWriter)
    mode = "upsert" if config.insert_mode == "automatic" else config.insert_mode
    return chosen(session, identifiers, mode, config.guard_column)


class Loader:
    """Decode and bind records."""

    def __init__(
        self, config: JdbcSinkConfig, session: Session, identifiers: Identifiers, cells: Cells
    ) -> None:
        self.config, self.identifiers = config, identifiers
        self.tables = Tables(session, config, identifiers)
        self.decoder = Decoder(config)
        dialect = Dialect(config.target.dialect, config.zone)
        self.planner = Planner(config, dialect, cells, identifiers.fit)

    def forget(self) -> None:
        """Look at all tables again: somebody has changed one."""
        self.tables.forget()
        self.planner.forget()

    def lanes(self, spans: Sequence[Span], between: Callable[[], None] = lambda: None) -> Collection[Lane]:
        """Return what the records do, by table, in the order of their first appearance.

        Tables and columns that are missing are made; `between` is called before the database is asked
        for anything. Raises RowsRejected.
        """
        lanes: dict[TableName, Lane] = {}
        fit = self.identifiers.fit
        for span in spans:
            for rows in self.decoder.decode(span):
                name = TableName(fit(rows.table.schema) if rows.table.schema else "", fit(rows.table.name))
                if isinstance(rows, Truncation):
                    self._truncate(lanes, Truncation(name, rows.topic), between)
                else:
                    self._add(lanes, name, rows, between)
        return lanes.values()

    def _add(
        self, lanes: dict[TableName, Lane], name: TableName, rows: Rows, between: Callable[[], None]
    ) -> None:
        wanted = self.planner.wanted(rows)
        if not self.tables.ready(name, wanted):
            between()
            if rows.images.count(None) == len(rows.images) and self.tables.find(name) is None:
                return  # deletes only, and there is nothing to delete
        table = self.tables.ensure(name, wanted)
        plan = self.planner.plan(rows, table)
        lane = lanes.get(name)
        if lane is None:
            lane = lanes[name] = self._lane(reduce=self._may_reduce(plan))
        lane.add(plan, rows)

    def _truncate(
        self, lanes: dict[TableName, Lane], truncation: Truncation, between: Callable[[], None]
    ) -> None:
        name = truncation.table
        if name not in self.tables.known:
            between()
            if self.tables.find(name) is None:
                return
        if name not in lanes:
            lanes[name] = self._lane(reduce=False)  # which is always safe
        lanes[name].truncate(truncation)

    def _may_reduce(self, plan: Plan) -> bool:
        if self.config.reduction != "automatic":
            return self.config.reduction == "true"
        return not plan.table.has_more_unique(plan.key_columns)

    def _lane(self, *, reduce: bool) -> Lane:
        return Lane(reduce, self.config.insert_mode == "insert", self.config.delete_enabled != "false")
