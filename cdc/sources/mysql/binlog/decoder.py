"""From the packets of a dump to events; pure.

Every packet of the stream is a byte 0 and an event: a header of 19 bytes, the body, and mostly a CRC-32.
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication_binlog_event.html
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from cdc.errors import CdcError
from cdc.sources.mysql.binlog.compressed import LARGEST_EVENT, inflated, payload_pieces
from cdc.sources.mysql.binlog.events import (
    Chunk,
    Event,
    FormatDescription,
    Heartbeat,
    Ignored,
    Incident,
    Rotate,
    Rows,
    RowsQuery,
    Shape,
    StatementContext,
    TableMap,
    TableMapped,
    XaPrepare,
    Xid,
)
from cdc.sources.mysql.binlog.failures import EndOfDump, Malformed, RefusedByServer, UnreadableEvent
from cdc.sources.mysql.binlog.gtid_events import (
    Head,
    read_gtid,
    read_gtid_list,
    read_mariadb_gtid,
    read_previous_gtids,
    read_tagged_gtid,
    read_xa_prepare,
)
from cdc.sources.mysql.binlog.integers import little, packed, piece
from cdc.sources.mysql.binlog.kinds import (
    ARTIFICIAL_FLAG,
    IGNORABLE_FLAG,
    MEANINGLESS,
    ROWS,
    STATEMENTS,
    Kind,
    name_of,
)
from cdc.sources.mysql.binlog.query import read_query
from cdc.sources.mysql.binlog.table_map import read_table_map

_HEADER = 19
_LARGEST_PACKET = 0xFFFFFF
_NO_TABLE = 0xFFFFFF
_EOF = 0xFE
_CRC32 = 1
_MOST_SHAPES = _MOST_TABLES = 10_000
_header = struct.Struct("<IBIIIH").unpack_from
_int32 = struct.Struct("<I").unpack_from
_FAULTS = (Malformed, IndexError, ValueError, KeyError, OverflowError, struct.error, zlib.error)


@dataclass(slots=True)
class _Table:
    """A table map in use: `heads` has for each operation how long the start of its rows events is."""

    map: TableMap
    heads: dict[str, int]


_Layout = tuple[TableMap, str, bytes | None, bytes | None, bool]


@dataclass(slots=True)
class EventDecoder:
    """Turn packets into events, and keep track of the file, its tables and its checksums.

    file: the one that is read, as far as is known; follows ROTATE events. verify: compare checksums.
    """

    file: str = ""
    verify: bool = True
    _checksum: int = 0
    _serial: int = 0
    _wraps: int = 0
    _low: int = 0
    _parts: list[bytes] = field(default_factory=list)
    _have: int = 0
    _wanted: int = 0
    _tables: dict[bytes, _Table] = field(default_factory=dict)
    _shapes: dict[bytes, Shape] = field(default_factory=dict)
    _layouts: dict[_Layout, Shape] = field(default_factory=dict)

    def decode(self, data: bytes) -> Iterator[Event]:
        """Yield the events of some more bytes; what is cut off waits for the next ones.

        The iterator must be used up before the next call. Raises `UnreadableEvent`, and `RefusedByServer`
        or `EndOfDump` where the server ends the stream.
        """
        self._parts.append(data)
        self._have += len(data)
        if self._have < self._wanted:
            return
        data = b"".join(self._parts) if len(self._parts) > 1 else data
        self._parts, self._have, self._wanted = [], 0, 0
        chunk, size, at, read = Chunk(data), len(data), 0, self._event
        while size - at >= 4:
            end = at + 4 + (data[at] | data[at + 1] << 8 | data[at + 2] << 16)
            if end > size:
                break
            if data[at + 4]:
                raise _ended(data[at + 4 : end])
            if end - at == _LARGEST_PACKET + 4:
                end = self._long_end(data, at)
                if end > size:
                    break
                yield from self._long(data, at, end)
            else:
                if data[at + 9] == Kind.TRANSACTION_PAYLOAD:
                    yield from self._payload(data, at + 5, end)
                else:
                    yield read(chunk, at + 5, end)
            at = end
        self._keep(data[at:])

    def _keep(self, rest: bytes) -> None:
        self._parts, self._have = [rest] if rest else [], len(rest)
        if len(rest) >= 14:
            # Nothing can be told before the whole event is there; it may be large.
            self._wanted = 4 + min(little(rest, 0, 3), little(rest, 14, 4) + 1 if len(rest) >= 18 else 0)

    # -- packets of 16 MB and more -----------------------------------------------------------

    def _long_end(self, data: bytes, at: int) -> int:
        """Return where the packets of one event end; behind `data` when some are missing."""
        while True:
            if at + 4 > len(data):
                return len(data) + 1
            size = little(data, at, 3)
            at += 4 + size
            if size < _LARGEST_PACKET:
                return at

    def _long(self, data: bytes, at: int, end: int) -> Iterator[Event]:
        parts = []
        while at < end:
            size = little(data, at, 3)
            parts.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        whole = b"".join(parts)
        if whole[5] == Kind.TRANSACTION_PAYLOAD:
            yield from self._payload(whole, 1, len(whole))
        else:
            yield self._event(Chunk(whole), 1, len(whole))

    # -- one event ---------------------------------------------------------------------------

    def _event(self, chunk: Chunk, at: int, end: int) -> Event:
        data = chunk.data
        kind, pos = 0, 0
        try:
            timestamp, kind, server_id, length, log_pos, flags = _header(data, at)
            if length != end - at:
                raise Malformed(f"its header claims {length} bytes, there are {end - at}")
            end = self._body_end(data, at, end, kind)
            if log_pos < self._low and not flags & ARTIFICIAL_FLAG and log_pos:
                self._wraps += 1 << 32
            if log_pos:
                self._low = log_pos
                log_pos += self._wraps
            pos = max(log_pos - length, 0)
            head = timestamp, server_id, pos, log_pos, self._serial
            self._serial += 1
            return self._typed(head, kind, flags, chunk, at + _HEADER, end)
        except _FAULTS as error:
            raise self._unreadable(kind, pos, error) from error

    def _typed(self, head: Head, kind: int, flags: int, chunk: Chunk, at: int, end: int) -> Event:
        rows = ROWS.get(kind)
        if rows is not None:
            return self._rows(head, kind, rows, chunk, at, end)
        if kind == Kind.TABLE_MAP:
            return self._table_map(head, chunk.data[at:end])
        if kind == Kind.ANNOTATE_ROWS:
            # MariaDB sends them to who asks; positions must not depend on that.
            self._serial -= 1
        read = _READERS.get(kind)
        if read is not None:
            return read(head, chunk.data[at:end])
        return self._about_the_log(head, kind, flags, chunk.data[at:end])

    def _about_the_log(self, head: Head, kind: int, flags: int, body: bytes) -> Event:
        if kind == Kind.ROTATE:
            return self._rotate(head, flags, body)
        if kind == Kind.FORMAT_DESCRIPTION:
            return self._format_description(head, body)
        if kind in STATEMENTS:
            return StatementContext(*head, name_of(kind))
        if kind in MEANINGLESS or flags & IGNORABLE_FLAG:
            return Ignored(*head, kind)
        raise Malformed("this version does not know such events")

    def _body_end(self, data: bytes, at: int, end: int, kind: int) -> int:
        """Check and cut off the checksum. What the server makes up itself may be without one."""
        if kind in _MAYBE_CHECKED:
            return end - 4 if end - at > 23 and _valid(data, at, end) else end
        if kind == Kind.FORMAT_DESCRIPTION or not self._checksum:
            return end
        if end - at < _HEADER + 4 or (self.verify and not _valid(data, at, end)):
            raise Malformed("its checksum is wrong")
        return end - 4

    def _unreadable(self, kind: int, pos: int, error: Exception) -> CdcError:
        why = str(error) if isinstance(error, Malformed) else f"it is malformed ({error!r})"
        return UnreadableEvent(self.file, pos, name_of(kind), why)

    # -- rows --------------------------------------------------------------------------------

    def _table_map(self, head: Head, body: bytes) -> TableMapped:
        known = self._tables.get(body[:6])
        if known is None or known.map.body != body:
            if known is not None:
                self._shapes.clear()
                self._layouts.clear()
            table = read_table_map(body)
            bitmap = (table.width + 7) // 8
            fixed = 8 + (1 if table.width < 0xFB else 3)
            heads = {"c": fixed + bitmap, "u": fixed + 2 * bitmap, "d": fixed + bitmap}
            known = self._tables[body[:6]] = _Table(table, heads)
        return TableMapped(*head, known.map)

    def _rows(
        self, head: Head, kind: int, what: tuple[str, bool, bool], chunk: Chunk, at: int, end: int
    ) -> Event:
        op, extra, compressed = what
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
        key = data[at - 15 : at - 14] + data[at:start]
        shape = self._shapes.get(key) or self._shape(key, op, kind, table.map)
        if compressed:
            chunk = Chunk(inflated(data[start:end]))
            start, end = 0, len(chunk.data)
        return Rows(*head, shape, chunk, start, end)

    def _shape(self, key: bytes, op: str, kind: int, table: TableMap) -> Shape:
        size = (table.width + 7) // 8
        images = size * (2 if op == "u" else 1)
        width = 1 if table.width < 0xFB else 3
        if packed(key, len(key) - images - width)[0] != table.width:
            raise Malformed(f"it has another number of columns than its table map ({table.width})")
        first, last = key[-images:][:size], key[-size:]
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
            self._layouts.clear()
        before, after = (first if op in "ud" else None), (last if op in "cu" else None)
        # Flags and partition numbers come and go; what is laid out alike shares its shape.
        layout = table, op, before, after, kind == Kind.PARTIAL_UPDATE_ROWS
        shape = self._layouts.get(layout) or self._layouts.setdefault(layout, Shape(*layout))
        self._shapes[key] = shape
        return shape

    # -- the log itself ----------------------------------------------------------------------

    def _rotate(self, head: Head, flags: int, body: bytes) -> Rotate:
        position, self.file = little(body, 0, 8), body[8:].decode()
        self._wraps = self._low = 0
        if len(self._tables) > _MOST_TABLES:
            self._tables.clear()  # no transaction spans two files
        artificial = bool(flags & ARTIFICIAL_FLAG) or not head[0]
        return Rotate(*head, self.file, position, artificial)

    def _format_description(self, head: Head, body: bytes) -> FormatDescription:
        version, created, header = little(body, 0, 2), little(body, 52, 4), body[56]
        if version != 4 or header != _HEADER:
            raise Malformed(f"binary log version {version} with headers of {header} bytes is not known")
        algorithm = body[-5]
        if algorithm not in (0, _CRC32):
            raise Malformed(f"checksum algorithm {algorithm} is not known")
        self._checksum = 4 if algorithm == _CRC32 else 0
        server = body[2:52].rstrip(b"\0").decode("latin-1")
        return FormatDescription(*head, server, created, self._checksum)

    # -- compressed transactions -------------------------------------------------------------

    def _payload(self, data: bytes, at: int, end: int) -> Iterator[Event]:
        """Yield the events of a transaction payload; they have no checksums, and its position."""
        pos = 0
        try:
            _, _, _, length, log_pos, _ = _header(data, at)
            if length != end - at:
                raise Malformed(f"its header claims {length} bytes, there are {end - at}")
            self._low = log_pos
            log_pos += self._wraps
            pos = log_pos - length
            body = piece(data, at + _HEADER, self._body_end(data, at, end, 0) - at - _HEADER)
            rest = b""
            for more in payload_pieces(body):
                rest = yield from self._inner(rest + more, pos, log_pos)
            if rest:
                raise Malformed("its last event is cut off")
        except _FAULTS as error:
            raise self._unreadable(Kind.TRANSACTION_PAYLOAD, pos, error) from error

    def _inner(self, data: bytes, pos: int, log_pos: int) -> Generator[Event, None, bytes]:
        chunk, size, at = Chunk(data), len(data), 0
        while size - at >= _HEADER:
            timestamp, kind, server_id, length, _, flags = _header(data, at)
            if not _HEADER <= length <= LARGEST_EVENT:
                raise Malformed(f"an event in it claims {length} bytes")
            if at + length > size:
                break
            head = timestamp, server_id, pos, log_pos, self._serial
            self._serial += 1
            yield self._typed(head, kind, flags, chunk, at + _HEADER, at + length)
            at += length
        return data[at:]


def _ended(packet: bytes) -> Exception:
    """Return what an EOF or error packet stands for."""
    if packet[0] == _EOF:
        return EndOfDump()
    text = packet[9:] if packet[3:4] == b"#" else packet[3:]
    return RefusedByServer(little(packet, 1, 2), text.decode(errors="replace"))


def _valid(data: bytes, at: int, end: int) -> bool:
    found: int = _int32(data, end - 4)[0]
    return zlib.crc32(data[at : end - 4]) == found


def _heartbeat(head: Head, body: bytes) -> Heartbeat:
    return Heartbeat(*head, body.decode())


def _heartbeat_v2(head: Head, body: bytes) -> Heartbeat:
    """Read the fields (type, length, value): 1 is the file, 2 the position, 0 the end."""
    at, file, position = 0, "", head[3]
    while at < len(body) and body[at]:
        code = body[at]
        size, at = packed(body, at + 1)
        value = piece(body, at, size)
        if code == 1:
            file = value.decode()
        elif code == 2:
            position = packed(value, 0)[0]
        at += size
    return Heartbeat(head[0], head[1], position, position, head[4], file)


def _incident(head: Head, body: bytes) -> Incident:
    return Incident(*head, body[3 : 3 + body[2]].decode(errors="replace"))


_READERS: dict[int, Callable[[Head, bytes], Event]] = {
    Kind.QUERY: read_query,
    Kind.EXECUTE_LOAD_QUERY: lambda head, body: read_query(head, body[:13] + body[26:]),
    Kind.QUERY_COMPRESSED: lambda head, body: read_query(head, body, compressed=True),
    Kind.XID: lambda head, body: Xid(*head, little(body, 0, 8)),
    Kind.XA_PREPARE: lambda head, body: XaPrepare(*head, *read_xa_prepare(body)),
    Kind.GTID: read_gtid,
    Kind.ANONYMOUS_GTID: read_gtid,
    Kind.GTID_TAGGED: read_tagged_gtid,
    Kind.MARIADB_GTID: read_mariadb_gtid,
    Kind.PREVIOUS_GTIDS: read_previous_gtids,
    Kind.GTID_LIST: read_gtid_list,
    Kind.ROWS_QUERY: lambda head, body: RowsQuery(*head, body[1:].decode(errors="replace")),
    Kind.ANNOTATE_ROWS: lambda head, body: RowsQuery(*head, body.decode(errors="replace")),
    Kind.HEARTBEAT: _heartbeat,
    Kind.HEARTBEAT_V2: _heartbeat_v2,
    Kind.INCIDENT: _incident,
}
_MAYBE_CHECKED = frozenset((Kind.ROTATE, Kind.HEARTBEAT, Kind.HEARTBEAT_V2))
