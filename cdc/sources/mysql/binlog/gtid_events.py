"""Events that name transactions: MySQL's GTIDs (plain and tagged), MariaDB's, sets of former files."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

from cdc.sources.mysql.binlog.events import GtidEvent, GtidSetEvent
from cdc.sources.mysql.binlog.failures import Malformed
from cdc.sources.mysql.binlog.integers import little, piece
from cdc.sources.mysql.binlog.xids import xid_text

Head = tuple[int, int, int, int, int]
"""The members of `Event`."""

_STANDALONE, _GROUP_COMMIT, _PREPARED_XA = 1, 2, 64
_LONG = 1 << 55
"""The bit of the immediate commit time that says that the original one follows."""

_gtid = struct.Struct("<B16sq").unpack_from
_mariadb_gtid = struct.Struct("<QIB").unpack_from
_list_entry = struct.Struct("<IIQ").unpack_from


def read_gtid(head: Head, body: bytes) -> GtidEvent:
    """Return a GTID or ANONYMOUS_GTID event."""
    _, source, number = _gtid(body)
    immediate = original = 0
    if len(body) >= 49:
        original = immediate = int.from_bytes(body[42:49], "little")
        if immediate & _LONG:
            original, immediate = little(body, 49, 7), immediate & _LONG - 1
    gtid = f"{_uuid(source)}:{number}" if number else None
    return GtidEvent(*head, gtid, False, gtid is not None, original, immediate)


@lru_cache(maxsize=1024)
def _uuid(octets: bytes) -> str:
    return str(UUID(bytes=octets))


def read_tagged_gtid(head: Head, body: bytes) -> GtidEvent:
    """Return a GTID_TAGGED event: a message of MySQL's serialization library.

    https://dev.mysql.com/doc/dev/mysql-server/latest/PageLibsMysqlSerialization.html
    """
    fields = _serialized(body)
    source, number, tag = fields[1], fields[2], fields.get(3, "")
    immediate = fields.get(6, 0)
    gtid = f"{_uuid(source)}:{f'{tag}:' if tag else ''}{number}"
    return GtidEvent(*head, gtid, False, True, fields.get(7, immediate), immediate)


def _serialized(body: bytes) -> dict[int, Any]:
    """Return the fields by number; those of later servers are not looked at."""
    _, at = _unsigned(body, 0)  # version of the format
    size, at = _unsigned(body, at)
    _, at = _unsigned(body, at)  # the last field that must be understood
    fields: dict[int, Any] = {}
    while at < min(size, len(body)):
        number, at = _unsigned(body, at)
        read = _FIELDS.get(number)
        if read is None:
            break
        fields[number], at = read(body, at)
    if 1 not in fields or 2 not in fields:
        raise Malformed("it has no GTID")
    return fields


def _unsigned(body: bytes, at: int) -> tuple[int, int]:
    # As many bytes follow as the first one has low bits set.
    width = ((body[at] + 1) & ~body[at]).bit_length()
    return little(body, at, width) >> (width if width < 9 else 8), at + width


def _signed(body: bytes, at: int) -> tuple[int, int]:
    value, at = _unsigned(body, at)
    return (value >> 1) ^ -(value & 1), at


def _sixteen_bytes(body: bytes, at: int) -> tuple[bytes, int]:
    found = bytearray()
    for _ in range(16):
        value, at = _unsigned(body, at)
        found.append(value & 0xFF)
    return bytes(found), at


def _text(body: bytes, at: int) -> tuple[str, int]:
    size, at = _unsigned(body, at)
    return piece(body, at, size).decode(), at + size


_FIELDS: dict[int, Callable[[bytes, int], tuple[Any, int]]] = {
    0: _unsigned,
    1: _sixteen_bytes,
    2: _signed,
    3: _text,
    4: _signed,
    5: _signed,
    6: _unsigned,
    7: _unsigned,
}
"""Flags, UUID, number, tag, last committed, sequence number, immediate and original commit time (us)."""


def read_mariadb_gtid(head: Head, body: bytes) -> GtidEvent:
    """Return MariaDB's GTID event. https://mariadb.com/kb/en/gtid_event/.

    Its FL_TRANSACTIONAL says that a replica could roll back, not that the log never does: a temporary
    table made within is enough for a ROLLBACK to be written.
    """
    sequence, domain, flags = _mariadb_gtid(body)
    gtid = f"{domain}-{head[1]}-{sequence}"
    standalone = bool(flags & _STANDALONE)
    xid = _mariadb_xid(body, 21 if flags & _GROUP_COMMIT else 13) if flags & _PREPARED_XA else None
    return GtidEvent(*head, gtid, not standalone, atomic=standalone, prepares=xid)


def _mariadb_xid(body: bytes, at: int) -> str:
    form, size, branch = little(body, at, 4), little(body, at + 4, 1), little(body, at + 5, 1)
    data = piece(body, at + 6, size + branch)
    return xid_text(form, data[:size], data[size:])


def read_previous_gtids(head: Head, body: bytes) -> GtidSetEvent:
    """Return PREVIOUS_GTIDS: MySQL's `Gtid_set` as it is encoded."""
    count = little(body, 0, 8)
    tagged = count >> 56 == 1
    count = count >> 8 & (1 << 48) - 1 if tagged else count & (1 << 56) - 1
    at, found = 8, []
    for _ in range(count):
        name = _uuid(piece(body, at, 16))
        at += 16
        if tagged:
            tag, at = _text(body, at)
            name += f":{tag}" if tag else ""
        intervals = little(body, at, 8)
        at += 8
        for _ in range(intervals):
            first, last = little(body, at, 8), little(body, at + 8, 8) - 1
            at += 16
            name += f":{first}" if first == last else f":{first}-{last}"
        found.append(name)
    return GtidSetEvent(*head, ",".join(found))


def read_gtid_list(head: Head, body: bytes) -> GtidSetEvent:
    """Return MariaDB's GTID_LIST; there may be several servers in a domain, the newest is the last."""
    count = little(body, 0, 4) & (1 << 28) - 1
    if 4 + 16 * count > len(body):
        raise Malformed("it ends too early")
    newest = {}
    for n in range(count):
        domain, server, sequence = _list_entry(body, 4 + 16 * n)
        newest[domain] = f"{domain}-{server}-{sequence}"
    return GtidSetEvent(*head, ",".join(newest[domain] for domain in sorted(newest)))


def read_xa_prepare(body: bytes) -> tuple[str, bool]:
    """Return the XID of an XA_PREPARE event as XA COMMIT names it, and whether it commits at once."""
    one_phase, form, size, branch = bool(body[0]), little(body, 1, 4), little(body, 5, 4), little(body, 9, 4)
    data = piece(body, 13, size + branch)
    return xid_text(form, data[:size], data[size:]), one_phase
