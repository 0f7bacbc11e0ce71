"""Names are data all the way: schemas, tables, columns and labels that would be code anywhere else."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from psycopg import sql

from tests.servers.postgres import Database
from tests.servers.process import Process, tail

NAMES = [
    '"; drop table victim; --',
    "'); drop table victim; --",
    '}"{',
    "{0} %s %(x)s :x ? $1 ${topic}",
    "select",
    "a\nb\tc\rd",
    "back\\slash\\",
    "Ünï☃𝄞 codé",
    " blank ",
    "dot.ted/name",
    "UPPER",
]  # no pair that differs in case alone: to SQLite these are the same name
LABELS = [*NAMES, "", "NULL", "a,b", "\\N"]
SCHEMA = 'sch"ema; {}\n☃'
VICTIM = "victim"


def create(database: Database) -> None:
    """Make the schema, an enum with all the labels, and for each name a table with all names as columns."""
    with database.connect() as connection:
        schema = sql.Identifier(SCHEMA)
        kind = sql.Identifier(SCHEMA, 'ty"pe {}\n')
        labels = sql.SQL(", ").join(map(sql.Literal, LABELS))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute(sql.SQL("CREATE TYPE {} AS ENUM ({})").format(kind, labels))
        columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in NAMES[1:])
        for name in NAMES:
            key = sql.Identifier(NAMES[0])
            statement = "CREATE TABLE {} ({} int, {}, {} {}, PRIMARY KEY ({}))"
            names = (sql.Identifier(SCHEMA, name), key, columns, sql.Identifier("enum'"), kind, key)
            connection.execute(sql.SQL(statement).format(*names))


def insert(database: Database, first: int, count: int) -> None:
    """Insert rows whose values are the names as well."""
    with database.connect() as connection:
        for name in NAMES:
            table = sql.Identifier(SCHEMA, name)
            for key in range(first, first + count):
                values = [NAMES[(key + n) % len(NAMES)] for n in range(len(NAMES) - 1)]
                row = sql.SQL(", ").join(map(sql.Literal, [key, *values, LABELS[key % len(LABELS)]]))
                connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(table, row))


def change(database: Database) -> None:
    """Update, move and delete some rows of every table."""
    with database.connect() as connection:
        for name in NAMES:
            table, key = sql.Identifier(SCHEMA, name), sql.Identifier(NAMES[0])
            column = sql.Identifier(NAMES[1])
            update = sql.SQL("UPDATE {} SET {} = {} WHERE {} = 1")
            connection.execute(update.format(table, column, sql.Literal(NAMES[0]), key))
            connection.execute(sql.SQL("UPDATE {} SET {} = 1000 WHERE {} = 2").format(table, key, key))
            connection.execute(sql.SQL("DELETE FROM {} WHERE {} = 3").format(table, key))


def rows_of(database: Database, schema: str, name: str) -> list[tuple[object, ...]]:
    """Return the rows of a PostgreSQL table, text for text."""
    columns = [sql.Identifier(column) for column in [*NAMES, "enum'"]]
    shown = sql.SQL(", ").join(sql.SQL("{}::text").format(column) for column in columns)
    statement = sql.SQL("SELECT {} FROM {}").format(shown, sql.Identifier(schema, name))
    with database.connect() as connection:
        return sorted(connection.execute(statement).fetchall(), key=repr)


def rows_of_sqlite(file: Path, name: str) -> list[tuple[object, ...]]:
    """Return the rows of an SQLite table, text for text."""
    quoted = name.replace('"', '""')
    connection = sqlite3.connect(file)
    try:
        columns = ", ".join(f'''cast("{c.replace('"', '""')}" AS text)''' for c in [*NAMES, "enum'"])
        return sorted(connection.execute(f'SELECT {columns} FROM "{quoted}"').fetchall(), key=repr)
    finally:
        connection.close()


def configs(folder: Path, source: Database, url: str) -> list[str]:
    """Write the configs; return the arguments of `cdc start`."""
    options: dict[str, dict[str, str]] = {
        "source": {
            "connector.class": "postgres",
            **source.properties(),
            "topic.prefix": "hostile",
            "slot.name": "hostile",
            "plugin.name": "pgoutput",
            "schema.exclude.list": "public",
            "provide.transaction.metadata": "true",
        },
        "sink": {
            "connector.class": "jdbc",
            "connection.url": url,
            "connection.username": "postgres",
            "connection.password": "postgres",
            "collection.name.format": "${source.table}",
            "topics.regex": r"hostile\.[^.]+\..+",
        },
    }
    for name, content in options.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    files = ["--source", str(folder / "source.yaml"), "--sink", str(folder / "sink.yaml")]
    return [*files, "--data-dir", str(folder / "data"), "--listen", "off", "--log-format", "json"]


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_every_name_arrives(database: Database, tmp_path: Path, dialect: str) -> None:
    target = database.server.create_database()
    target.execute(f"CREATE TABLE {VICTIM} (id int)")
    database.execute(f"CREATE TABLE {VICTIM} (id int)")
    file = tmp_path / "target.db"
    url = f"jdbc:postgresql://127.0.0.1:{target.port}/{target.name}"
    create(database)
    insert(database, 0, 10)
    arguments = configs(tmp_path, database, url if dialect == "postgresql" else f"jdbc:sqlite:{file}")
    process = Process([sys.executable, "-m", "cdc.cli.main", "start", *arguments], tmp_path / "log")
    try:
        _await_equal(database, target, file, dialect, tmp_path / "log")
        insert(database, 10, 10)
        change(database)
        _await_equal(database, target, file, dialect, tmp_path / "log")
        for place in (database, target):
            assert place.execute(f"SELECT count(*) FROM {VICTIM}") == [(0,)]
        process.stop()
        assert process.code == 0
        _consume(tmp_path)
    finally:
        process.kill()
        target.drop()


def _await_equal(source: Database, target: Database, file: Path, dialect: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            different = [name for name in NAMES if not _equal(source, target, file, dialect, name)]
        except Exception as error:  # noqa: BLE001 - the table is not there yet, or is just being made
            different = [str(error)]
        if not different:
            return
        text = tail(log, 8000)
        assert time.monotonic() < deadline, f"{different}\n{text}"
        assert "FAILED" not in text, text
        time.sleep(0.1)


def _equal(source: Database, target: Database, file: Path, dialect: str, name: str) -> bool:
    wanted = rows_of(source, SCHEMA, name)
    return wanted == (
        rows_of(target, "public", name) if dialect == "postgresql" else rows_of_sqlite(file, name)
    )


def _consume(folder: Path) -> None:
    """What the log shows has the names in it, as JSON."""
    command = [sys.executable, "-m", "cdc.cli.main", "topics", "--data-dir", str(folder / "data")]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert listed.count("hostile.") >= 1
