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
from cdc.sources.mysql.binlog.compressed import LARGEST_EVENT, payload_pieces
from cdc.sources.mysql.binlog.events import (
    BeginQuery,
    Chunk,
    Event,
    FormatDescription,
    Heartbeat,
    Ignored,
    Incident,
    Rotate,
    RowsQuery,
    StatementContext,
    XaPrepare,
    Xid,
)
from cdc.sources.mysql.binlog.failures import (
    FAULTS,
    EndOfDump,
    Malformed,
    RefusedByServer,
    UnreadableEvent,
    why,
)
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
from cdc.sources.mysql.binlog.tables import Tables

_HEADER = 19
_POST_HEADERS = 57
"""Where a FORMAT_DESCRIPTION lists the lengths of the post-headers of all types of events."""
_LARGEST_PACKET = 0xFFFFFF
_EOF = 0xFE
_CRC32 = 1
_HEADS = 5 + _HEADER
"""Octets of a packet's head, of the mark that an event is in it, and of the event's header."""
_header = struct.Struct("<IBIIIH").unpack_from
_heads = struct.Struct("<IBIBIII").unpack_from
_int64 = struct.Struct("<Q").unpack_from
_crc32 = zlib.crc32
_RESIDUE = 0x2144DF1C
"""The CRC-32 of whatever has its own CRC-32 behind it."""
_int32 = struct.Struct("<I").unpack_from


_Taker = Callable[[Head, int, Chunk, int, int], Event | None]
"""Makes an event of the members of `Event`, the kind, and where its body is; None for a table map."""


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
    _end: int = 0
    _kind: int = 0
    _pos: int = 0
    _parts: list[bytes] = field(default_factory=list)
    _have: int = 0
    _wanted: int = 0
    _tables: Tables = field(init=False)
    _takers: dict[int, _Taker] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tables = Tables(self.file)
        self._takers = {
            **dict.fromkeys(ROWS, self._tables.rows),
            Kind.TABLE_MAP: self._tables.take_map,
            Kind.ANNOTATE_ROWS: self._annotation,
            Kind.QUERY: _query,
            Kind.XID: _xid,
            Kind.GTID: _gtid,
            Kind.ANONYMOUS_GTID: _gtid,
            Kind.MARIADB_GTID: lambda head, kind, chunk, at, end: read_mariadb_gtid(head, chunk.data[at:end]),
        }

    def decode(self, data: bytes) -> Iterator[Event]:
        """Yield the events of some more bytes; what is cut off waits for the next ones.

        Table maps are not among them: rows events refer to them. The iterator must be used up before
        the next call. Raises `UnreadableEvent`, and `RefusedByServer` or `EndOfDump` where the server
        ends the stream. The loop runs once an event and is most of what a stream itself costs: what it
        needs is local.
        """
        self._parts.append(data)
        self._have += len(data)
        if self._have < self._wanted:
            return iter(())
        data = b"".join(self._parts) if len(self._parts) > 1 else data
        self._parts, self._have, self._wanted = [], 0, 0
        return self._events(data)

    def _events(self, data: bytes) -> Iterator[Event]:
        chunk, size, at = Chunk(data), len(data), 0
        takers, checksum, verify = self._takers, self._checksum, self.verify
        try:
            while (left := size - at) >= 4:
                take = None
                if left >= _HEADS:
                    word, mark, timestamp, kind, server_id, length, log_pos = _heads(data, at)
                    if not mark and _HEADER < word & _LARGEST_PACKET == length + 1 < _LARGEST_PACKET:
                        take = takers.get(kind)
                if take is None:
                    end = self._packets_end(data, at)
                    if end > size:
                        break
                    yield from self._special(data, at, end)
                    checksum = self._checksum
                else:
                    end = at + 5 + length
                    if end > size:
                        break
                    self._kind = kind
                    if log_pos > self._end:
                        self._end = log_pos
                    else:
                        self._end = log_pos = self._next_position(log_pos, length)
                    self._pos = pos = log_pos - length
                    stop = end - checksum
                    if checksum and verify and _crc32(data[at + 5 : end]) != _RESIDUE:
                        raise Malformed("its checksum is wrong")
                    head = timestamp, server_id, pos, log_pos, self._serial
                    self._serial += 1
                    event = take(head, kind, chunk, at + _HEADS, stop)
                    if event is not None:
                        yield event
                at = end
        except FAULTS as error:
            raise self._unreadable(error) from error
        self._keep(data[at:])

    def _keep(self, rest: bytes) -> None:
        self._parts, self._have = [rest] if rest else [], len(rest)
        if len(rest) >= 14:
            # Nothing can be told before the whole event is there; it may be large.
            self._wanted = 4 + min(little(rest, 0, 3), little(rest, 14, 4) + 1 if len(rest) >= 18 else 0)

    # -- packets that are no event of their own -----------------------------------------------

    def _packets_end(self, data: bytes, at: int) -> int:
        """Return where the packets of one event end (of 16 MB and more there are several).

        That is behind `data` when some are missing.
        """
        while at + 4 <= len(data):
            size = little(data, at, 3)
            at += 4 + size
            if size < _LARGEST_PACKET:
                return at
        return len(data) + 1

    def _next_position(self, log_pos: int, length: int) -> int:
        """Return where an event ends, by its header and by what came before.

        Headers have 32 bits, so in larger files they start anew; and within transactions MariaDB 11.4
        leaves them 0. (There the statements behind rows count only if they are sent.)
        """
        if not log_pos:
            return self._end + length
        log_pos += self._wraps
        if log_pos < self._end:
            self._wraps += 1 << 32
            log_pos += 1 << 32
        return log_pos

    def _special(self, data: bytes, at: int, end: int) -> Iterator[Event]:
        """Yield what is in packets of 16 MB and more, end markers, and events that are rare."""
        parts = []
        while at < end:
            size = little(data, at, 3)
            parts.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        whole = parts[0] if len(parts) == 1 else b"".join(parts)
        if whole[0]:
            raise _ended(whole)
        self._kind = kind = whole[5]
        timestamp, _, server_id, length, log_pos, flags = _header(whole, 1)
        if length != len(whole) - 1:
            raise Malformed(f"its header claims {length} bytes, there are {len(whole) - 1}")
        stop = self._checked(whole, kind)
        if kind not in _MADE_UP and kind != Kind.FORMAT_DESCRIPTION and not flags & ARTIFICIAL_FLAG:
            log_pos = self._next_position(log_pos, length)
        self._end = max(self._end, log_pos)
        self._pos = pos = max(log_pos - length, 0)
        if kind == Kind.TRANSACTION_PAYLOAD:
            yield from self._payload(whole[20:stop], pos, log_pos)
            return
        head = timestamp, server_id, pos, log_pos, self._serial
        self._serial += 1
        event = self._any(head, kind, flags, Chunk(whole), 20, stop)
        if event is not None:
            yield event

    # -- one event ---------------------------------------------------------------------------

    def _any(self, head: Head, kind: int, flags: int, chunk: Chunk, at: int, end: int) -> Event | None:
        """Return an event; None for a table map."""
        take = self._takers.get(kind)
        if take is not None:
            return take(head, kind, chunk, at, end)
        body = chunk.data[at:end]
        read = _READERS.get(kind)
        return self._about_the_log(head, kind, flags, body) if read is None else read(head, body)

    def _annotation(self, head: Head, kind: int, chunk: Chunk, at: int, end: int) -> RowsQuery:
        # MariaDB sends them to who asks; positions must not depend on that.
        self._serial -= 1
        return RowsQuery(*head, chunk.data[at:end].decode(errors="replace"))

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

    def _checked(self, packet: bytes, kind: int) -> int:
        """Return where the event ends without its checksum. What the server makes up may have none."""
        cut = len(packet) - 4
        valid = cut >= 20 and _crc32(packet[1:cut]) == _int32(packet, cut)[0]
        if kind in _MADE_UP:
            return cut if valid else len(packet)
        if kind == Kind.FORMAT_DESCRIPTION or not self._checksum:
            return len(packet)
        if not valid and (self.verify or cut < 20):
            raise Malformed("its checksum is wrong")
        return cut

    def _unreadable(self, error: Exception) -> CdcError:
        return UnreadableEvent(self.file, self._pos, name_of(self._kind), why(error))

    # -- the log itself ----------------------------------------------------------------------

    def _rotate(self, head: Head, flags: int, body: bytes) -> Rotate:
        position, self.file = little(body, 0, 8), body[8:].decode()
        self._wraps, self._end = 0, position
        self._tables.turn_page(self.file)
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
        # The version may be a pretended one; MariaDB's own types of events are numbered from 160 on.
        self._tables.mariadb = len(body) > _POST_HEADERS + Kind.MARIADB_GTID
        return FormatDescription(*head, server, created, self._checksum)

    # -- compressed transactions -------------------------------------------------------------

    def _payload(self, body: bytes, pos: int, log_pos: int) -> Iterator[Event]:
        """Yield the events of a transaction payload; they have no checksums, and its position."""
        rest = b""
        for more in payload_pieces(body):
            rest = yield from self._inner(rest + more, pos, log_pos)
        if rest:
            raise Malformed("its last event is cut off")

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
            event = self._any(head, kind, flags, chunk, at + _HEADER, at + length)
            if event is not None:
                yield event
            at += length
        return data[at:]


def _ended(packet: bytes) -> Exception:
    """Return what an EOF or error packet stands for."""
    if packet[0] == _EOF:
        return EndOfDump()
    text = packet[9:] if packet[3:4] == b"#" else packet[3:]
    return RefusedByServer(little(packet, 1, 2), text.decode(errors="replace"))


def _xid(head: Head, kind: int, chunk: Chunk, at: int, end: int) -> Xid:
    return Xid(*head, _int64(chunk.data, at)[0])


def _query(head: Head, kind: int, chunk: Chunk, at: int, end: int) -> Event:
    data = chunk.data
    if data[end - 6 : end] == b"\0BEGIN":
        return BeginQuery(*head, _int32(data, at)[0])
    return read_query(head, data[at:end])


def _gtid(head: Head, kind: int, chunk: Chunk, at: int, end: int) -> Event:
    return read_gtid(head, chunk.data[at:end])


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
    Kind.EXECUTE_LOAD_QUERY: lambda head, body: read_query(head, body[:13] + body[26:]),
    Kind.QUERY_COMPRESSED: lambda head, body: read_query(head, body, compressed=True),
    Kind.XA_PREPARE: lambda head, body: XaPrepare(*head, *read_xa_prepare(body)),
    Kind.GTID_TAGGED: read_tagged_gtid,
    Kind.PREVIOUS_GTIDS: read_previous_gtids,
    Kind.GTID_LIST: read_gtid_list,
    Kind.ROWS_QUERY: lambda head, body: RowsQuery(*head, body[1:].decode(errors="replace")),
    Kind.HEARTBEAT: _heartbeat,
    Kind.HEARTBEAT_V2: _heartbeat_v2,
    Kind.INCIDENT: _incident,
}
_MADE_UP = frozenset((Kind.ROTATE, Kind.HEARTBEAT, Kind.HEARTBEAT_V2))
