"""Which tables the rows events of a log speak of, and how their rows are laid out."""

from __future__ import annotations

from dataclasses import dataclass, field

from cdc.sources.mysql.binlog.compressed import inflated
from cdc.sources.mysql.binlog.events import Chunk, Event, Ignored, Rows, Shape, TableMap
from cdc.sources.mysql.binlog.failures import Malformed
from cdc.sources.mysql.binlog.gtid_events import Head
from cdc.sources.mysql.binlog.integers import little, packed
from cdc.sources.mysql.binlog.kinds import ROWS, Kind
from cdc.sources.mysql.binlog.table_map import read_table_map

_NO_TABLE = 0xFFFFFF
_MOST_SHAPES = _MOST_TABLES = 10_000


@dataclass(slots=True)
class _Table:
    """A table map in use: `heads` has for each operation how long the start of its rows events is."""

    map: TableMap
    heads: dict[str, int]


_Layout = tuple[TableMap, str, bytes | None, bytes | None, bool]


@dataclass(slots=True)
class Tables:
    """Remember table maps, and find the shape of rows events by their first bytes.

    file: where they are, for errors. mariadb: who wrote them.
    """

    file: str
    mariadb: bool = False
    _tables: dict[bytes, _Table] = field(default_factory=dict)
    _shapes: dict[tuple[int, bytes], Shape] = field(default_factory=dict)
    _layouts: dict[_Layout, Shape] = field(default_factory=dict)

    def take_map(self, head: Head, kind: int, chunk: Chunk, at: int, end: int) -> None:
        """Take a table map; the same one again changes nothing."""
        body = chunk.data[at:end]
        known = self._tables.get(body[:6])
        if known is not None and known.map.body == body:
            return
        if known is not None:
            self._forget_shapes()
        table = read_table_map(body, self.file, head[2], mariadb=self.mariadb)
        bitmap = (table.width + 7) // 8
        fixed = 8 + (1 if table.width < 0xFB else 3)
        heads = {"c": fixed + bitmap, "u": fixed + 2 * bitmap, "d": fixed + bitmap}
        self._tables[body[:6]] = _Table(table, heads)

    def rows(self, head: Head, kind: int, chunk: Chunk, at: int, end: int) -> Event:
        """Return a rows event; `Ignored` for one that only ends a statement."""
        op, extra, compressed = ROWS[kind]
        data = chunk.data
        table = self._tables.get(data[at : at + 6])
        if table is None:
            if little(data, at, 6) == _NO_TABLE:
                return Ignored(*head, kind)
            raise Malformed(f"no table map tells what the table {little(data, at, 6)} is")
        start = at + table.heads[op]
        if extra:
            start += data[at + 8] | data[at + 9] << 8
        if start > end:
            raise Malformed("it ends too early")
        key = kind, data[at:start]
        shape = self._shapes.get(key) or self._shape(key, op, table.map)
        if compressed:
            chunk = Chunk(inflated(data[start:end]))
            start, end = 0, len(chunk.data)
        return Rows(*head, shape, chunk, start, end)

    def turn_page(self, file: str) -> None:
        """Pass to another file: no transaction spans two, so nothing old is needed."""
        self.file = file
        if len(self._tables) > _MOST_TABLES:
            self._tables.clear()
            self._forget_shapes()

    def _forget_shapes(self) -> None:
        self._shapes.clear()
        self._layouts.clear()

    def _shape(self, key: tuple[int, bytes], op: str, table: TableMap) -> Shape:
        kind, head = key
        size = (table.width + 7) // 8
        images = size * (2 if op == "u" else 1)
        width = 1 if table.width < 0xFB else 3
        if packed(head, len(head) - images - width)[0] != table.width:
            raise Malformed(f"it has another number of columns than its table map ({table.width})")
        first, last = head[-images:][:size], head[-size:]
        if len(self._shapes) >= _MOST_SHAPES:
            self._forget_shapes()
        before, after = (first if op in "ud" else None), (last if op in "cu" else None)
        # Flags and partition numbers come and go; what is laid out alike shares its shape.
        layout = table, op, before, after, kind == Kind.PARTIAL_UPDATE_ROWS
        shape = self._layouts.get(layout) or self._layouts.setdefault(layout, Shape(*layout))
        self._shapes[key] = shape
        return shape
