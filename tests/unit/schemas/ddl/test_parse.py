"""What a text is taken for, and what is said of a text that is not understood."""

import time

import pytest

from schemas.ddl import Dialect, UnparseableDdl, parse
from schemas.ddl.lexer import ANSI_QUOTES, NO_BACKSLASH_ESCAPES
from schemas.ddl.statements import (
    AlterTable,
    CreateTable,
    DropTables,
    Harmless,
    RenameTables,
    SetCharset,
    TruncateTable,
    UseDatabase,
)
from schemas.table import TableId
from tests.golden.mysql_ddl.corpus import recordings, scripts
from tests.golden.mysql_ddl.follow import dialect

ALL = [statement for statements in scripts().values() for statement in statements]


def table(name: str, database: str = "d") -> TableId:
    return TableId(database, "", name)


@pytest.mark.parametrize("product", ["mysql", "mariadb"])
def test_what_a_server_takes_is_understood(product: str) -> None:
    recorded, understood = recordings(product), 0
    for statement in ALL:
        if recorded[statement.name].refused is None and "oracle" not in statement.modes:
            parse(statement.sql, "d", dialect(product, statement.modes))
            understood += 1
    assert understood > 350


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a INT",
        "CREATE TABLE t (a FANCYTYPE)",
        "CREATE TABLE t (a INT WITH SUGAR)",
        "CREATE TABLE t (a INT) FROBNICATE 3",
        "CREATE TABLE t (a VARCHAR(3) DEFAULT 'open)",
        "ALTER TABLE t FROBNICATE",
        "ALTER TABLE t ADD a INT ADD b INT",
        "ALTER TABLE t CONVERT PARTITION p TO TABLE x",
        "ALTER TABLE t ALTER a SET NONSENSE",
        "DROP EVERYTHING",
        "RENAME TABLE a b",
        "FROBNICATE TABLE t",
        "IMPORT TABLE FROM 'x.sdi'",
        "CREATE TABLE t (a INT) trailing words",
        "TRUNCATE TABLE a b",
    ],
)
def test_what_is_not_understood_is_not_guessed(sql: str) -> None:
    with pytest.raises(UnparseableDdl):
        parse(sql, "d")


def test_the_error_says_where_and_what_about() -> None:
    with pytest.raises(UnparseableDdl) as caught:
        parse("CREATE TABLE x.t (\n  a INT,\n  b FANCYTYPE)")
    error = caught.value
    assert error.statement[error.offset :] == "FANCYTYPE)"
    assert error.table == table("t", "x")
    assert "unknown data type" in str(error)
    assert "SHOW CREATE TABLE" in str(error)


def test_the_place_is_right_behind_comments_that_are_laid_open() -> None:
    sql = "CREATE TABLE /*!40000 t */ (a INT /*!99999 , z INT */, b FANCYTYPE)"
    with pytest.raises(UnparseableDdl) as caught:
        parse(sql)
    assert caught.value.statement[caught.value.offset :] == "FANCYTYPE)"


def test_a_long_statement_is_cut_in_the_message() -> None:
    with pytest.raises(UnparseableDdl) as caught:
        parse("FROBNICATE " + "x" * 10_000)
    assert len(str(caught.value)) < 600


def test_several_statements_and_use() -> None:
    found = parse("BEGIN; USE other; DROP TABLE a, d.b; ; TRUNCATE c; COMMIT", "d")
    drop, truncate = DropTables((table("a", "other"), table("b"))), TruncateTable(table("c", "other"))
    assert found == [Harmless("BEGIN"), UseDatabase("other"), drop, truncate, Harmless("COMMIT")]


def test_stored_programs_end_where_they_end() -> None:
    body = (
        "BEGIN IF a THEN SELECT 1; END IF; CASE a WHEN 1 THEN SELECT 2; END CASE; DROP TABLE inner_one; END"
    )
    found = parse(f"CREATE PROCEDURE p(a INT) {body}; DROP TABLE outer_one", "d")
    assert found == [Harmless("CREATE PROCEDURE"), DropTables((table("outer_one"),))]


def test_ansi_quotes() -> None:
    (renamed,) = parse('RENAME TABLE "a""b" TO `c`', "d", Dialect(sql_mode=ANSI_QUOTES))
    assert renamed == RenameTables(((table('a"b'), table("c")),))
    with pytest.raises(UnparseableDdl):
        parse('RENAME TABLE "a" TO b', "d")


def test_backslashes() -> None:
    sql = r"CREATE TABLE t (a VARCHAR(9) DEFAULT 'x\', b INT)"
    (created,) = parse(sql, "d", Dialect(sql_mode=NO_BACKSLASH_ESCAPES))
    assert isinstance(created, CreateTable)
    assert [column.default for column in created.columns] == ["x\\", None]
    with pytest.raises(UnparseableDdl):
        parse(sql, "d")


@pytest.mark.parametrize(
    ("server", "columns"),
    [
        (Dialect(False, 50744), "a both"),
        (Dialect(False, 80031), "a mysql80 both"),
        (Dialect(True, 101106), "a both maria"),
    ],
)
def test_executable_comments(server: Dialect, columns: str) -> None:
    sql = "CREATE TABLE t (a INT /*!80013 , mysql80 INT */ /*! , both INT */ /*M! , maria INT */)"
    (created,) = parse(sql, "d", server)
    assert isinstance(created, CreateTable)
    assert [column.name for column in created.columns] == columns.split()


def test_set_of_charsets() -> None:
    (said,) = parse("SET character_set_server=latin1, collation_server=latin1_swedish_ci")
    assert said == SetCharset("character_set_server", "latin1")
    assert parse("SET NAMES utf8mb4") == [Harmless("SET")]


def test_index_statements_are_alters() -> None:
    (found,) = parse("CREATE UNIQUE INDEX i ON t (a)", "d")
    assert isinstance(found, AlterTable)
    assert found.of_index


def test_speed() -> None:
    columns = ",\n".join(
        f"  `column_{n}` varchar({n + 1}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'c'"
        for n in range(19)
    )
    sql = f"CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n{columns},\n  PRIMARY KEY (`id`)\n)"
    started = time.process_time()
    for _ in range(50):
        parse(sql, "d")
    assert (time.process_time() - started) / 50 < 0.003


def test_a_statement_with_variables_of_its_own() -> None:
    sql = "SET STATEMENT sql_mode = 'x FOR y', lock_wait_timeout = (SELECT 1 FOR UPDATE) FOR TRUNCATE t"
    assert parse(sql, "d", Dialect(mariadb=True)) == parse("TRUNCATE t", "d")
    with pytest.raises(UnparseableDdl, match="FOR expected"):
        parse("SET STATEMENT lock_wait_timeout = 1", "d", Dialect(mariadb=True))
