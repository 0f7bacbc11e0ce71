"""How values are stored in row events, by MYSQL_TYPE_* and metadata.

https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Table__map__event.html;
MariaDB's temporal types without `mysql56_temporal_format` have no metadata: there the definition says
how many digits their fraction has.
"""

from __future__ import annotations

from cdc.sources.mysql.binlog.events import ColumnMap
from cdc.sources.mysql.types.forms import Wire

TINY, SHORT, LONG, FLOAT, DOUBLE, TIMESTAMP, LONGLONG, INT24 = 1, 2, 3, 4, 5, 7, 8, 9
DATE, TIME, DATETIME, YEAR, NEWDATE, VARCHAR, BIT = 10, 11, 12, 13, 14, 15, 16
TIMESTAMP2, DATETIME2, TIME2 = 17, 18, 19
BLOB_COMPRESSED, VARCHAR_COMPRESSED, VECTOR = 140, 141, 242
JSON, NEWDECIMAL, ENUM, SET, BLOB, VAR_STRING, STRING, GEOMETRY = 245, 246, 247, 248, 252, 253, 254, 255

COMPRESSED = frozenset((BLOB_COMPRESSED, VARCHAR_COMPRESSED))
_CODES = {
    TINY: "b", SHORT: "h", LONG: "i", LONGLONG: "q", FLOAT: "f", DOUBLE: "d", YEAR: "B", INT24: "3s",
    DATE: "3s", NEWDATE: "3s", TIME: "3s", DATETIME: "Q", TIMESTAMP: "I",
}  # fmt: skip
_INTEGERS = frozenset((TINY, SHORT, LONG, LONGLONG))
_FRACTION = (0, 1, 1, 2, 2, 3, 3)
"""Octets of a fraction by its digits."""
_HIRES_TIME = (3, 4, 4, 5, 5, 5, 6)
_HIRES_DATETIME = (5, 6, 6, 7, 7, 7, 8)
_DIGITS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
"""Octets of up to nine decimal digits."""
_BEFORE_FRACTION = {TIMESTAMP2: 4, DATETIME2: 5, TIME2: 3}


def decimal_size(precision: int, scale: int) -> int:
    """Return the octets of a DECIMAL."""
    whole = precision - scale
    return whole // 9 * 4 + _DIGITS[whole % 9] + scale // 9 * 4 + _DIGITS[scale % 9]


def wire_of(column: ColumnMap, *, unsigned: bool, digits: int = 0) -> Wire:
    """Return how a column is stored; unsigned, digits (of a fraction): from its definition."""
    code, metadata = column.type, column.metadata
    if code in _INTEGERS and unsigned:
        return Wire(_CODES[code].upper())
    if digits and code in (TIME, DATETIME, TIMESTAMP):
        size = {TIME: _HIRES_TIME[digits], DATETIME: _HIRES_DATETIME[digits]}.get(code, 4 + _FRACTION[digits])
        return Wire(f"{size}s")
    if code in _CODES:
        return Wire(_CODES[code])
    if code in _BEFORE_FRACTION:
        return Wire(f"{_BEFORE_FRACTION[code] + _FRACTION[metadata]}s")
    if code == NEWDECIMAL:
        return Wire(f"{decimal_size(metadata >> 8, metadata & 0xFF)}s")
    if code == BIT:
        return Wire(f"{(metadata + 7) // 8}s")
    if code == ENUM:
        return Wire("B" if metadata == 1 else "H")
    if code == SET:
        return Wire(f"{metadata}s")
    if code in (VARCHAR, VAR_STRING, STRING, VARCHAR_COMPRESSED):
        return Wire(prefix=1 if metadata < 256 else 2)
    return Wire(prefix=metadata)
