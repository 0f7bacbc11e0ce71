"""Rows of a real table in both of their wire forms, read by the product's own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pymysql.connections import Connection
from pymysql.constants import COMMAND

from cdc.batch import Cell, ImageTemplate, Part, column_part
from cdc.relational.column_type import ColumnType
from cdc.sources.mysql.binlog.events import Rows, TableMap
from cdc.sources.mysql.binlog.failures import EndOfDump
from cdc.sources.mysql.config import MariaDbConnection, MySqlConnection
from cdc.sources.mysql.event_rows import EventRows, locate
from cdc.sources.mysql.row_layout import RowLayout
from cdc.sources.mysql.stream import BinlogStream, Start
from cdc.sources.mysql.table_maps import logged_columns, stored_columns
from cdc.sources.mysql.text_rows import RowPackets, TextLayout, TextRows
from cdc.sources.mysql.types import SESSION_SETTINGS, Modes, resolve, schema_default, select_expression
from schemas.ddl import Dialect, parse
from schemas.ddl.statements import ColumnSpec, CreateTable
from schemas.definition import ColumnDefinition, TableDefinition
from schemas.table import Column, Table, TableId
from tests.servers.mysql import PASSWORD, USER, MySQLServer


def definition(server: MySQLServer, database: str, table: str) -> TableDefinition:
    """Return a table as SHOW CREATE TABLE says it."""
    # Defaults of binary columns are octets.
    with server.connect(database, use_unicode=False) as connection, connection.cursor() as cursor:
        cursor.execute(f"show create table `{table}`")
        sql = cursor.fetchall()[0][1].decode("utf-8", "surrogateescape")
    (statement,) = parse(sql, database, Dialect(mariadb=server.name == "mariadb"))
    assert isinstance(statement, CreateTable)
    key = _key(statement)
    charset = statement.options.charset
    columns = tuple(_defined(column, charset, column.name in key) for column in statement.columns)
    return TableDefinition(TableId(database, "", table), columns, tuple(key), charset)


def _key(statement: CreateTable) -> tuple[str, ...]:
    """Return the primary key, or the first unique key without a nullable column."""
    required = {column.name for column in statement.columns if column.optional is False}
    for index in sorted(statement.indexes, key=lambda index: not index.primary):
        if index.columns and (index.primary or (index.unique and required.issuperset(index.columns))):
            return index.columns
    return ()


def _defined(spec: ColumnSpec, charset: str | None, in_key: bool) -> ColumnDefinition:
    return ColumnDefinition(
        name=spec.name,
        type_name=spec.type_name,
        jdbc_type=spec.jdbc_type,
        length=spec.length,
        scale=spec.scale,
        charset=spec.charset or (charset if spec.takes_charset else None),
        optional=spec.optional is not False and not in_key,
        generated=spec.generated,
        virtual=spec.virtual,
        comment=spec.comment,
        has_default=spec.has_default,
        default=spec.default,
        enum_values=spec.enum_values,
    )


def columns(
    found: Mapping[str, tuple[ColumnDefinition, ColumnType, ColumnType]], modes: Modes
) -> Iterator[Column]:
    """Make plain columns: no masks, no names adjusted."""
    for name, (column, text, stored) in found.items():
        default = schema_default(column, text, modes)
        schema = replace(stored.schema, optional=column.optional, default=default)
        yield Column(name, schema, stored.codec, column.type_name, stored.fallback, stored.unavailable)


def text_table(defined: TableDefinition, modes: Modes) -> Table:
    """Return the table as a snapshot reads it."""
    found = {}
    for column in defined.columns:
        forms = resolve(column, modes)
        assert forms is not None, column
        found[column.name] = (column, forms.text, forms.text)
    return _table(defined, found, modes)


def logged_table(defined: TableDefinition, mapped: TableMap, modes: Modes) -> Table:
    """Return the table as row events have it."""
    found = {}
    for one, column in zip(mapped.columns, logged_columns(mapped, defined), strict=True):
        assert column is not None
        forms = resolve(column, modes)
        assert forms is not None, column
        found[column.name] = (column, forms.text, forms.binlog(one))
    return _table(defined, found, modes)


def _table(defined: TableDefinition, found: dict[str, Any], modes: Modes) -> Table:
    made = tuple(columns(found, modes))
    by_name = {column.name: column for column in made}
    return Table(defined.id, made, tuple(by_name[name] for name in defined.key))


def selected(
    server: MySQLServer,
    defined: TableDefinition,
    modes: Modes,
    *,
    order: str = "1",
    table: Table | None = None,
) -> TextRows:
    """Return the rows of a table from a SELECT."""
    table = table or text_table(defined, modes)
    wanted = ", ".join(select_expression(column) for column in defined.columns)
    query = f"SELECT {wanted} FROM `{defined.id.table}` ORDER BY {order}"
    with server.connect(defined.id.catalog, charset="utf8mb4") as connection:
        with connection.cursor() as cursor:
            for name, value in SESSION_SETTINGS.items():
                cursor.execute(f"SET SESSION {name} = {value}")
        chunks = list(raw_rows(connection, query))
    layout = TextLayout(table, [column.name for column in table.columns])
    return TextRows(layout, [row for chunk in chunks for row in chunk])


def raw_rows(connection: Connection[Any], query: str, size: int = 1 << 18) -> Iterator[Any]:
    """Yield the chunks of a query's rows."""
    connection._execute_command(COMMAND.COM_QUERY, query)  # type: ignore[attr-defined]
    count = connection._read_packet().read_length_encoded_integer()  # type: ignore[no-untyped-call]
    for _ in range(count + 1):
        connection._read_packet()  # type: ignore[no-untyped-call]
    packets = RowPackets()
    while not packets.finished:
        yield packets.feed(connection._rfile.read1(size))  # type: ignore[attr-defined]
    assert packets.error is None, packets.error


@dataclass
class Log:
    """The binary log of a server from where it is now."""

    server: MySQLServer

    def __post_init__(self) -> None:
        self.mark()

    def mark(self) -> None:
        """Start again from here."""
        row = self.server.execute("show master status")[0]
        self.file, self.pos = str(row[0]), int(row[1])

    def rows(self, database: str) -> list[Rows]:
        """Return the row events of a database since the mark."""
        kind = MariaDbConnection if self.server.name == "mariadb" else MySqlConnection
        config = kind(
            {
                "database.hostname": self.server.host,
                "database.port": str(self.server.port),
                "database.user": USER,
                "database.password": PASSWORD,
                "database.server.id": "4711",
            }
        )
        stream = BinlogStream(config, Start(self.file, self.pos), to_the_end=True)
        found: list[Rows] = []
        try:
            while True:
                try:
                    for event in stream.events(timeout=1.0):
                        if isinstance(event, Rows):
                            found.append(event)  # noqa: PERF401 - the stream ends by raising
                except EndOfDump:
                    return [event for event in found if event.shape.table.database == database]
        finally:
            stream.close()


def event_rows(
    events: Sequence[Rows], defined: TableDefinition, modes: Modes, table: Table | None = None
) -> EventRows:
    """Return the rows of events of one table that was not altered in between."""
    mapped = events[0].shape.table
    table = table or logged_table(defined, mapped, modes)
    fields = {column.name: column.name for column in defined.columns}
    layout = RowLayout(table, stored_columns(mapped, defined, fields))
    return EventRows([locate(layout, event) for event in events])


def value_template(table: Table) -> ImageTemplate:
    """Return the template of Connect values."""
    scope: dict[str, Any] = {}
    row, key = column_part(table.columns, scope, "r"), column_part(table.key, scope, "k")
    return ImageTemplate(table, row, key, scope)


def json_template(table: Table) -> ImageTemplate:
    """Return the template of JSON texts, a tuple a row."""
    scope: dict[str, Any] = {}
    cells = []
    for column in table.columns:
        scope.update(column.codec.scope)
        assert column.codec.json is not None
        cells.append(Cell(column.codec.json, "'null'", "'unavailable'", "'fallback'"))
    part = Part(tuple(cells), lambda names: f"({''.join(f'{name},' for name in names)})")
    return ImageTemplate(table, part, None, scope)
