"""What is left to read of one table: SELECTs in an order that a later run can go on with.

Along its primary key a table is read in chunks; a later run goes on behind the last key, with what its
own snapshot shows there. Rows without a key of their own come by their places, and a later run goes on
with the rows of the first one's snapshot: those that nobody has changed since are still where they
were, and what became of the others is in the stream, unless it leaves out values of theirs: such a table
starts over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cdc.errors import ResourceBusy
from cdc.sources.postgres.captured import PLACE, SnapshotTable
from cdc.sources.postgres.chunks import (
    borders,
    qualified,
    select_chunk,
    select_override,
    select_places,
    table_size,
)
from cdc.sources.postgres.copy_rows import unescape
from cdc.sources.postgres.visibility import parse_visibility
from snapshot.progress import Border, TableProgress

if TYPE_CHECKING:
    from psycopg import Connection

# The catalog's rows are as the snapshot shows them, the function tells what is so now.
_FILES = """
SELECT format('%%I.%%I', n.nspname, c.relname), pg_relation_filenode(c.oid)::text, c.relfilenode::text,
       c.reltoastrelid <> 0 AND (c.relreplident = 'i' OR c.relreplident = 'd' AND EXISTS (
         SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid {} AND c.relkind = 'r'
 ORDER BY c.oid
"""
_FILE = _FILES.format("= %s")
_FILES_OF_PARTITIONS = _FILES.format("IN (SELECT relid FROM pg_partition_tree(%s) WHERE isleaf)")
_FIRST_PLACE = "(0,0)"


@dataclass(frozen=True, slots=True)
class _File:
    """Where a table, or a partition, has its rows. terse: updates may leave out large values, unchanged."""

    name: str
    number: str
    terse: bool


@dataclass(frozen=True, slots=True)
class Read:
    """One SELECT; `place` tells how far a row of it is, None when its order is not known."""

    statement: str
    place: Callable[[str], Border] | None


class TableReading:
    """Plan the reads of a table behind its progress.

    position, barrier: of the snapshot that the connection reads in. override: the SELECT that the
    config has instead. Raises ResourceBusy when the table was rewritten since: such a snapshot shows
    it empty.
    """

    def __init__(
        self,
        connection: Connection,
        table: SnapshotTable,
        progress: TableProgress,
        *,
        position: str,
        barrier: int,
        chunk_bytes: int,
        override: str | None,
    ) -> None:
        self._connection, self._table, self._chunk_bytes = connection, table, chunk_bytes
        self._override, self._now = override, position
        self._position, self._barrier = position, barrier
        self._files = [] if progress.finished else self._held_files()
        self.progress = self._usable(progress)
        if table.order == PLACE and self.progress.segments:
            self._position = self.progress.segments[-1].position
            self._barrier = self.progress.segments[-1].barrier

    def advance(self, up_to: Border | None, rows: int) -> None:
        """Take note of some more rows, up to a border (None: the end)."""
        self.progress = self.progress.advance(up_to, self._position, self._barrier, rows)

    def reads(self) -> Iterator[Read]:
        """Yield what is left, in its order."""
        if self.progress.finished:
            return
        if self._override is not None:
            # What it tells is not recorded before its end.
            self.progress = replace(self.progress, complete=False)
            yield Read(select_override(self._table, self._override), None)
        elif self._table.order == PLACE:
            yield from self._by_place()
        else:
            yield from self._by_key()

    def _usable(self, progress: TableProgress) -> TableProgress:
        """Return the progress, or that of a new beginning when its borders mean nothing any more."""
        table = self._table
        known = (progress.key, progress.order) == (table.key, table.order)
        by_place = table.order == PLACE and progress.resume_after
        if known and (not by_place or self._holds(by_place[0])):
            return progress
        complete = progress.complete and not progress.segments
        return TableProgress(progress.table, key=table.key, order=table.order, complete=complete)

    def _holds(self, number: str) -> bool:
        """Whether places still mean something, and the stream has all of a row that is another there."""
        return any(file.number == number for file in self._files) and not any(f.terse for f in self._files)

    def _held_files(self) -> list[_File]:
        """Return the files of the table, or of its partitions; they stay until the transaction ends."""
        partitioned = self._table.catalog.kind == "p"
        only, statement = ("", _FILES_OF_PARTITIONS) if partitioned else ("ONLY ", _FILE)
        with altered(self._table):
            self._connection.execute(f"SELECT FROM {only}{qualified(self._table)} LIMIT 0".encode())
        found = self._connection.execute(statement.encode(), (self._table.catalog.oid,)).fetchall()
        if any(now != shown for _, now, shown, _ in found):
            raise _altered(self._table, "it was rewritten")
        return [_File(name, now, terse) for name, now, _, terse in found]

    # -- by key ------------------------------------------------------------------------------

    def _by_key(self) -> Iterator[Read]:
        table, low = self._table, self.progress.resume_after
        cuts = borders(self._connection, table, table_size(self._connection, table), self._chunk_bytes)
        if low is not None:
            cuts = self._behind(cuts, low)
        indexes = [table.selected.index(name) for name, _ in table.order]

        def key(line: str) -> Border:
            values = line.split("\t")
            return tuple(unescape(values[index]).encode("latin-1").decode() for index in indexes)

        for high in (*cuts, None):
            yield Read(select_chunk(table, low, high), key)
            low = high

    def _behind(self, cuts: list[Border], low: Border) -> list[Border]:
        """Return the borders behind a key; the server compares, in the order of the key's type."""
        row = ", ".join("%s::" + kind.replace("%", "%%") for _, kind in self._table.order)
        kept = []
        for cut in cuts:
            answer = self._connection.execute(f"SELECT ROW({row}) > ROW({row})".encode(), (*cut, *low))
            if (found := answer.fetchone()) and found[0]:
                kept.append(cut)
        return kept

    # -- by place ----------------------------------------------------------------------------

    def _by_place(self) -> Iterator[Read]:
        started, place = self.progress.resume_after or (None, _FIRST_PLACE)
        for file in self._files:
            if started in (None, file.number):
                started = None
                statement = select_places(self._table, file.name, place, self._shown_by())
                yield Read(statement, _place_in(file.number))
                place = _FIRST_PLACE

    def _shown_by(self) -> str | None:
        """Return the position whose rows are left, when that is not ours.

        A row bears 32 bits of its transaction's id. Once the ids have wrapped around, a new row cannot
        be told from one of 2^32 transactions before: then what is new comes again from the stream.
        """
        if self._position == self._now or parse_visibility(self._now).xmax >> 32:
            return None
        return self._position


def _place_in(file: str) -> Callable[[str], Border]:
    return lambda line: (file, line.rsplit("\t", 1)[-1])


@contextmanager
def altered(table: SnapshotTable) -> Iterator[None]:
    """Let a table that was altered or dropped meanwhile be looked at again by the next try."""
    from psycopg.errors import UndefinedColumn, UndefinedTable

    try:
        yield
    except (UndefinedColumn, UndefinedTable) as error:
        raise _altered(table, str(error)) from error


def _altered(table: SnapshotTable, how: str) -> ResourceBusy:
    return ResourceBusy(
        f"Table {table.catalog.full_name} was altered before the snapshot came to it: {how}",
        hint="the snapshot goes on by itself",
    )
