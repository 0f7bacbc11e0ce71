"""What the segments of a snapshot contain, by GTID or by file and position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cdc.batch import ChangeBatch, ImageTemplate
from cdc.relational import containment
from cdc.relational.containment import Shows
from cdc.sources.mysql.catalog import qualified
from cdc.sources.mysql.event_rows import EventRows
from cdc.sources.mysql.gtid import GtidSet
from cdc.sources.mysql.key_order import behind, columns, literals, logged_key
from cdc.sources.mysql.positions import Position, file_order
from cdc.sources.mysql.versions import FILE, GTID
from schemas.table import Table
from snapshot.progress import Border, SnapshotProgress, TableProgress

if TYPE_CHECKING:
    from pymysql import Connection

_AT_ONCE = 200
"""Keys that are asked for in one statement."""
_GONE = frozenset((1049, 1054, 1146))
"""Unknown database, unknown column, no such table."""


class Containment(containment.Containment):
    """See `cdc.relational.containment`; asks over `connection`."""

    def __init__(
        self, connection: Connection[Any], progress: SnapshotProgress, gtid_set: type[GtidSet]
    ) -> None:
        super().__init__(progress)
        self._connection, self._gtid_set = connection, gtid_set
        self._templates: dict[Table, ImageTemplate] = {}

    def passed(self, position: Position) -> bool:
        """Whether nothing that is read from this position on is contained any more."""
        return all(self._is_behind(position, place) for place in self._progress.positions)

    def _is_behind(self, position: Position, place: str) -> bool:
        if _is_file(place):
            return (file_order(position.file), position.pos) >= _file(place)
        return position.gtids is not None and position.gtids.contains(
            self._gtid_set.parse(place)  # type: ignore[arg-type]
        )

    def shows(self, position: str) -> Shows:
        """Return the test of a place in the log: what is before it, is shown."""
        if _is_file(position):
            place = _file(position)
            return lambda batch, row: (
                (file_order(batch.transactions[row][FILE]), batch.positions[0][row]) < place
            )
        executed = self._gtid_set.parse(position)

        def shown(batch: ChangeBatch, row: int) -> bool:
            gtid = batch.transactions[row][GTID]
            return gtid is not None and executed.has(gtid)

        return shown

    def keys(self, batch: ChangeBatch, rows: Sequence[int]) -> Sequence[Border]:
        """Return the text of some rows' keys, as borders have it."""
        events = batch.rows.select(rows)
        assert isinstance(events, EventRows)
        return events.render(self._template(batch.table, events)).key

    def _template(self, table: Table, events: EventRows) -> ImageTemplate:
        known = self._templates.get(table)
        if known is None:
            readers = events.segments[0].readers
            assert readers is not None
            known = self._templates[table] = logged_key(table, readers.layout.key)
        return known

    # -- what the server knows ---------------------------------------------------------------

    def places(
        self, keys: Sequence[Border], borders: Sequence[Border], progress: TableProgress
    ) -> Iterator[int]:
        """Yield for each key the number of the first border that it does not lie behind."""
        order = progress.key
        ends = [literals(border, order) for border in borders]

        def place(key: Border) -> str:
            mine = literals(key, order)
            cases = (f"WHEN NOT ({behind(mine, end)}) THEN {number}" for number, end in enumerate(ends))
            return f"CASE {' '.join(cases)} ELSE {len(ends)} END"

        yield from self._answers([place(key) for key in keys])

    def present(self, table: Table, keys: Sequence[Border], progress: TableProgress) -> list[bool]:
        """Return for each key whether the table has it now; it has none when it is gone itself."""
        from pymysql.err import MySQLError

        if not progress.by_key:
            return [False] * len(keys)
        names = columns(progress.key)

        def there(key: Border) -> str:
            pairs = zip(names, literals(key, progress.key), strict=True)
            condition = " AND ".join(f"{name} = {value}" for name, value in pairs)
            return f"EXISTS (SELECT 1 FROM {qualified(table.id)} WHERE {condition})"

        try:
            return [bool(found) for found in self._answers([there(key) for key in keys])]
        except MySQLError as error:
            if error.args[0] not in _GONE:
                raise
            return [False] * len(keys)

    def _answers(self, expressions: Sequence[str]) -> Iterator[int]:
        with self._connection.cursor() as cursor:
            for start in range(0, len(expressions), _AT_ONCE):
                cursor.execute(f"SELECT {', '.join(expressions[start : start + _AT_ONCE])}")
                (found,) = cursor.fetchall()
                yield from map(int, found)


def _is_file(position: str) -> bool:
    # A log's file has a number behind a dot; no GTID has one.
    return "." in position


def _file(position: str) -> tuple[tuple[str, int], int]:
    file, _, pos = position.rpartition(":")
    return file_order(file), int(pos)
