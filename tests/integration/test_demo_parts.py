"""The demo's parts on its own PostgreSQL, without a pipeline."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cdc.cli.demo import server, shop
from cdc.cli.demo.compare import compare
from cdc.cli.demo.server import DemoPostgres
from cdc.cli.demo.traffic import Stopwatch, Traffic
from tests.servers.process import scratch

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def demo_postgres() -> Iterator[DemoPostgres]:
    postgres = DemoPostgres(scratch("demo"))
    postgres.start()
    with postgres.connect() as connection:
        shop.open_shop(connection)
    yield postgres
    postgres.stop()
    assert postgres.pid is None


@pytest.fixture
def source(demo_postgres: DemoPostgres) -> Iterator[Connection]:
    with demo_postgres.connect() as connection:
        yield connection


def copy_all(source: Connection, target: Path) -> None:
    """Copy the shop as a sink would: what SQLite has no type for, as text."""
    with closing(sqlite3.connect(target)) as copy:
        for table in shop.TABLES:
            cursor = source.execute(f"select * from {table}".encode())
            names = [column.name for column in cursor.description or ()]
            columns = ", ".join(_as_text(column) for column in cursor.description or ())
            texts = source.execute(f"select {columns} from {table}".encode())
            copy.execute(f"create table {table} ({', '.join(names)})")
            marks = ", ".join("?" for _ in names)
            copy.executemany(f"insert into {table} values ({marks})", texts.fetchall())
        copy.commit()


def _as_text(column: Any) -> str:
    kept = {16, 17, 20, 21, 23, 25, 701}
    return column.name if column.type_code in kept else f"{column.name}::text"


def test_wal_is_logical_and_nobody_is_root(demo_postgres: DemoPostgres, source: Connection) -> None:
    assert source.execute("show wal_level").fetchone() == ("logical",)
    assert demo_postgres.pid is not None
    assert Path(f"/proc/{demo_postgres.pid}").stat().st_uid != 0


def test_customers_insert_update_and_delete(demo_postgres: DemoPostgres) -> None:
    traffic = Traffic(demo_postgres.connect)
    traffic.start()
    deadline = time.monotonic() + 20
    while len(traffic.rows) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    traffic.stop()
    assert set(traffic.rows) == {"insert", "update", "delete"}
    assert traffic.transactions > 0


def test_an_error_of_a_customer_is_told() -> None:
    def broken() -> Connection:
        raise psycopg.OperationalError("no server")

    traffic = Traffic(broken)
    traffic.start()
    with pytest.raises(psycopg.OperationalError, match="no server"):
        traffic.stop()


def test_a_true_copy_is_equal(source: Connection, tmp_path: Path) -> None:
    copy_all(source, tmp_path / "copy.db")
    result = compare(source, tmp_path / "copy.db", shop.TABLES)
    assert [table.differences for table in result] == [[]] * len(shop.TABLES)
    assert all(table.equal and table.source_rows == table.target_rows for table in result)
    assert sum(table.source_rows for table in result) > 4000


def test_a_target_that_is_not_there_yet_is_empty(source: Connection, tmp_path: Path) -> None:
    result = compare(source, tmp_path / "none.db", ["products"])
    assert (result[0].target_rows, result[0].different) == (0, result[0].source_rows)


CHANGES = {
    "delete from products where sku = 'P-7'": "products P-7: is missing in the target",
    "insert into products (sku) values ('P-0')": "products P-0: is no longer in the source",
    "update products set price = '0.0700001' where sku = 'P-1'": "price is Decimal",
    "update products set ean = x'00' where sku = 'P-2'": "ean is",
    "update products set weight = null where sku = 'P-3'": "weight is",
    "update orders set placed_at = replace(placed_at, '+00', '+01')": "placed_at is",
    "update customers set preferences = '{}' where id = 5": "preferences is",
    "insert into products select * from products where sku = 'P-9'": "1 rows are there more than once",
    "alter table products drop column stock": "stock is 1000 here and no column there",
}


@pytest.mark.parametrize(("change", "difference"), CHANGES.items())
def test_every_difference_is_seen(source: Connection, tmp_path: Path, change: str, difference: str) -> None:
    copy_all(source, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        copy.execute(change)
        copy.commit()
    table = (
        change.replace("insert into", "update")
        .replace("delete from", "update")
        .replace("alter table", "update")
    )
    [result] = compare(source, tmp_path / "copy.db", [table.split()[1]])
    assert not result.equal
    assert difference in "\n".join(result.differences)


def test_the_stopwatch_measures_until_the_row_is_readable(
    demo_postgres: DemoPostgres, source: Connection, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    stopwatch = Stopwatch(demo_postgres.connect, target)
    assert stopwatch.percentile(0.5) is None
    stopwatch.start()
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("create table visits (id integer primary key)")
        deadline = time.monotonic() + 20
        while not stopwatch.milliseconds and time.monotonic() < deadline:
            for visit in source.execute("select id from visits").fetchall():
                copy.execute("insert or ignore into visits values (?)", visit)
    stopwatch.stop()
    assert stopwatch.milliseconds
    assert (stopwatch.percentile(0.5) or 0) > 0


def test_programs_are_copied_where_the_server_user_cannot_run_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(server, "_runnable", lambda program: False)
    found = server.programs(tmp_path)
    assert found.is_relative_to(tmp_path)
    assert (found / "initdb").stat().st_mode & 0o111 == 0o111
