"""Catalogs under DDL: temporary tables, names, databases, and what is not known."""

from schemas.ddl import Dialect, Schema, Session, UnknownTable, parse
from schemas.definition import ChangeKind, TableChange, TableDefinition
from schemas.table import TableId


def ran(
    schema: Schema, sql: str, session: Session | None = None, **dialect: bool
) -> list[TableChange | UnknownTable]:
    return [
        change
        for statement in parse(sql, "d", Dialect(**dialect))
        for change in schema.apply(statement, session or Session("d"))
    ]


def table(schema: Schema, name: str, database: str = "d") -> TableDefinition:
    found = schema.get(TableId(database, "", name))
    assert found is not None
    return found


def names(found: TableDefinition) -> list[str]:
    return [column.name for column in found.columns]


def test_swap() -> None:
    schema = Schema()
    ran(schema, "CREATE TABLE a (x INT); CREATE TABLE b (y INT); RENAME TABLE a TO t, b TO a, t TO b")
    assert names(table(schema, "a")) == ["y"]
    assert names(table(schema, "b")) == ["x"]
    assert len(schema) == 2


def test_a_temporary_table_hides_the_real_one_of_its_own_session_only() -> None:
    schema, mine, other = Schema(), Session("d", thread=1), Session("d", thread=2)
    ran(schema, "CREATE TABLE t (a INT)")
    assert ran(schema, "CREATE TEMPORARY TABLE t (z INT); ALTER TABLE t ADD y INT", mine) == []
    assert names(table(schema, "t")) == ["a"]
    ran(schema, "ALTER TABLE t ADD b INT", other)
    assert names(table(schema, "t")) == ["a", "b"]
    assert ran(schema, "DROP TABLE t", mine) == []
    ran(schema, "ALTER TABLE t ADD c INT", mine)
    assert names(table(schema, "t")) == ["a", "b", "c"]


def test_case_of_names() -> None:
    sensitive, small, kept = (Schema(lower_case_table_names=case) for case in (0, 1, 2))
    for schema in (sensitive, small, kept):
        ran(schema, "CREATE TABLE Tab (Col INT)")
    assert sensitive.get(TableId("d", "", "tab")) is None
    assert table(small, "TAB").id == TableId("d", "", "tab")
    assert table(kept, "TAB").id == TableId("d", "", "Tab")


def test_what_is_not_known_is_said() -> None:
    schema = Schema()
    (change,) = ran(schema, "ALTER TABLE t ADD a INT")
    assert isinstance(change, UnknownTable)
    (change,) = ran(schema, "RENAME TABLE t TO u")
    assert isinstance(change, UnknownTable)
    assert (change.id.table, change.previous_id and change.previous_id.table) == ("u", "t")
    assert ran(schema, "ALTER TABLE IF EXISTS t ADD a INT", mariadb=True) == []


def test_an_alter_that_does_not_fit_makes_the_table_unknown() -> None:
    schema = Schema()
    ran(schema, "CREATE TABLE t (a INT)")
    (change,) = ran(schema, "ALTER TABLE t DROP COLUMN b")
    assert isinstance(change, UnknownTable)
    assert len(schema) == 0


def test_a_key_of_unknown_origin_is_kept_as_long_as_nothing_touches_it() -> None:
    schema = Schema()
    ran(schema, "CREATE TABLE t (a INT PRIMARY KEY, b INT)")
    known = table(schema, "t")
    recovered = TableDefinition(known.id, known.columns, known.key, known.charset)
    schema.put(recovered)
    ran(schema, "ALTER TABLE t ADD c INT, ADD INDEX (b)")
    assert table(schema, "t").key == ("a",)
    (change,) = ran(schema, "ALTER TABLE t DROP PRIMARY KEY")
    assert isinstance(change, UnknownTable)


def test_a_renamed_key_column_of_unknown_origin() -> None:
    schema = Schema()
    ran(schema, "CREATE TABLE t (a INT PRIMARY KEY, b INT)")
    known = table(schema, "t")
    schema.put(TableDefinition(known.id, known.columns, known.key, known.charset))
    (change,) = ran(schema, "ALTER TABLE t RENAME COLUMN a TO z")
    assert isinstance(change, UnknownTable)


def test_charsets_come_from_where_they_are_said() -> None:
    schema = Schema(server_charset="latin1")
    ran(
        schema, "CREATE DATABASE e CHARACTER SET gbk; CREATE TABLE e.t (a CHAR(1), b CHAR(1) CHARSET utf8mb4)"
    )
    assert [column.charset for column in table(schema, "t", "e").columns] == ["gbk", "utf8mb4"]
    ran(schema, "CREATE DATABASE f; CREATE TABLE f.t (a TEXT)")
    assert table(schema, "t", "f").charset == "latin1"
    ran(schema, "CREATE DATABASE g", Session("d", server_charset="utf8mb4"))
    ran(schema, "CREATE TABLE g.t (a TEXT)")
    assert table(schema, "t", "g").charset == "utf8mb4"


def test_a_database_takes_its_tables_along() -> None:
    schema = Schema()
    ran(schema, "CREATE TABLE e.t (a INT); CREATE TABLE t (a INT)")
    assert ran(schema, "DROP DATABASE e") == []
    assert [found.id.catalog for found in schema] == ["d"]


def test_changes_are_debeziums() -> None:
    schema = Schema()
    (made,) = ran(schema, "CREATE TABLE t (a INT NOT NULL)")
    (keyed,) = ran(schema, "CREATE UNIQUE INDEX i ON t (a)")
    (moved,) = ran(schema, "ALTER TABLE t RENAME u")
    (gone,) = ran(schema, "DROP TABLE IF EXISTS u")
    kinds = [change.kind for change in (made, keyed, moved, gone) if isinstance(change, TableChange)]
    assert kinds == [ChangeKind.CREATE, ChangeKind.ALTER, ChangeKind.ALTER, ChangeKind.DROP]
    assert isinstance(keyed, TableChange)
    assert keyed.table is not None
    assert keyed.table.key == ("a",)
    assert isinstance(moved, TableChange)
    assert moved.previous_id == TableId("d", "", "t")
    assert ran(schema, "CREATE TABLE v (a INT); CREATE INDEX i ON v (a)")[1:] == []


def test_indexes_that_change_names_with_each_other() -> None:
    schema = Schema()
    ran(schema, "CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, UNIQUE one (a), UNIQUE two (b))")
    ran(schema, "ALTER TABLE t RENAME INDEX one TO two, RENAME INDEX two TO one")
    assert [(index.name, index.columns) for index in table(schema, "t").indexes] == [
        ("two", ("a",)),
        ("one", ("b",)),
    ]
    ran(schema, "ALTER TABLE t RENAME INDEX one TO kept, DROP INDEX two")
    assert table(schema, "t").key == ("b",)


def test_what_counts_itself_is_never_null() -> None:
    schema = Schema()
    ran(schema, "CREATE TABLE t (a INT NULL AUTO_INCREMENT UNIQUE, b INT)")
    assert table(schema, "t").key == ("a",)
    assert [column.optional for column in table(schema, "t").columns] == [False, True]
