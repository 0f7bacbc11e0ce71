"""The tables that the load writes, and where they are."""

from __future__ import annotations

from tests.servers.postgres import Connectable

KEYED = ("item", "named", "account", "zz_journal")
"""Tables whose every row has a history. The journal comes last: it is the last one that is read."""

KEYS = {"item": "id", "named": "name", "account": "id", "zz_journal": "id"}
KEYLESS = "entry"
TABLES = (*KEYED, KEYLESS)

_SOURCE = """
CREATE TABLE item (id int PRIMARY KEY, version bigint NOT NULL, body text);
ALTER TABLE item ALTER body SET STORAGE EXTERNAL;
CREATE TABLE named (name text PRIMARY KEY, version bigint NOT NULL, body text);
CREATE TABLE account (id int PRIMARY KEY, version bigint NOT NULL, email text UNIQUE);
CREATE TABLE zz_journal (id bigint PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE entry (writer int NOT NULL, seq bigint NOT NULL);
"""
_TARGET = """
CREATE TABLE account (id int PRIMARY KEY, version bigint NOT NULL, email text UNIQUE);
"""


def create(source: Connectable, target: Connectable) -> None:
    """Make the source's tables, and in the target the one that has an index of its own."""
    source.execute(_SOURCE)
    target.execute(_TARGET)


def forget_unique(target: Connectable) -> None:
    """Drop that index: a log that gives changes again may give one that it does not allow any more."""
    target.execute("ALTER TABLE account DROP CONSTRAINT account_email_key")


def contents(database: Connectable, table: str) -> list[tuple[object, ...]]:
    """Return every row and value of a table, sorted; nothing when there is no such table yet."""
    if not database.execute("SELECT to_regclass(%s) IS NOT NULL", [table])[0][0]:
        return []
    columns = {"account": "id, version, email", "zz_journal": "id, version", "entry": "writer, seq"}
    named = columns.get(table, f"{KEYS.get(table)}, version, body")
    rows = database.execute(f"SELECT {named} FROM {table}")
    return sorted(rows, key=repr)


def digest(database: Connectable) -> list[tuple[object, ...]]:
    """Return a row a table that differs when its content does; cheap enough to ask often."""
    found = []
    for table in TABLES:
        exists = database.execute("SELECT to_regclass(%s) IS NOT NULL", [table])[0][0]
        rows = f"(SELECT DISTINCT * FROM {table})" if table == KEYLESS else table
        query = f"SELECT count(*), sum(hashtext(t::text)::bigint) FROM {rows} AS t"
        found.append(database.execute(query)[0] if exists else (0, None))
    return found
