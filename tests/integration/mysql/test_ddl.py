"""What we make of DDL is what the server says of its tables: the corpus, random ALTERs, SHOW CREATE TABLE."""

import random
from collections.abc import Iterator

import pytest

from schemas.ddl import Schema, Session, UnknownTable, UnparseableDdl, parse
from schemas.definition import TableDefinition
from schemas.table import TableId
from tests.golden.mysql_ddl.corpus import DATABASE, Statement, scripts
from tests.golden.mysql_ddl.follow import Follower, dialect
from tests.golden.mysql_ddl.record import ServerSession
from tests.golden.mysql_ddl.server_view import our_view, same_default, server_view
from tests.servers.mysql import MySQLServer

PRODUCTS = ("mysql", "mariadb")
ASKED = {
    "CREATE TABLE from_": "a query's columns",
    "CREATE TABLE p_select": "a query's columns",
    "CREATE TABLE oracle_types": "sql_mode=ORACLE",
    "ALTER TABLE converted CONVERT TO CHARACTER SET binary": "types change",
    "ALTER TABLE keyed ADD COLUMN rs TIMESTAMP(6)": "system versioning changes keys",
}
"""Statements of which the server has to be asked, all of them."""

NOT_ALIKE = {"application_period": "a key WITHOUT OVERLAPS is none of rows, and its columns are not ours"}


@pytest.fixture(params=PRODUCTS)
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def session(server: MySQLServer) -> Iterator[ServerSession]:
    opened = ServerSession(server)
    yield opened
    opened.connection.close()


@pytest.mark.parametrize("script", scripts())
def test_corpus(server: MySQLServer, session: ServerSession, script: str) -> None:
    follower, taken = Follower(server.name), 0
    for statement in scripts()[script]:
        if "unrun" in statement.modes or session.take(statement) is not None:
            continue
        taken += 1
        for table_id in _follow(follower, statement, session):
            _compare(follower.schema, table_id, session, server.name, statement.sql)
    assert taken > len(scripts()[script]) / 3
    _same_tables(follower.schema, session)


def _follow(follower: Follower, statement: Statement, session: ServerSession) -> list[TableId]:
    """Apply a statement as a source does: ask the server where only that helps."""
    try:
        changes = follower.follow(statement)
    except UnparseableDdl as error:
        if error.table is None:
            raise
        changes = [UnknownTable(error.table, error.reason)]
    for change in changes:
        if isinstance(change, UnknownTable):
            assert statement.sql.startswith(tuple(ASKED)), (statement.sql, change)
            follower.schema.put(_shown(session, change.id, follower.product))
    return [change.id for change in changes]


def _shown(session: ServerSession, table_id: TableId, product: str) -> TableDefinition:
    name = table_id.table.replace("`", "``")
    ((_, text),) = session.run(f"SHOW CREATE TABLE `{table_id.catalog}`.`{name}`")
    schema = Schema()
    (statement,) = parse(text, table_id.catalog, dialect(product))
    schema.apply(statement, Session(table_id.catalog))
    (table,) = schema
    return table


def _compare(schema: Schema, table_id: TableId, session: ServerSession, product: str, sql: str) -> None:
    ours = schema.get(table_id)
    theirs = server_view(session.run, table_id.catalog, table_id.table)
    if ours is None or theirs is None:
        assert ours is None, sql
        assert theirs is None, sql
        return
    if table_id.table in NOT_ALIKE:
        return
    mariadb = product == "mariadb"
    assert our_view(ours, mariadb=mariadb) == theirs, sql
    assert ours.key in theirs.row_keys, sql
    assert our_view(_shown(session, table_id, product), mariadb=mariadb) == theirs, sql
    if not mariadb:
        _compare_defaults(ours, session, sql)


def _compare_defaults(ours: TableDefinition, session: ServerSession, sql: str) -> None:
    rows = session.run(
        "SELECT COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS"
        " WHERE EXTRA NOT LIKE '%DEFAULT_GENERATED%'"
        f" AND TABLE_SCHEMA = '{ours.id.catalog}' AND TABLE_NAME = '{ours.id.table}'"
    )
    defaults = dict(rows)
    for column in ours.columns:
        if column.name in defaults:
            assert same_default(column, defaults[column.name]), (sql, column, defaults[column.name])


def _same_tables(schema: Schema, session: ServerSession) -> None:
    rows = session.run(
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE <> 'VIEW'"
        f" AND TABLE_TYPE <> 'SEQUENCE' AND TABLE_SCHEMA IN ('{DATABASE}', 'other', 'oth-er', 'inherits')"
    )
    assert {(table.id.catalog, table.id.table) for table in schema} == set(rows)


_TYPES = (
    *("INT", "BIGINT UNSIGNED", "VARCHAR(20)", "CHAR(5) CHARACTER SET latin1", "DECIMAL(8,3)", "DATETIME(3)"),
    *(
        "TEXT COLLATE latin1_bin",
        "ENUM('a','b''c')",
        "VARBINARY(9)",
        "TINYINT(1)",
        "NCHAR(4)",
        "DOUBLE",
        "DATE",
    ),
)


class _Alters:
    """Random ALTERs of a table whose columns are mostly known to exist."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def statement(self) -> str:
        actions = [self._action() for _ in range(self._random.choice((1, 1, 2, 3)))]
        return f"ALTER TABLE r {', '.join(actions)}"

    def _action(self) -> str:
        pick, name = self._random.choice, self._name
        null = pick(("", " NOT NULL", " NULL", f" COMMENT 'c{self._random.random()}'"))
        position = pick(("", "", " FIRST", f" AFTER {name()}"))
        return pick(
            (
                f"ADD COLUMN {name()} {pick(_TYPES)}{null}{position}",
                f"ADD COLUMN ({name()} {pick(_TYPES)}{null}, {name()} {pick(_TYPES)})",
                f"DROP COLUMN {name()}",
                f"MODIFY {name()} {pick(_TYPES)}{null}{position}",
                f"MODIFY {name()} INT{null} AUTO_INCREMENT UNIQUE{position}",
                f"CHANGE {name()} {name()} {pick(_TYPES)}{null}{position}",
                f"RENAME COLUMN {name()} TO {name()}",
                f"ADD UNIQUE ({name()})",
                f"ADD UNIQUE INDEX {name()} ({name()}, {name()})",
                f"ADD INDEX ({name()})",
                f"DROP INDEX {name()}",
                f"RENAME INDEX {name()} TO {name()}",
                f"ADD PRIMARY KEY ({name()})",
                "DROP PRIMARY KEY",
                f"CONVERT TO CHARACTER SET {pick(('latin1', 'utf8mb4'))}",
                f"DEFAULT CHARACTER SET {pick(('latin1', 'utf8mb4'))}",
                f"COMMENT 't{self._random.random()}'",
            )
        )

    def _name(self) -> str:
        return self._random.choice(("a", "b", "c", "d", "E", "e_2", "f"))


@pytest.mark.parametrize("seed", range(6))
def test_random_alters(server: MySQLServer, session: ServerSession, seed: int) -> None:
    follower, alters = Follower(server.name), _Alters(seed)
    first = "CREATE TABLE r (a INT NOT NULL, b VARCHAR(9), c TEXT, d INT NOT NULL, UNIQUE (a), KEY (b))"
    session.run(first)
    follower.follow(Statement("random", 0, first, frozenset()))
    taken = asked = 0
    for _ in range(150):
        statement = Statement("random", 0, alters.statement(), frozenset())
        if session.take(statement) is None:
            taken += 1
            (change,) = follower.follow(statement)
            if isinstance(change, UnknownTable):
                asked += 1
                follower.schema.put(_shown(session, change.id, server.name))
            _compare(follower.schema, change.id, session, server.name, statement.sql)
    assert taken > 20
    assert asked <= 1  # MariaDB takes a CHANGE of a column that is not there now and then
