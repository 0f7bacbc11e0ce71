"""A snapshot that is cut goes on where it was, while rows change: nothing lost, twice or back in time."""

from __future__ import annotations

import collections
import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cdc.errors import ResourceBusy
from cdc.sources.postgres import copy_out, snapshot_reader
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from cdc.transport.memory import MemoryWriter
from tests.integration.cut_snapshots import applied, cut, embedded_task, load
from tests.integration.postgres.capture import Capture
from tests.servers.postgres import Database

ROOT = Path(__file__).resolve().parents[3]
CHUNKS = {"snapshot.chunk.size.mb": "0.05"}
KILLS = 4
READ_BYTES = 8192
"""So that there are many windows in a chunk of these small tables."""

TABLES = {
    "numbers": ("id bigint primary key", "i"),
    "words": (
        'id text collate "und-x-icu" primary key',
        "case i % 2 when 0 then 'a' else 'B' end || i || 'é'",
    ),
    "pairs": ("a int, b text, primary key (b, a)", "i % 7, 'k' || i"),
    "blind": ("id int", "i"),
}
ROWS = 3000


def create(database: Database) -> None:
    for name, (key, value) in TABLES.items():
        database.execute(
            f"create table {name} ({key}, v int not null default 0, pad text default repeat('x', 90))"
        )
        if name == "blind":  # what was deleted leaves room among the other rows
            database.execute(f"insert into blind select {value} from generate_series(1, {2 * ROWS}) i")
            database.execute("delete from blind where id % 2 = 0")
        else:
            database.execute(f"insert into {name} select {value} from generate_series(1, {ROWS}) i")
        database.execute(f"vacuum analyze {name}")


def write(database: Database, stopping: threading.Event, seed: int) -> None:
    """Change rows at random; each change of a row counts its `v` up, also across delete and insert."""
    chance = random.Random(seed)
    with database.connect(autocommit=False) as connection:
        while not stopping.is_set():
            for _ in range(chance.randint(1, 20)):
                name = chance.choice(("numbers", "words", "pairs", "blind"))
                if name == "blind":
                    _append(connection, seed)
                else:
                    _change(connection, name, chance.randint(1, ROWS), chance)
            connection.rollback() if chance.random() < 0.1 else connection.commit()
            time.sleep(0.002)


def _change(connection: Any, name: str, i: int, chance: random.Random) -> None:
    _, value = TABLES[name]
    names = "a, b" if name == "pairs" else "id"
    values = f"select {value} from (values ({i})) s(i)"
    connection.execute(f"select pg_advisory_xact_lock({list(TABLES).index(name)}, {i})")
    if chance.random() < 0.6:
        connection.execute(f"update {name} set v = v + 1 where ({names}) = ({values})")
        return
    found = connection.execute(f"delete from {name} where ({names}) = ({values}) returning v").fetchone()
    version = max(found[0] if found else 0, _versions.get((name, i), 0)) + 1
    _versions[name, i] = version
    if chance.random() < 0.5:
        connection.execute(f"insert into {name} ({names}, v) {values.replace(' from', f', {version} from')}")


def _append(connection: Any, seed: int) -> None:
    """Insert into the table without a key, some of it in a transaction within."""
    number = -(next(_appended) * 10 + seed)
    with connection.transaction() if number % 3 else nullcontext():
        connection.execute("insert into blind values (%s)", [number])


_versions: dict[tuple[str, int], int] = {}
_appended = itertools.count(1)


def under_load(database: Database) -> AbstractContextManager[None]:
    _versions.clear()
    return load(partial(write, database))


def verify(
    capture: Capture, names: tuple[str, ...] = ("numbers", "words", "pairs"), *, exact: bool = True
) -> None:
    """What the events of each table come to must be what the database has; see `applied`."""
    for name in names:
        columns = "b, a" if name == "pairs" else "id"
        expected = {row[:-1]: row[-1] for row in capture.database.execute(f"select {columns}, v from {name}")}
        assert applied(capture, name, exact=exact) == expected, name


def verify_blind(capture: Capture, table: str = "blind") -> None:
    """Nothing can be overwritten where there is no key: each row must have come once."""
    told = Counter(event.row["id"] for event in capture.events(table))
    there = Counter(row[0] for row in capture.database.execute(f"select id from {table}"))
    assert told == there, (list((told - there).items())[:5], list((there - told).items())[:5])


def finished_rows(capture: Capture) -> dict[str, int]:
    return {name: int(offset["rows"]) for name, offset in capture.progress().items()}


@pytest.fixture
def tables(database: Database) -> Database:
    create(database)
    return database


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_out, "READ_BYTES", READ_BYTES)


def test_finished_chunks_are_not_read_again(tables: Database) -> None:
    capture = Capture(tables, CHUNKS)
    cut(capture, 9)
    done = finished_rows(capture)
    assert 0 < sum(done.values()) < ROWS * 4
    with capture.running():
        capture.sync()
    for name, count in done.items():
        table = name.removeprefix("public.")
        keys = [tuple(event.row.items()) for event in capture.events(table)]
        assert count <= ROWS
        assert len(keys) == len(set(keys)) == ROWS, name
    assert capture.progress() == {}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "options",
    [CHUNKS, {}, {**CHUNKS, "snapshot.max.threads": "3"}],
    ids=["chunks", "one chunk", "side by side"],
)
def test_cut_many_times_under_load(
    tables: Database, options: dict[str, str], seed: int, small_windows: None
) -> None:
    capture = Capture(tables, options)
    chance = random.Random(seed)
    with under_load(tables):
        cut(capture, 1)
        for _ in range(8):
            cut(capture, chance.randint(1, 30))
        with capture.running():
            time.sleep(0.5)
    with capture.running():
        capture.sync()
    verify(capture)
    verify_blind(capture)
    assert capture.progress() == {}


def test_cut_while_it_catches_up(tables: Database) -> None:
    """The stream is still inside of what the snapshot contains, and is cut there, too."""
    capture = Capture(tables, CHUNKS)
    cut(capture, 6)
    with under_load(tables):
        time.sleep(0.5)
    cut(capture, 10_000 if not capture.progress() else 40)
    for windows in (1, 2, 1):
        cut(capture, windows)
    with capture.running():
        capture.sync()
    verify(capture)


def test_long_open_transactions(tables: Database) -> None:
    """A transaction that was open before most chunks commits after the last, another between."""
    tables.execute("drop table blind")  # a table without a key would wait for them, as the first window does
    capture = Capture(tables, CHUNKS)
    with capture.running():
        capture.sync()
    capture.log = type(capture.log)()
    capture._reader, capture._events = capture.log.reader("check", [], {}, pattern=".*"), []
    cut(capture, 1)
    with tables.connect(autocommit=False) as first, tables.connect(autocommit=False) as second:
        first.execute("update numbers set v = v + 1 where id % 100 = 0")
        second.execute("update numbers set v = v + 1 where id % 100 = 1")
        second.execute("delete from numbers where id % 100 = 2")
        cut(capture, 5)
        second.commit()
        cut(capture, 8)
        first.commit()
    with capture.running():
        capture.sync()
    verify(capture, exact=False)


def test_rows_that_were_told_and_deleted_before_the_next_try(database: Database) -> None:
    """What progress speaks of goes by the stream."""
    create(database)
    capture = Capture(database, {"snapshot.include.collection.list": "public.numbers"})
    cut(capture, 2)
    ids = [event.key["id"] for event in capture.events("numbers")]
    _delete_two(database, ids)
    with capture.running():
        capture.sync()
    verify(capture, ("numbers",))
    assert [event.key["id"] for event in capture.events("numbers", "d")] == [ids[5], ids[6]]


def test_rows_that_were_told_but_not_recorded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next reading of them does not show what is deleted now, nor may the log keep it."""
    create(database)
    monkeypatch.setattr(MemoryWriter, "exactly_once", False)
    capture = Capture(database, {"snapshot.include.collection.list": "public.numbers"})
    cut(capture, 1)
    for key, _ in list(capture.log.state("offsets").items()):
        capture.log.state("offsets").put(key, None)
    ids = [event.key["id"] for event in capture.events("numbers")]
    _delete_two(database, ids)
    with capture.running():
        capture.sync()
    verify(capture, ("numbers",), exact=False)
    assert [event.key["id"] for event in capture.events("numbers", "d")] == [ids[5]]


def _delete_two(database: Database, ids: list[int]) -> None:
    database.execute("delete from numbers where id = any(%s)", [[ids[5], ids[6]]])
    database.execute("insert into numbers values (%s, 1)", [ids[6]])


# -- without a key -------------------------------------------------------------------------------

BLIND = {"snapshot.include.collection.list": "public.blind"}


def test_changes_of_rows_without_a_key_between_the_tries(tables: Database, small_windows: None) -> None:
    """What was not read yet and is another now has its change in the stream, and no read."""
    tables.execute("alter table blind replica identity full")
    capture = Capture(tables, BLIND)
    cut(capture, 9)
    told = {event.row["id"] for event in capture.events("blind")}
    assert 0 < len(told) < ROWS
    tables.execute("update blind set v = 1 where id % 10 = 1")
    tables.execute("delete from blind where id % 10 = 3")
    tables.execute("vacuum blind")
    tables.execute("insert into blind select i from generate_series(10001, 10100) i")
    cut(capture, 4)
    with capture.running():
        capture.sync()
    reads = Counter(event.row["id"] for event in capture.events("blind", "r"))
    assert set(reads.values()) == {1}
    changed = {i for i in range(1, 2 * ROWS, 2) if i % 10 in (1, 3)}
    assert reads.keys() == told | {i for i in range(1, 2 * ROWS, 2) if i not in changed}
    assert Counter(e.row["id"] for e in capture.events("blind", "ud")) == Counter(changed)
    assert {e.row["id"] for e in capture.events("blind", "c")} == set(range(10001, 10101))


def _append_behind_savepoints(database: Database, stopping: threading.Event, seed: int) -> None:
    with database.connect(autocommit=False) as connection:
        while not stopping.is_set():
            connection.execute("select pg_current_xact_id()")
            for _ in range(5):
                with connection.transaction():
                    number = -(next(_appended) * 10 + seed)
                    connection.execute("insert into tail values (%s)", [number])
                time.sleep(0.005 * seed)
            connection.commit()


@pytest.mark.parametrize("windows", [0, 3], ids=["nothing told", "within a table before"])
def test_rows_behind_savepoints_in_a_table_that_a_later_run_begins(
    tables: Database, small_windows: None, windows: int
) -> None:
    """They bear ids of their own, which a snapshot must tell from those of ended transactions."""
    tables.execute("create table tail as select id, pad from blind")
    capture = Capture(tables, {"snapshot.include.collection.list": "public.numbers,public.tail"})
    cut(capture, windows)
    with load(partial(_append_behind_savepoints, tables), writers=4):
        time.sleep(0.2)
        cut(capture, 50)
    assert 0 < finished_rows(capture)["public.tail"] < ROWS
    with capture.running():
        capture.sync()
    verify_blind(capture, "tail")
    assert tables.slots() == [capture.slot]


def test_a_table_without_a_key_that_was_rewritten_starts_over(tables: Database, small_windows: None) -> None:
    capture = Capture(tables, BLIND)
    cut(capture, 9)
    told = len(capture.events("blind"))
    tables.execute("vacuum full blind")
    with capture.running():
        capture.sync()
    events = capture.events("blind")
    assert len(events) == ROWS + told
    assert len({event.row["id"] for event in events}) == ROWS


@pytest.mark.parametrize(
    ("ddl", "keys"),
    [
        ("alter table big add primary key (id)", {"message.key.columns": "public.big:code"}),
        ("create unique index big_id on big (id); alter table big replica identity using index big_id", {}),
    ],
    ids=["custom key", "index"],
)
def test_a_value_that_the_stream_does_not_repeat(
    database: Database, small_windows: None, ddl: str, keys: dict[str, str]
) -> None:
    """Between the tries a row is changed that was not read yet, but not its large value."""
    database.execute("create table big (id int not null, code text, note text, value text storage external)")
    database.execute(
        f"{ddl}; insert into big select i, i, '', repeat(i::text, 3000) from generate_series(1, 99) i"
    )
    capture = Capture(database, keys)
    cut(capture, 9)
    assert 0 < len(capture.events("big")) < 90
    database.execute("update big set note = 'new' where id in (1, 98)")
    with capture.running():
        capture.sync()
    rows = {event.row["id"]: event.row for event in capture.events("big")}
    assert {i: row["value"] for i, row in rows.items()} == {i: str(i) * 3000 for i in range(1, 100)}
    assert [rows[i]["note"] for i in (1, 97, 98)] == ["new", "", "new"]


def test_partitions_without_a_key(database: Database, small_windows: None) -> None:
    database.execute("create table parts (id int, v int default 0, pad text) partition by list (v)")
    for number in range(3):
        database.execute(f"create table parts_{number} partition of parts for values in ({number})")
    database.execute(f"insert into parts select i, i % 3, repeat('x', 90) from generate_series(1, {ROWS}) i")
    options = {"publish.via.partition.root": "true", "table.include.list": "public.parts"}
    capture = Capture(database, options)
    for windows in (5, 9, 11, 3):
        cut(capture, windows)
        database.execute("insert into parts select -random() * 1e9, i % 3 from generate_series(1, 9) i")
    with capture.running():
        capture.sync()
    verify_blind(capture, "parts")


# -- other ways -----------------------------------------------------------------------------------


def test_an_own_statement_is_told_anew(database: Database, small_windows: None) -> None:
    create(database)
    option = {"snapshot.select.statement.overrides": "public.numbers"}
    select = {f"{name}.public.numbers": "select * from numbers where id < 1000" for name in option}
    capture = Capture(database, {**option, **select, "table.include.list": "public.numbers"})
    cut(capture, 4)
    told = [event.row["id"] for event in capture.events("numbers")]
    assert 0 < len(told) < 999
    database.execute("delete from numbers where id = %s", [told[0]])
    with capture.running():
        capture.sync()
    reads = Counter(event.row["id"] for event in capture.events("numbers", "r"))
    assert reads == Counter(told) + Counter(set(range(1, 1000)) - {told[0]})
    assert [event.key["id"] for event in capture.events("numbers", "d")] == [told[0]]


def test_an_own_statement_cut_leaves_finished_tables_alone(database: Database, small_windows: None) -> None:
    create(database)
    names, option = ("numbers", "pairs", "words"), "snapshot.select.statement.overrides"
    selects = {f"{option}.public.{name}": f"select * from {name} where v < 7" for name in names[:2]}
    include = {"table.include.list": ",".join(f"public.{name}" for name in names)}
    capture = Capture(database, {option: "public.numbers,public.pairs", **selects, **include})
    cut(capture, 60)
    told = len(capture.events("pairs"))
    assert len(capture.events("numbers")) == ROWS
    assert 0 < told < ROWS
    with capture.running():
        capture.sync()
    counts = {name: len(capture.events(name)) for name in names}
    assert counts == {"numbers": ROWS, "pairs": told + ROWS, "words": ROWS}


def test_a_table_rewritten_behind_the_snapshot_waits_for_the_next_try(tables: Database) -> None:
    capture = Capture(tables, CHUNKS)
    task = capture.task()
    task.source.open(task._context())
    task.source.read(1, 0.1)
    tables.execute("alter table words alter v type bigint")
    with pytest.raises(ResourceBusy, match="words was altered"):
        collections.deque(iter(lambda: task.source.read(1, 0.1), None), maxlen=0)
    task._close()
    with capture.running():
        capture.sync()
    verify(capture)


def test_truncate_between_the_tries(database: Database) -> None:
    create(database)
    capture = Capture(database, {**CHUNKS, "skipped.operations": "none"})
    cut(capture, 5)
    assert "public.numbers" in capture.progress()
    database.execute("truncate numbers; insert into numbers values (1, 1), (2999, 1)")
    with capture.running():
        capture.sync()
    events = capture.events("numbers")
    last = max(index for index, event in enumerate(events) if event.op == "t")
    assert [(event.op, event.row["id"]) for event in events[last + 1 :]] == [("c", 1), ("c", 2999)]


def test_a_key_of_another_type_starts_over(database: Database) -> None:
    create(database)
    capture = Capture(database, CHUNKS)
    cut(capture, 12)
    database.execute("alter table numbers alter id type text")
    with capture.running():
        database.execute("insert into numbers values ('x')")
        capture.sync()
    keys = [event.key["id"] for event in capture.events("numbers")]
    assert keys[-1] == "x"
    assert keys.count("17") == 1


def test_custom_key_is_one_chunk(database: Database) -> None:
    create(database)
    capture = Capture(database, {**CHUNKS, "message.key.columns": "public.numbers:v"})
    cut(capture, 3)
    database.execute("alter table numbers replica identity full")
    database.execute("update numbers set pad = 'new' where id < 5")
    with capture.running():
        capture.sync()
    assert capture.events("numbers")[0].key == {"v": 0}
    assert capture.progress() == {}


# -- kill -9 -------------------------------------------------------------------------------------

CHILD = """
import sys, json
from tests.integration.postgres.test_resumable_snapshot import child
child(json.loads(sys.argv[1]), sys.argv[2])
"""


def child(options: dict[str, str], folder: str) -> None:
    """Run a task, slowly enough to be killed within a chunk."""
    copy_out.READ_BYTES = READ_BYTES
    copy_lines = snapshot_reader.copy_lines

    def slow_lines(*arguments: Any) -> Iterator[Any]:
        for lines in copy_lines(*arguments):
            time.sleep(0.01)
            yield lines

    snapshot_reader.copy_lines = slow_lines
    embedded_task(options, folder).run(lambda: False, lambda: None)


@pytest.mark.parametrize("seed", range(2))
def test_kill_within_chunks(tables: Database, tmp_path: Path, seed: int) -> None:
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)}))
    capture = Capture(tables, {"slot.max.retries": "30"}, log)
    chance = random.Random(seed)
    command = [sys.executable, "-c", CHILD, json.dumps(capture.options), str(tmp_path)]
    partly = 0
    with under_load(tables):
        for _ in range(KILLS):
            before, process = finished_rows(capture), subprocess.Popen(command, cwd=ROOT)
            capture.until(lambda: finished_rows(capture) != before, "a row told")  # noqa: B023 - called at once
            time.sleep(chance.random() * 0.4)
            process.send_signal(signal.SIGKILL)
            process.wait()
            partly += any(0 < rows < ROWS for rows in finished_rows(capture).values())
    assert partly
    with capture.running():
        capture.sync()
    verify(capture)
    verify_blind(capture)
    log.close()
