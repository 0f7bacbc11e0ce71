"""What is left to read of one table: a SELECT in an order that a later run can go on with.

InnoDB's rows lie in the order of their key, so that costs the server nothing. What has no such key is read
as a whole, or again from its start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cdc.errors import ResourceBusy
from cdc.sources.mysql.captured import SnapshotTable
from cdc.sources.mysql.catalog import qualified
from cdc.sources.mysql.key_order import behind, columns, literals, selected_key
from cdc.sources.mysql.text_rows import RowChunk, TextRows
from schemas.definition import TableDefinition
from snapshot.progress import Border, Key, TableProgress

_PRIMARY = "PRIMARY"
_ALTERED = frozenset((1054, 1146, 1412))
"""Unknown column, no such table, table definition has changed."""


class TableReading:
    """Plan the SELECT of a table behind its progress, and follow it.

    order: what it is read along; empty for what has no order (`key_order`). position: what the segments
    bear, see `positions.segment`. override: the SELECT that the config has instead.
    """

    def __init__(
        self,
        table: SnapshotTable,
        order: Key,
        progress: TableProgress,
        *,
        position: str,
        override: str | None,
    ) -> None:
        self._table, self._position, self._override = table, position, override
        self._order = order if override is None else ()
        self._template = selected_key(table.version.table, order)
        self.progress = self._usable(progress, order)

    @property
    def statement(self) -> str:
        """The SELECT of what is left."""
        wanted = ", ".join(self._table.selected) or "NULL"
        if self._override is not None:
            return f"SELECT {wanted} FROM ({self._override.strip().rstrip(';')}) AS overridden"
        found = f"SELECT {wanted} FROM {qualified(self._table.id)}"
        if not self._order:
            return found
        if any(index.primary for index in self._table.definition.indexes):
            found += f" FORCE INDEX FOR ORDER BY ({_PRIMARY})"
        names, border = columns(self._order), self.progress.resume_after
        if border is not None:
            found += f" WHERE {behind(names, literals(border, self._order))}"
        return f"{found} ORDER BY {', '.join(names)}"

    def advance(self, rows: TextRows) -> None:
        """Take note of some more rows; where nobody knows their order, only `finish` counts."""
        if self._order:
            self._advance(self._last_key(rows.chunks[-1]), len(rows))

    def finish(self, rows: int) -> None:
        """Take note that the table is read; rows: those that were not noted yet."""
        self._advance(None, rows)

    def _advance(self, up_to: Border | None, rows: int) -> None:
        self.progress = self.progress.advance(up_to, self._position, 0, rows)

    def _last_key(self, chunk: RowChunk) -> Border:
        read = self._table.layout.reader(self._template)
        ((_, key),) = read(chunk.data, chunk.text, chunk.starts[-1:])
        border: Border = key
        return border

    def _usable(self, progress: TableProgress, order: Key) -> TableProgress:
        """Return the progress, or that of a new beginning when its borders mean nothing any more."""
        key = _record_key(self._table.definition, self._table, order)
        if (progress.key, progress.order) == (key, self._order) and not (
            progress.segments and not self._order
        ):
            return progress
        if progress.finished and progress.key == key:
            return progress
        complete = progress.complete and not progress.segments and bool(self._order)
        return TableProgress(progress.table, key=key, order=self._order, complete=complete)


def _record_key(definition: TableDefinition, table: SnapshotTable, order: Key) -> Key:
    """Return what the records of a table are known by."""
    return order or tuple((column.name, "") for column in table.key)


@contextmanager
def altered(table: SnapshotTable) -> Iterator[None]:
    """Let a table that was altered or dropped meanwhile be looked at again by the next try."""
    from pymysql.err import MySQLError

    try:
        yield
    except MySQLError as error:
        if error.args[0] not in _ALTERED:
            raise
        raise ResourceBusy(
            f"Table {table.id} was altered before the snapshot came to it: {error.args[1]}",
            hint="the snapshot goes on by itself",
        ) from error
