"""The definitions of all tables at one point of the log, and the statements that stand for them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cdc.errors import ResourceBusy
from cdc.sources.mysql.catalog import Catalog, qualified, quote
from cdc.sources.mysql.server import Server
from schemas.ddl import Schema
from schemas.definition import ChangeKind, SchemaChange, TableChange, TableDefinition, readable
from schemas.table import TableId

log = logging.getLogger(__name__)

Point = TypeVar("Point")

_TRIES = 10


@dataclass(frozen=True, slots=True)
class ServerSchema:
    """What the server says of its tables: SHOW CREATE TABLE of each, and its databases' charsets."""

    statements: Mapping[TableId, str]
    databases: Mapping[str, tuple[str, str]]

    def charsets(self) -> dict[str, str]:
        """Return each database's default character set."""
        return {name: charset for name, (charset, _) in self.databases.items()}


def read_schema(
    catalog: Catalog, wanted: Callable[[TableId], bool], captured: Callable[[TableId], bool]
) -> ServerSchema:
    """Ask the server for the tables that are wanted; one that it cannot open only stops who captures it."""
    found = {}
    for table in catalog.tables():
        sql = _create_statement(catalog, table.id, captured) if wanted(table.id) else None
        if sql is not None:
            found[table.id] = sql
    return ServerSchema(found, catalog.database_charsets())


def _create_statement(catalog: Catalog, table: TableId, captured: Callable[[TableId], bool]) -> str | None:
    from pymysql.err import MySQLError

    try:
        return catalog.create_statement(table)
    except MySQLError as error:
        code, *text = error.args
        if captured(table):
            said = f"SHOW CREATE TABLE {qualified(table)}: {' '.join(map(str, text))}"
            raise type(error)(code, said) from error
        if not catalog.connected:
            raise
        log.warning("The definition of table %s, which is not captured, cannot be read: %s", table, error)
        return None


def schema_at(
    point: Callable[[], Point],
    catalog: Catalog,
    wanted: Callable[[TableId], bool],
    captured: Callable[[TableId], bool],
) -> tuple[Point, ServerSchema]:
    """Take a point of the log such that the definitions are the same before and after it.

    captured: the tables among those `wanted` that there must be a definition of. The catalog's connection
    may not be in the view that `point` opens. Raises ResourceBusy where somebody alters tables all the time.
    """
    before = _fingerprints(catalog, wanted)
    schema = read_schema(catalog, wanted, captured)
    for _ in range(_TRIES):
        found = point()
        after = _fingerprints(catalog, wanted)
        if before == after:
            return found, schema
        log.info("A table was altered meanwhile; taking another point of the log")
        before, schema = after, read_schema(catalog, wanted, captured)
    raise ResourceBusy("Tables are altered all the time; their definitions cannot be read at one point")


def _fingerprints(catalog: Catalog, wanted: Callable[[TableId], bool]) -> object:
    tables = catalog.fingerprints()
    return catalog.database_charsets(), {key: tables[key] for key in tables if wanted(key[1])}


Told = tuple[SchemaChange, list[TableId] | None]
"""A change, and the tables that `source.table` names (see `Applied.named`)."""


def snapshot_changes(
    server: Server,
    found: ServerSchema,
    read: Callable[[TableId, str], TableDefinition | None],
    schema: Schema,
) -> Iterator[Told]:
    """Yield Debezium's statements for the tables, in its order; put the definitions into `schema`.

    read: gives the definition of a SHOW CREATE TABLE, None where it is not understood.
    """
    charset, collation = server["character_set_server"], server["collation_server"]
    yield SchemaChange("", f"SET character_set_server={charset}, collation_server={collation}"), None
    for table in found.statements:
        gone = TableChange(ChangeKind.DROP, table)
        ddl = f"DROP TABLE IF EXISTS {qualified(table)}"
        yield SchemaChange(table.catalog, ddl, (gone,)), [table]
    for database, tables in _by_database(found.statements):
        yield from ((SchemaChange(database, ddl), None) for ddl in _database(database, found))
        for table in tables:
            made = read(table, found.statements[table])
            if made is not None:
                made = schema.put(made)
                ddl = readable(found.statements[table])
                yield SchemaChange(database, ddl, (TableChange(ChangeKind.CREATE, made.id, made),)), [made.id]


def _by_database(tables: Iterable[TableId]) -> Iterator[tuple[str, list[TableId]]]:
    found: dict[str, list[TableId]] = {}
    for table in tables:
        found.setdefault(table.catalog, []).append(table)
    yield from found.items()


def _database(database: str, found: ServerSchema) -> Iterator[str]:
    charset, collation = found.databases.get(database, ("", ""))
    yield f"DROP DATABASE IF EXISTS {quote(database)}"
    suffix = f" CHARSET {charset} COLLATE {collation}" if charset else ""
    yield f"CREATE DATABASE {quote(database)}{suffix}"
    yield f"USE {quote(database)}"
