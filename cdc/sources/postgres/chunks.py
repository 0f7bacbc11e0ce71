"""The statements of a snapshot, and the lines that COPY answers.

Chunks are ascending ranges of a table's primary key. Their borders come from a sample of the table,
never from OFFSET; a small table is one chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdc.sources.postgres.captured import SnapshotTable
from cdc.sources.postgres.publication import quote
from snapshot.progress import Border

if TYPE_CHECKING:
    from psycopg import Connection

_SIZE = "SELECT coalesce(sum(pg_relation_size(relid)), 0)::bigint FROM pg_partition_tree(%s)"
_PLAIN_SIZE = "SELECT pg_relation_size(%s)"
_PAGE = 8192
_SAMPLES_PER_CHUNK = 30
_FEWEST_PAGES = 200


def qualified(table: SnapshotTable) -> str:
    """Return the table's quoted name."""
    return f"{quote(table.catalog.schema)}.{quote(table.catalog.name)}"


def table_size(connection: Connection, table: SnapshotTable) -> int:
    """Return the bytes of a table, its partitions included."""
    statement = _SIZE if table.catalog.kind == "p" else _PLAIN_SIZE
    row = connection.execute(statement.encode(), (table.catalog.oid,)).fetchone()
    return int(row[0]) if row else 0


def borders(connection: Connection, table: SnapshotTable, size: int, chunk_bytes: int) -> list[Border]:
    """Return the keys that divide the table into chunks of about `chunk_bytes`, ascending."""
    count = size // chunk_bytes
    if count < 1:
        return []
    pages = max(size // _PAGE, 1)
    percent = min(100.0, 100.0 * max(count * _SAMPLES_PER_CHUNK, _FEWEST_PAGES) / pages)
    # Qualified, for a plain name in ORDER BY would be the text that is selected under that name.
    keys = [f"t.{quote(name)}" for name, _ in table.order]
    statement = (
        f"SELECT {', '.join(f'{key}::text' for key in keys)} FROM {qualified(table)} t "
        f"TABLESAMPLE SYSTEM ({percent:.6f}) ORDER BY {', '.join(keys)}"
    )
    sample = connection.execute(statement.encode()).fetchall()
    picked = [sample[len(sample) * number // (count + 1)] for number in range(1, count + 1)] if sample else []
    return [tuple(border) for border in dict.fromkeys(picked)]


def select_chunk(table: SnapshotTable, low: Border | None, high: Border | None) -> str:
    """Return the SELECT of one chunk, ascending: keys above `low` up to `high`; None is open."""
    only = "" if table.catalog.kind == "p" else "ONLY "
    conditions = [_compare(table, ">", low), _compare(table, "<=", high)]
    where = " AND ".join(filter(None, conditions))
    order = ", ".join(quote(name) for name, _ in table.order)
    source = f"{only}{qualified(table)}" + (f" WHERE {where}" if where else "")
    return f"SELECT {_columns(table)} FROM {source} ORDER BY {order}"


def select_places(table: SnapshotTable, name: str, after: str, shown_by: str | None) -> str:
    """Return the SELECT of the rows behind a place, in their order.

    name: the table's, or a partition's, quoted. shown_by: the snapshot that must show them, too.
    """
    shown = f" AND pg_visible_in_snapshot(xmin::text::xid8, '{shown_by}')" if shown_by else ""
    return f"SELECT {_columns(table)} FROM ONLY {name} WHERE ctid > '{after}'::tid{shown}"


def select_override(table: SnapshotTable, override: str) -> str:
    """Return the SELECT of the columns from a statement of the config."""
    return f"SELECT {_columns(table)} FROM ({override.strip().rstrip(';')}) AS overridden"


def _columns(table: SnapshotTable) -> str:
    return ", ".join(map(quote, table.selected)) or "NULL"


def _compare(table: SnapshotTable, operator: str, border: Border | None) -> str:
    if border is None:
        return ""
    names = ", ".join(quote(name) for name, _ in table.order)
    values = ", ".join(
        f"{_literal(text)}::{kind}" for text, (_, kind) in zip(border, table.order, strict=True)
    )
    return f"ROW({names}) {operator} ROW({values})"


def _literal(text: str) -> str:
    escaped = text.replace("'", "''").replace("\\", "\\\\")
    return f" E'{escaped}'"
