"""A snapshot that is cut goes on where it was, while rows change: nothing lost, twice or back in time."""

from __future__ import annotations

import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from tests.integration.postgres.capture import Capture
from tests.servers.postgres import Database

ROOT = Path(__file__).resolve().parents[3]
CHUNKS = {"snapshot.chunk.size.mb": "0.05"}
KILLS = 4

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
        database.execute(f"insert into {name} select {value} from generate_series(1, {ROWS}) i")
        database.execute(f"analyze {name}")


def write(database: Database, stopping: threading.Event, seed: int) -> None:
    """Change rows at random; each change of a row counts its `v` up, also across delete and insert."""
    chance = random.Random(seed)
    with database.connect(autocommit=False) as connection:
        while not stopping.is_set():
            for _ in range(chance.randint(1, 20)):
                name = chance.choice(("numbers", "words", "pairs"))
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


_versions: dict[tuple[str, int], int] = {}


@contextmanager
def load(database: Database, writers: int = 2) -> Iterator[None]:
    _versions.clear()
    stopping = threading.Event()
    threads = [threading.Thread(target=write, args=(database, stopping, seed)) for seed in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def verify(capture: Capture, names: tuple[str, ...] = ("numbers", "words", "pairs")) -> None:
    """Apply the log's events to a dict; it must equal the database, and no version may go back."""
    for name in names:
        state: dict[tuple[Any, ...], int] = {}
        history: dict[tuple[Any, ...], list[tuple[str, int]]] = defaultdict(list)
        for event in capture.events(name):
            key = tuple(event.key.values())
            if event.op == "d":
                state.pop(key, None)
            else:
                state[key] = event.value["after"]["v"]
                history[key].append((event.op, state[key]))
        columns = "b, a" if name == "pairs" else "id"
        expected = {row[:-1]: row[-1] for row in capture.database.execute(f"select {columns}, v from {name}")}
        assert state == expected, name
        for key, versions in history.items():
            numbers = [version for _, version in versions]
            assert numbers == sorted(numbers), (name, key, versions)
            for (_, before), (op, version) in itertools.pairwise(versions):
                assert version > before or op == "r", (name, key, versions)


def finished_rows(capture: Capture) -> dict[str, int]:
    return {name: int(offset["rows"]) for name, offset in capture.progress().items()}


def cut(capture: Capture, windows: int) -> None:
    """Run a snapshot for so many windows, committed one by one, and drop everything."""
    task = capture.task()
    task.source.open(task._context())
    task.max_bytes = 1 << 14
    for _ in range(windows):
        window = task.source.read(task.max_bytes, 0.1)
        if window is None:
            break
        task._deliver(window)
        task._commit()
    task._close()


@pytest.fixture
def tables(database: Database) -> Database:
    create(database)
    return database


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
        assert len(set(keys)) == ROWS, name
        assert len(keys) - ROWS <= ROWS - count, name
    assert sum(len(capture.events(name)) for name in TABLES) < ROWS * 4 + 600
    assert capture.progress() == {}


def test_cut_many_times_under_load(tables: Database) -> None:
    capture = Capture(tables, CHUNKS)
    with load(tables):
        for windows in (3, 1, 7, 5, 12):
            cut(capture, windows)
        with capture.running():
            time.sleep(0.5)
            cuts = len(capture.events())
    with capture.running():
        capture.sync()
    assert cuts
    verify(capture)
    assert capture.progress() == {}


def test_cut_while_it_catches_up(tables: Database) -> None:
    """The stream is still inside of what the snapshot contains, and is cut there, too."""
    capture = Capture(tables, CHUNKS)
    cut(capture, 6)
    with load(tables):
        time.sleep(0.5)
    cut(capture, 10_000 if not capture.progress() else 40)
    for windows in (1, 2, 1):
        cut(capture, windows)
    with capture.running():
        capture.sync()
    verify(capture)


def test_long_open_transactions(tables: Database) -> None:
    """A transaction that was open before the first chunk commits after the last, another between."""
    capture = Capture(tables, CHUNKS)
    with capture.running():
        capture.sync()
    capture.set_offset(None)
    with tables.connect(autocommit=False) as first, tables.connect(autocommit=False) as second:
        first.execute("update numbers set v = v + 1 where id % 100 = 0")
        second.execute("update numbers set v = v + 1 where id % 100 = 1")
        second.execute("delete from numbers where id % 100 = 2")
        capture.log = type(capture.log)()
        capture._reader, capture._events = capture.log.reader("check", [], {}, pattern=".*"), []
        cut(capture, 5)
        second.commit()
        cut(capture, 8)
        first.commit()
    with capture.running():
        capture.sync()
    verify(capture)


def test_a_row_that_was_read_and_deleted_before_the_next_try(database: Database) -> None:
    """The chunk was not finished; the next reading of it does not show the row, nor may the log keep it."""
    create(database)
    capture = Capture(database, {"snapshot.include.collection.list": "public.numbers"})
    cut(capture, 1)
    assert capture.progress() == {}
    ids = [event.key["id"] for event in capture.events("numbers")]
    database.execute("delete from numbers where id = %s", [ids[5]])
    database.execute("delete from numbers where id = %s", [ids[6]])
    database.execute("insert into numbers values (%s, 1)", [ids[6]])
    with capture.running():
        capture.sync()
    verify(capture, ("numbers",))
    assert [event.key["id"] for event in capture.events("numbers", "d")] == [ids[5]]


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
    from cdc.metrics import Metrics
    from cdc.plugin import PluginKind
    from cdc.runtime.task import Assignment, build_task

    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": folder}))
    assignment = Assignment("capture", 0, PluginKind.SOURCE, options, {})
    task: Any = build_task(assignment, log, Metrics(), on_topic=lambda topic: None, draining=lambda: False)
    task.run(lambda: False, lambda: None)


def test_kill_at_random_points(tables: Database, tmp_path: Path) -> None:
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)}))
    capture = Capture(tables, {**CHUNKS, "slot.max.retries": "30"}, log)
    chance = random.Random(1)
    command = [sys.executable, "-c", CHILD, json.dumps(capture.options), str(tmp_path)]
    with load(tables):
        for _ in range(KILLS):
            process = subprocess.Popen(command, cwd=ROOT)
            time.sleep(0.8 + chance.random() * 0.7)
            process.send_signal(signal.SIGKILL)
            process.wait()
    with capture.running():
        capture.sync()
    verify(capture)
    log.close()
