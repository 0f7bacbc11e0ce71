"""QUERY events: `Query_event` with its status variables.

https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Query__event.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from cdc.sources.mysql.binlog.compressed import inflated
from cdc.sources.mysql.binlog.events import Query
from cdc.sources.mysql.binlog.failures import Malformed
from cdc.sources.mysql.binlog.gtid_events import Head
from cdc.sources.mysql.binlog.integers import little, piece
from cdc.sources.mysql.character_sets import python_codec

_post_header = struct.Struct("<IIBHH").unpack_from
_SQL_MODE, _CHARSET, _TIME_ZONE, _DATABASE_CHARSET = 1, 4, 5, 8


def _counted(data: bytes, at: int) -> int:
    return 1 + data[at]


def _counted_and_zero(data: bytes, at: int) -> int:
    return 2 + data[at]


def _invoker(data: bytes, at: int) -> int:
    size = 1 + data[at]
    return size + 1 + data[at + size]


def _databases(data: bytes, at: int) -> int:
    count, end = data[at], at + 1
    if count == 254:  # too many to be named
        return 1
    for _ in range(count):
        end = data.index(0, end) + 1
    return end - at


def _wide(size: int) -> Callable[[bytes, int], int]:
    return lambda data, at: size


_SIZES: dict[int, Callable[[bytes, int], int]] = {
    0: _wide(4),  # flags2
    _SQL_MODE: _wide(8),
    2: _counted_and_zero,  # catalog
    3: _wide(4),  # auto_increment
    _CHARSET: _wide(6),
    _TIME_ZONE: _counted,
    6: _counted,  # catalog without zero
    7: _wide(2),  # lc_time_names
    _DATABASE_CHARSET: _wide(2),
    9: _wide(8),  # table map for update
    10: _wide(4),  # master data written
    11: _invoker,
    12: _databases,
    13: _wide(3),  # microseconds
    16: _wide(1),  # explicit_defaults_for_timestamp
    17: _wide(8),  # xid of a DDL statement
    18: _wide(2),  # default_collation_for_utf8mb4
    19: _wide(1),  # sql_require_primary_key
    20: _wide(1),  # default_table_encryption
    128: _wide(3),  # MariaDB: microseconds
    129: _wide(8),  # MariaDB: xid of a DDL statement
    130: _wide(1),  # MariaDB: GTID flags
    131: lambda data, at: 1 + 4 * data[at],  # MariaDB: character_set_collations
}
"""How long each status variable is, given where its value starts."""


def read_query(head: Head, body: bytes, *, compressed: bool = False) -> Query:
    """Return a QUERY event; statements that are not valid in their character set keep every byte."""
    thread, _, name_size, error, status_size = _post_header(body)
    status = _status(piece(body, 13, status_size))
    at = 13 + status_size
    database = piece(body, at, name_size).decode()
    at += name_size + 1
    sql = inflated(body[at:]) if compressed else body[at:]
    collation = status.get("collation")
    return Query(*head, thread, database, _decoded(sql, collation), error, **status)


def _decoded(sql: bytes, collation: int | None) -> str:
    try:
        return sql.decode(python_codec(collation))
    except UnicodeDecodeError:
        return sql.decode("latin-1")


def _status(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    while at < len(data):
        code = data[at]
        at += 1
        size = _SIZES.get(code)
        if size is None:
            break  # the server's own replicas stop here too: the order is by age
        end = at + size(data, at)
        if end > len(data):
            raise Malformed("a status variable ends too late")
        if code == _SQL_MODE:
            found["sql_mode"] = little(data, at, 8)
        elif code == _CHARSET:
            found["collation"] = little(data, at, 2)
            found["server_collation"] = little(data, at + 4, 2)
        elif code == _TIME_ZONE:
            found["time_zone"] = data[at + 1 : end].decode()
        elif code == _DATABASE_CHARSET:
            found["database_collation"] = little(data, at, 2)
        at = end
    return found
