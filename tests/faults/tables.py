"""The tables that the load writes, and what is in them."""

from __future__ import annotations

from tests.faults.databases import Database

KEYED = ("item", "named", "account", "zz_journal")
"""Tables whose every row has a history. The journal comes last: it is the last one that is read."""

KEYS = {"item": "id", "named": "name", "account": "id", "zz_journal": "id"}
KEYLESS = "entry"
TABLES = (*KEYED, KEYLESS)

_COLUMNS = {
    "item": ("id", "version", "body"),
    "named": ("name", "version", "body"),
    "account": ("id", "version", "email"),
    "zz_journal": ("id", "version"),
    "entry": ("writer", "seq"),
}


def create(source: Database, target: Database) -> None:
    """Make the source's tables, and in the target the one that has an index of its own."""
    for statement in source.source_tables:
        source.execute(statement)
    for statement in target.target_tables:
        target.execute(statement)


def contents(database: Database, table: str) -> list[tuple[object, ...]]:
    """Return every row and value of a table, sorted; nothing when there is no such table yet."""
    if not database.exists(table):
        return []
    rows = database.execute(f"SELECT {', '.join(_COLUMNS[table])} FROM {table}")
    return sorted(rows, key=repr)


def digest(database: Database) -> list[tuple[object, ...]]:
    """Return a row a table that differs when its content does; cheap enough to ask often."""
    found = []
    for table, columns in _COLUMNS.items():
        rows = f"(SELECT DISTINCT {', '.join(columns)} FROM {table})" if table == KEYLESS else table
        query = f"SELECT count(*), sum({database.fingerprint(columns)}) FROM {rows} AS t"
        found.append(database.execute(query)[0] if database.exists(table) else (0, None))
    return found
