"""COPY read from libpq: whole lines, with TLS and without, and a connection that can be used afterwards."""

import psycopg
import pytest

from cdc.sources.postgres.copy_out import READ_BYTES, copy_lines
from tests.servers.postgres import Database


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_all_lines_come_in_batches(database: Database, mode: str) -> None:
    query = "select g, repeat('é', g % 300) from generate_series(1, 20000) g"
    with database.connect(sslmode=mode) as connection:
        batches = list(copy_lines(connection, query))
        assert connection.execute("select 1").fetchall() == [(1,)]
    lines = [line for batch in batches for line in batch]
    assert lines == [f"{g}\t{'Ã©' * (g % 300)}" for g in range(1, 20001)]
    assert all(READ_BYTES <= sum(map(len, batch)) + len(batch) < 2 * READ_BYTES for batch in batches[:-1])


def test_no_rows(database: Database) -> None:
    with database.connect() as connection:
        assert list(copy_lines(connection, "select 1 where false")) == []


def test_an_early_end_cancels(database: Database) -> None:
    with database.connect() as connection:
        lines = copy_lines(connection, "select g from generate_series(1, 5000000) g")
        next(lines)
        lines.close()
        assert connection.execute("select 1").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("select nope", psycopg.errors.UndefinedColumn),
        ("select 1 / (g - 40000) from generate_series(1, 50000) g", psycopg.errors.DivisionByZero),
    ],
    ids=["at the start", "on the way"],
)
def test_the_servers_errors_are_raised(database: Database, query: str, error: type[Exception]) -> None:
    with database.connect() as connection:
        with pytest.raises(error):
            list(copy_lines(connection, query))
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_lost_connection_is_an_error(database: Database) -> None:
    with database.connect() as connection:
        lines = copy_lines(connection, "select g, repeat('x', 1000) from generate_series(1, 1000000) g")
        next(lines)
        database.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            list(lines)


def test_nothing_for_a_while_is_told_and_what_there_is_comes(database: Database) -> None:
    slow = "select g, case when g in (1, 3) then pg_sleep(1.2)::text end from generate_series(1, 3) g"
    with database.connect() as connection:
        found = list(copy_lines(connection, slow))
        assert [line for lines in found for line in lines] == ["1\t", "2\t\\N", "3\t"]
        assert len(found[0]) == 0
        waiting = copy_lines(connection, "select pg_sleep(60)")
        assert len(next(waiting)) == 0
        waiting.close()
        assert connection.execute("select 1").fetchone() == (1,)
