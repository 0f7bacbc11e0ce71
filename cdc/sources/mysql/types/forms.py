"""One type, two wire forms: what a SELECT says in text, and what the binary log says in octets.

`v` in the expressions of codecs, by the MYSQL_TYPE_* of the table map:

- text protocol: the latin-1 view of the text, which the session has converted to utf8mb4
  (`SESSION_SETTINGS`); raw octets for binary types, BIT, geometries and vectors;
- binary log: int for TINY, SHORT, LONG, LONGLONG, YEAR, TIMESTAMP, DATETIME and ENUM, unsigned where the
  column is; float for FLOAT and DOUBLE; bytes for everything else of fixed width; the latin-1 view of the
  octets for what has its length before it (`Wire.prefix`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cdc.relational.column_type import ColumnType
from cdc.sources.mysql.binlog.events import ColumnMap
from schemas.table import Codec

SESSION_SETTINGS: Mapping[str, str] = {
    "time_zone": "'+00:00'",
    "character_set_results": "utf8mb4",
    "sql_mode": "''",
}
"""What a session that reads rows must have set: the text codecs read these forms only."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How the binary log stores a value: by a struct code, or behind a little-endian length."""

    code: str = ""
    prefix: int = 0

    @property
    def width(self) -> int:
        """The octets of a value by its code; 0 where a length stands before it."""
        return struct.calcsize(f"<{self.code}")


@dataclass(frozen=True, slots=True)
class Forms:
    """A column's type in both wire forms; they differ in `codec` and `text` alone.

    text: of the text protocol. binlog: of the binary log, by what the table map says of the column.
    """

    text: ColumnType
    binlog: Callable[[ColumnMap], ColumnType]


def forms(found: ColumnType, codec: Codec, text: str = "v") -> Forms:
    """Return a type whose codec in the binary log is always the same; `text` as in `ColumnType`."""
    stored = replace(found, codec=codec, text=text)
    return Forms(found, lambda _: stored)


def forms_by(found: ColumnType, codec: Callable[[ColumnMap], Codec]) -> Forms:
    """Return a type whose codec in the binary log depends on how the column is stored."""
    return Forms(found, lambda mapped: replace(found, codec=codec(mapped)))
