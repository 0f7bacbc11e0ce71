"""Compare the shop with its copy: key by key, value by value."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

if TYPE_CHECKING:
    import psycopg

SHOWN = 5

Row = Mapping[str, Any]


@dataclass(slots=True)
class Comparison:
    """One table: rows on both sides, and the first differences in words."""

    table: str
    source_rows: int = 0
    target_rows: int = 0
    differences: list[str] = field(default_factory=list)
    different: int = 0

    @property
    def equal(self) -> bool:
        """Tell whether both sides hold the same rows."""
        return self.different == 0

    def note(self, difference: str) -> None:
        """Count a difference; the first few are kept."""
        self.different += 1
        if len(self.differences) < SHOWN:
            self.differences.append(difference)


def compare(
    source: psycopg.Connection[tuple[Any, ...]], target: Path, tables: Iterable[str]
) -> list[Comparison]:
    """Return the comparison of each table; a missing target table holds no rows."""
    with closing(open_copy(target)) as copy:
        return [compare_table(source, copy, table) for table in tables]


def open_copy(target: Path) -> sqlite3.Connection:
    """Open the target to read; as long as nothing has made it, it is empty."""
    if not target.exists():
        return sqlite3.connect(":memory:")
    return sqlite3.connect(f"file:{quote(str(target))}?mode=ro", uri=True, timeout=10)


def count_rows(target: Path, tables: Iterable[str]) -> int:
    """Return how many rows the target's tables hold together."""
    total = 0
    with closing(open_copy(target)) as copy:
        for table in tables:
            try:
                total += copy.execute(f"select count(*) from {table}").fetchone()[0]
            except sqlite3.OperationalError:  # nothing has arrived yet, or it is being written
                continue
    return total


def compare_table(
    source: psycopg.Connection[tuple[Any, ...]], copy: sqlite3.Connection, table: str
) -> Comparison:
    """Compare one table by its primary key."""
    key = [name for (name,) in source.execute(_KEY, [table]).fetchall()]
    ours, types = source_rows(source, table)
    theirs = target_rows(copy, table, types)
    result = Comparison(table, len(ours), len(theirs))
    here, there = _by_key(ours, key), _by_key(theirs, key)
    if len(there) != len(theirs):
        result.note(f"{len(theirs) - len(there)} rows are there more than once")
    for identity in here.keys() | there.keys():
        difference = _difference(here.get(identity), there.get(identity))
        if difference:
            result.note(f"{table} {', '.join(map(str, identity))}: {difference}")
    return result


_KEY = """
select a.attname from pg_index i, unnest(i.indkey) with ordinality k (number, place), pg_attribute a
where i.indrelid = %s::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.number
order by k.place
"""


def source_rows(
    source: psycopg.Connection[tuple[Any, ...]], table: str
) -> tuple[list[Row], Mapping[str, int]]:
    """Return a source table's rows as Python values, and the type oid of each column."""
    cursor = source.execute(f"select * from {table}".encode())
    types = {column.name: column.type_code for column in cursor.description or ()}
    return [dict(zip(types, row, strict=True)) for row in cursor.fetchall()], types


def target_rows(copy: sqlite3.Connection, table: str, types: Mapping[str, int]) -> list[Row]:
    """Return a target table's rows, each value read as the type of its source column."""
    try:
        cursor = copy.execute(f"select * from {table}")
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # nothing has arrived yet
            return []
        raise
    names = [column[0] for column in cursor.description]
    readers = [_READERS.get(types.get(name, 0), _as_it_is) for name in names]
    return [
        {
            name: None if value is None else reader(value)
            for name, reader, value in zip(names, readers, row, strict=True)
        }
        for row in cursor
    ]


def _by_key(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    return {tuple(row.get(name) for name in key): row for row in rows}


def _difference(here: Row | None, there: Row | None) -> str:
    """Say how a row differs; empty when it does not."""
    if here is None or there is None:
        return "is missing in the target" if there is None else "is no longer in the source"
    names = [
        name for name in here.keys() | there.keys() if here.get(name, _ABSENT) != there.get(name, _ABSENT)
    ]
    return "; ".join(
        f"{name} is {here.get(name, _ABSENT)!r:.60} here and {there.get(name, _ABSENT)!r:.60} there"
        for name in sorted(names)
    )


class _Absent:
    def __repr__(self) -> str:
        return "no column"


_ABSENT = _Absent()


def _as_it_is(value: Any) -> Any:
    return value


def _timestamp(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=None)


def _instant(value: str) -> datetime:
    read = datetime.fromisoformat(value)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


# SQLite has few types; what it holds as text is read back here. By PostgreSQL's type oid.
_READERS: Mapping[int, Callable[[Any], Any]] = {
    16: bool,
    17: bytes,
    1082: date.fromisoformat,
    1083: time.fromisoformat,
    1114: _timestamp,
    1184: _instant,
    1700: lambda value: Decimal(str(value)),
    2950: UUID,
    3802: json.loads,
}
