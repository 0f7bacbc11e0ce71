"""A snapshot that is cut goes on where it was, while rows change: nothing lost, twice or back in time."""

from __future__ import annotations

import collections
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pymysql
import pytest

from cdc.errors import ResourceBusy
from cdc.sources.mysql import select_rows
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from cdc.transport.memory import MemoryWriter
from tests.integration.cut_snapshots import applied, cut, embedded_task, load
from tests.integration.mysql.capture import Capture
from tests.servers.mysql import MySQLServer
from tests.servers.policy import require

ROOT = Path(__file__).resolve().parents[3]
KILLS = 5
ROWS = 1500
READ_BYTES = 1 << 13
WRITERS = 2

TABLES = {
    "numbers": ("id bigint primary key", "{i}"),
    "words": (
        "id varchar(20) collate utf8mb4_unicode_ci primary key",
        "concat(if({i} % 2, 'a', 'B'), {i}, 'é')",
    ),
    "latin": (
        "id varchar(20) character set latin1 collate latin1_german2_ci primary key",
        "concat(if({i} % 2, 'ä', 'Ae'), {i})",
    ),
    "pairs": ("a int unsigned, b varchar(9), primary key (b, a)", "4000000000 + {i} % 7, concat('k', {i})"),
    "octets": ("id varbinary(8) primary key", "unhex(lpad(hex({i} * 40503 % 65536), 8, '0'))"),
    "moments": (
        "id datetime(3) primary key",
        "timestamp '1999-12-31 23:59:59.5' + interval {i} * 1111 second",
    ),
    "prices": ("id decimal(9,2) primary key", "({i} - 700) / 4"),
}
_PAIR = "b, a"


@pytest.fixture(scope="module")
def mysql_without_gtids() -> Iterator[MySQLServer]:
    with require("mysql"):
        server = MySQLServer(options={"gtid-mode": "OFF", "enforce-gtid-consistency": "OFF"}).start()
    yield server
    server.kill()


@pytest.fixture(params=["mysql", "mariadb", "mysql_without_gtids"])
def server(request: pytest.FixtureRequest) -> MySQLServer:
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select_rows, "READ_BYTES", READ_BYTES)


def create(capture: Capture, names: tuple[str, ...] = (*TABLES, "blind")) -> None:
    capture.execute("create table digits (d int primary key)", "insert into digits values " + _list(10))
    tens = " cross join ".join(f"digits d{n}" for n in range(4))
    series = f"(select d0.d + d1.d * 10 + d2.d * 100 + d3.d * 1000 + 1 i from {tens}) s where i <= {ROWS}"
    for name in names:
        key, value = TABLES.get(name, ("id int", "{i}"))
        columns = f"{key}, v int not null default 0, pad varchar(90) default '{'x' * 90}'"
        names_of_key = _key(name)
        capture.execute(
            f"create table {name} ({columns})",
            f"insert into {name} ({names_of_key}) select {value.format(i='i')} from {series}",
        )
    capture.execute("drop table digits")


def _list(count: int) -> str:
    return ", ".join(f"({n})" for n in range(count))


def _key(name: str) -> str:
    return "a, b" if name == "pairs" else "id"


# -- load ----------------------------------------------------------------------------------------


def write(capture: Capture, stopping: threading.Event, seed: int) -> None:
    """Change rows at random; each change of a row counts its `v` up, also across delete and insert.

    A statement that waits for another writer's row also keeps the snapshot's lock waiting, which stops that
    writer: the server does not see that all three wait for each other, so nobody waits for long.
    """
    chance, versions = random.Random(seed), dict[tuple[str, int], int]()
    isolation = "tx_isolation" if capture.server.name == "mariadb" else "transaction_isolation"
    session = f"set innodb_lock_wait_timeout = 1, {isolation} = 'READ-COMMITTED'"
    with capture.server.connect(capture.database, init_command=session) as connection:
        while not stopping.is_set():
            try:
                _transaction(connection, chance, seed, versions)
            except pymysql.err.OperationalError:  # another writer's lock; a timeout undoes one statement only
                connection.rollback()
            time.sleep(0.002)


def _transaction(
    connection: Any, chance: random.Random, seed: int, versions: dict[tuple[str, int], int]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("begin")
        for _ in range(chance.randint(1, 12)):
            i = chance.randrange(seed, ROWS, WRITERS) + 1
            _change(cursor, chance.choice(list(TABLES)), i, chance, versions)
        cursor.execute("rollback" if chance.random() < 0.1 else "commit")


def _change(
    cursor: Any, name: str, i: int, chance: random.Random, versions: dict[tuple[str, int], int]
) -> None:
    value = TABLES[name][1].format(i=i)
    condition = f"({_key(name)}) = (select {value})"
    if chance.random() < 0.6:
        cursor.execute(f"update {name} set v = v + 1 where {condition}")
        return
    cursor.execute(f"select v from {name} where {condition} for update")
    found = cursor.fetchone()
    version = versions[name, i] = max(found[0] if found else 0, versions.get((name, i), 0)) + 1
    cursor.execute(f"delete from {name} where {condition}")
    if chance.random() < 0.5:
        cursor.execute(f"insert into {name} ({_key(name)}, v) select {value}, {version}")


# -- what has to come out ------------------------------------------------------------------------


def verify(capture: Capture, *, exact: bool = True) -> None:
    """What the events of each table come to must be what the database has; see `applied`."""
    for name in TABLES:
        state = applied(capture, name, exact=exact)
        found = capture.execute(f"select count(*), sum(v) from {name}")[0]
        assert (len(state), sum(state.values())) == (found[0], int(found[1])), name
        if name in ("numbers", "words", "latin", "pairs"):
            keys = _PAIR if name == "pairs" else "id"
            assert state == {row[:-1]: row[-1] for row in capture.execute(f"select {keys}, v from {name}")}


def test_what_was_told_is_not_read_again(server: MySQLServer, small_windows: None) -> None:
    capture = Capture(server)
    create(capture)
    for windows in (1, 4, 30, 40):
        cut(capture, windows)
    done = {name: int(offset["rows"]) for name, offset in capture.progress().items()}
    assert 0 < sum(done.values()) < ROWS * len(TABLES)
    with capture.running():
        capture.sync()
    for name in TABLES:
        keys = [tuple(event.key.values()) for event in capture.events(name)]
        assert len(keys) == len(set(keys)) == ROWS, name
    told = Counter(event.row["id"] for event in capture.events("blind"))
    assert len(told) == ROWS
    assert capture.progress() == {}
    verify(capture)


@pytest.mark.parametrize(("seed", "threads"), [(1, 1), (2, 3)])
def test_cut_many_times_under_load(server: MySQLServer, seed: int, threads: int, small_windows: None) -> None:
    capture = Capture(server, {"snapshot.max.threads": str(threads)})
    create(capture)
    chance = random.Random(seed)
    with load(partial(write, capture), WRITERS):
        cut(capture, 2)
        for _ in range(8):
            cut(capture, chance.randint(1, 40))
        with capture.running():
            time.sleep(0.5)
    with capture.running():
        capture.sync()
    verify(capture)
    assert capture.progress() == {}


@pytest.mark.parametrize("seed", [1])
def test_without_a_lock(server: MySQLServer, seed: int, small_windows: None) -> None:
    """What changes while the view is opened comes from the stream; nothing goes back in time."""
    capture = Capture(server, {"snapshot.locking.mode": "none"})
    create(capture)
    chance = random.Random(seed)
    with load(partial(write, capture), WRITERS):
        for _ in range(3):
            cut(capture, chance.randint(20, 60))
        with capture.running():
            time.sleep(0.5)
    with capture.running():
        capture.sync()
    verify(capture, exact=False)


def test_cut_while_it_catches_up(server: MySQLServer, small_windows: None) -> None:
    """The stream is still inside of what the snapshot contains, and is cut there, too."""
    capture = Capture(server)
    create(capture)
    cut(capture, 40)
    with load(partial(write, capture), WRITERS):
        time.sleep(0.5)
    cut(capture, 150)
    for windows in (1, 2, 1):
        cut(capture, windows)
    with capture.running():
        capture.sync()
    verify(capture)


def test_a_log_that_is_not_exactly_once(
    server: MySQLServer, small_windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows were told, but not recorded, and are deleted when they are read again: the delete is told."""
    monkeypatch.setattr(MemoryWriter, "exactly_once", False)
    capture = Capture(server, {"snapshot.include.collection.list": r"[^.]*\.numbers"})
    create(capture, ("numbers",))
    cut(capture, 3)
    stored = dict(capture.log.state("offsets").items())
    cut(capture, 1)
    for key, value in stored.items():
        capture.log.state("offsets").put(key, value)
    ids = [event.key["id"] for event in capture.events("numbers")]
    capture.execute(f"delete from numbers where id in ({ids[-1]}, {ids[-2]})")
    capture.execute(f"insert into numbers (id, v) values ({ids[-1]}, 1)")
    with capture.running():
        capture.sync()
    assert ids[-2] in [event.key["id"] for event in capture.events("numbers", "d")]
    state = {e.key["id"]: e.op for e in capture.events("numbers")}
    assert state.pop(ids[-2]) == "d"
    assert set(state) == {row[0] for row in capture.execute("select id from numbers")}


def test_truncate_between_the_tries(server: MySQLServer, small_windows: None) -> None:
    capture = Capture(server, {"skipped.operations": "none"})
    create(capture, ("numbers",))
    cut(capture, 4)
    capture.execute("truncate numbers", "insert into numbers (id, v) values (1, 1), (1400, 1)")
    with capture.running():
        capture.sync()
    events = capture.events("numbers")
    last = max(index for index, event in enumerate(events) if event.op == "t")
    assert [(event.op, event.row["id"]) for event in events[last + 1 :]] == [("c", 1), ("c", 1400)]


def test_a_key_of_another_type_starts_over(server: MySQLServer, small_windows: None) -> None:
    capture = Capture(server)
    create(capture, ("numbers",))
    cut(capture, 5)
    capture.execute("alter table numbers modify id varchar(20)")
    with capture.running():
        capture.execute("insert into numbers (id) values ('x')")
        capture.sync()
    keys = [event.key["id"] for event in capture.events("numbers")]
    assert keys[-1] == "x"
    assert Counter(keys)["17"] == 1


def test_a_table_altered_before_its_turn_waits_for_the_next_try(
    server: MySQLServer, small_windows: None
) -> None:
    capture = Capture(server)
    create(capture, ("numbers", "words"))
    task = capture.task()
    task.source.open(task._context())
    for _ in range(4):
        task.source.read(1, 0.1)
    capture.execute("alter table words drop pad, add w bigint default 5")
    with pytest.raises(ResourceBusy, match="words was altered"):
        collections.deque(iter(lambda: task.source.read(1, 0.1), None), maxlen=0)
    task._close()
    with capture.running():
        capture.sync()
    assert {event.row["w"] for event in capture.events("words")} == {5}
    assert len(capture.events("words")) == ROWS


def test_a_table_is_not_locked_once_it_is_read(server: MySQLServer, small_windows: None) -> None:
    """A transaction keeps what it has read from being altered; one table at a time is enough."""
    capture = Capture(server)
    create(capture, ("numbers", "words"))
    task = capture.task()
    task.source.open(task._context())
    topics = (
        batch.topic for window in iter(lambda: task.source.read(1, 0.1), None) for batch in window.batches
    )
    assert any(topic.endswith("words") for topic in topics)
    with server.connect(capture.database, init_command="set lock_wait_timeout = 2") as other:
        other.cursor().execute("alter table numbers add w int")
    task._close()


# -- kill -9 -------------------------------------------------------------------------------------

CHILD = """
import sys, json
from tests.integration.mysql.test_resumable_snapshot import child
child(json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
"""


def child(options: dict[str, str], folder: str, seed: int) -> None:
    """Run until the end that comes at a random moment behind a random window."""
    select_rows.READ_BYTES = READ_BYTES
    chance = random.Random(seed)
    task = embedded_task(options, folder)
    left, read = itertools.count(chance.randint(5, 60), -1), task.source.read

    def counted(*arguments: Any) -> Any:
        if next(left) == 0:
            moment = chance.random() * 0.02
            threading.Timer(moment, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return read(*arguments)

    task.source.read = counted  # type: ignore[method-assign]
    task.run(lambda: False, lambda: None)


@pytest.mark.parametrize("seed", [1])
def test_kill_at_random_points(server: MySQLServer, seed: int, tmp_path: Path) -> None:
    log = EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)}))
    history = {
        "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
        "schema.history.internal.file.filename": str(tmp_path / "history"),
    }
    capture = Capture(server, history, log)
    create(capture)
    with load(partial(write, capture), WRITERS):
        for number in range(KILLS):
            command = [sys.executable, "-c", CHILD, json.dumps(capture.options), str(tmp_path)]
            found = subprocess.run([*command, str(seed * KILLS + number)], cwd=ROOT, timeout=60)
            assert found.returncode == -signal.SIGKILL
    with capture.running():
        capture.sync()
    verify(capture)
    log.close()
