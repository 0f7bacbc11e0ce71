"""What the embedded log does beyond the contract: retention, interning, wake-ups, its own bounds."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdc.batch import Encoded
from cdc.columns import Spliced
from cdc.errors import LogError, LogRejected, LogUnusable
from cdc.plugin import LogReader, LogWriter
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig, blob, pending
from cdc.transport.embedded.store import Store, translate

TEXTS = Spliced((b'{"id":', b"}"), [b"\n".join(b"%d" % number for number in range(1000))], 1000)


def tick() -> None:
    pass


def open_log(path: Path, **options: Any) -> EmbeddedLog:
    given = {name.replace("_", "."): value for name, value in options.items()}
    return EmbeddedLog(EmbeddedLogConfig({"data.dir": str(path), **given}))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    opened = open_log(tmp_path).writer("c", 0, {})
    yield opened
    opened.close()


@pytest.fixture
def reader(tmp_path: Path, writer: LogWriter) -> Iterator[LogReader]:
    opened = open_log(tmp_path).reader("g", ["t", "u"], {})
    yield opened
    opened.close()


def put(writer: LogWriter, value: bytes, topic: str = "t") -> None:
    writer.append(Encoded(topic, [b"k"], [value]), tick)
    writer.commit({}, tick)


def ask(path: Path, sql: str) -> Any:
    connection = sqlite3.connect(path / "log.db")
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()


def test_the_worker_s_other_options_are_no_concern(tmp_path: Path) -> None:
    assert open_log(tmp_path, bootstrap_servers="b:1").config.warnings == []


def test_settings_of_the_file(tmp_path: Path, writer: LogWriter) -> None:
    put(writer, b"v")
    assert ask(tmp_path, "PRAGMA journal_mode") == "wal"
    assert ask(tmp_path, "PRAGMA auto_vacuum") == 2
    assert writer._store.query("PRAGMA synchronous") == [(2,)]  # type: ignore[attr-defined]


def test_a_schema_is_stored_once(tmp_path: Path, writer: LogWriter) -> None:
    schema = b'{"schema":' + b"x" * 100_000
    for _ in range(20):
        writer.append(Encoded("t", [b"k"], [b"v" * 2_000_000], value_wrap=(schema, b"}")), tick)
        writer.commit({}, tick)
    again = open_log(tmp_path).writer("c", 1, {})
    again.append(Encoded("u", [b"k"], [b"v"], value_wrap=(schema, b"}")), tick)
    again.commit({}, tick)
    again.close()
    assert ask(tmp_path, "SELECT count(*) FROM wraps") == 1
    assert ask(tmp_path, "SELECT max(size) FROM batches") < 2_001_000


def test_what_values_end_in_is_of_their_run_and_not_kept_beyond_it(tmp_path: Path, writer: LogWriter) -> None:
    for number in range(20):
        tail = b",%d}" % (number // 2)
        writer.append(Encoded("t", [b"k", None], [b"v%d" % number, None], value_wrap=(b"{", tail)), tick)
    writer.commit({}, tick)
    assert ask(tmp_path, "SELECT count(*) FROM wraps") == 1
    runs = open_log(tmp_path).reader("g", ["t"], {}).poll(1 << 20, 1)
    read = [value for run in runs for _, value in run.encoded.whole()]
    assert read[::2] == [b"{v%d,%d}" % (number, number // 2) for number in range(20)]
    assert read[1::2] == [None] * 20


def test_columns_stay_columns_in_the_file(tmp_path: Path, writer: LogWriter) -> None:
    for _ in range(10):
        writer.append(Encoded("t", TEXTS, TEXTS), tick)
        writer.commit({}, tick)
    assert ask(tmp_path, "SELECT max(size) FROM batches") < 2 * 3889 + 100
    face = open_log(tmp_path).reader("g", ["t"], {})
    face.seek({("t", 0): 500})
    runs = [run for got in iter(lambda: face.poll(30_000, 0), []) for run in got]
    face.close()
    assert [len(run.offsets) for run in runs] == [3500, 4000, 2000]
    assert all(isinstance(texts, Spliced) for run in runs for texts in (run.encoded.keys, run.encoded.values))
    assert [value for run in runs for value in run.encoded.values] == [*TEXTS[500:], *[*TEXTS] * 9]


def test_texts_of_a_frame_are_cut_by_record_where_they_are_large(tmp_path: Path, writer: LogWriter) -> None:
    texts = Spliced((b"", b""), [b"\n".join([b"x" * 1000] * 5000)], 5000)
    writer.append(Encoded("t", texts, texts), tick)
    writer.commit({}, tick)
    assert 8 <= ask(tmp_path, "SELECT count(*) FROM batches") <= 12


# Written by version 0.1.0 before there were spliced texts: two records with everything.
OLD_ROW = (
    "011d000002000000010000000400000001000000ffffffff02000000020000000500000000000000060000000000000001000000"
    "7d6b76317632ffffffff01000000010000006801000000780100000001000000030000006f776effffffff"
)


def test_rows_of_older_logs_are_read() -> None:
    found = blob.unpack(bytes.fromhex(OLD_ROW))
    assert (found.keys, found.values, found.timestamps) == ([b"k", None], [b"v1", b"v2"], [5, 6])
    assert (found.headers, found.row_headers, found.value_tail) == (
        (("h", b"x"),),
        {1: (("own", None),)},
        b"}",
    )
    texts = [blob.Column.of(one) for one in (found.keys, found.values)]
    row = blob.pack(*texts, found.timestamps, found.headers, found.row_headers, b"}")
    assert row.data.hex() == OLD_ROW, "and written, so that an older version reads what it knows"
    with pytest.raises(LogError, match="has format 3"):
        blob.unpack(b"\3" + row.data[1:])


def test_single_rows_of_one_commit_are_one_row_of_the_file(tmp_path: Path, writer: LogWriter) -> None:
    for number in range(300):
        writer.append(Encoded("tu"[number % 2], [b"k"], [b"%d" % number]), tick)
    writer.commit({}, tick)
    assert ask(tmp_path, "SELECT count(*) FROM batches") == 2


def test_single_rows_of_many_commits_are_one_run(writer: LogWriter, reader: LogReader) -> None:
    for number in range(50):
        put(writer, b"%d" % number)
    (run,) = reader.poll(1 << 20, 0)
    assert run.offsets == range(50)


def test_a_large_batch_is_stored_in_rows_of_about_a_megabyte(tmp_path: Path, writer: LogWriter) -> None:
    nulls: list[bytes | None] = [None if n % 10 == 0 else bytes(1000) for n in range(20_000)]
    writer.append(Encoded("t", [b"k"] * 20_000, nulls, row_headers={15_000: [("h", b"1")]}), tick)
    writer.commit({}, tick)
    assert 15 <= ask(tmp_path, "SELECT count(*) FROM batches") <= 20
    face = open_log(tmp_path).reader("g", ["t"], {})
    runs = face.poll(1 << 30, 0)
    face.close()
    assert [value for run in runs for value in run.encoded.values] == nulls
    (marked,) = [run for run in runs if run.encoded.row_headers]
    assert list(marked.encoded.row_headers) == [15_000 - marked.offsets[0]]


def test_a_record_beyond_sqlite_is_rejected(writer: LogWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "RECORD_LIMIT", 1000)
    writer.append(Encoded("t", [b"k"] * 3, [bytes(900)] * 3), tick)
    with pytest.raises(LogRejected, match="record 1 of a batch for t has 1001 bytes"):
        writer.append(Encoded("t", [b"", b"k"], [bytes(900), bytes(1000)]), tick)


def test_due(writer: LogWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not writer.due(idle=False)
    assert not writer.due(idle=True), "offsets alone do not hurry"
    writer.append(Encoded("t", [b"k"], [b"v"]), tick)
    assert writer.due(idle=True)
    assert not writer.due(idle=False)
    writer.append(Encoded("t", [b"k"], [bytes(5 << 20)]), tick)
    assert writer.due(idle=False)
    writer.commit({}, tick)
    writer.append(Encoded("t", [b"k"], [b"v"]), tick)
    assert not writer.due(idle=False)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 0.2)
    assert writer.due(idle=False)
    writer.commit({}, tick)
    monkeypatch.setattr(time, "monotonic", lambda: now + 2)
    assert writer.due(idle=True)


def test_compaction_of_states(tmp_path: Path) -> None:
    state = open_log(tmp_path).state("status")
    for number in range(200):
        state.put(b"k%d" % (number % 3), b"%d" % number)
    state.close()
    assert ask(tmp_path, "SELECT count(*) FROM states") == 3


# -- retention ---------------------------------------------------------------------------------


def test_age(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = open_log(tmp_path, log_retention_ms="150", **{"log.retention.check.interval.ms": "1"})
    writer, reader = log.writer("c", 0, {}), log.reader("g", ["t"], {})
    put(writer, b"old")
    put(writer, b"old", "u")
    assert len(reader.poll(1 << 20, 0)) == 1
    reader.commit({("t", 0): 0})
    time.sleep(0.2)
    put(writer, b"new")
    with caplog.at_level(logging.WARNING):
        put(writer, b"newer")
    assert [(info.name, info.records) for info in log.topics()] == [("t", 2)]
    late = log.reader("other", ["t"], {})
    assert [list(run.offsets) for run in late.poll(1 << 20, 0)] == [[1, 2]], "offsets go on"
    late.close()
    reader.close()
    reader = log.reader("g", ["t"], {})
    assert [list(run.offsets) for run in reader.poll(1 << 20, 0)] == [[1, 2]]
    text = caplog.text
    assert "deleted 1 records of topic t that group g had not read" in text
    assert "group g stands at 0 of topic t, which has records 1 to 3" in text
    reader.close()
    writer.close()


def test_bytes_bound_the_file(tmp_path: Path) -> None:
    log = open_log(tmp_path, log_retention_bytes=str(8 << 20))
    writer = log.writer("c", 0, {})
    for number in range(100):
        put(writer, b"%02d" % number + os.urandom(500_000), "tu"[number % 2])
    assert (tmp_path / "log.db").stat().st_size < 32 << 20
    reader = log.reader("g", ["t", "u"], {})
    found = [run for got in iter(lambda: reader.poll(1 << 20, 0), []) for run in got]
    kept = sorted(int((value or b"")[:2]) for run in found for value in run.encoded.values)
    assert kept == list(range(kept[0], 100)), "the oldest went, of all topics together"
    assert 5 <= len(kept) <= 20
    reader.close()
    writer.close()


def test_the_file_shrinks(tmp_path: Path) -> None:
    log = open_log(tmp_path, log_retention_ms="1", **{"log.retention.check.interval.ms": "1"})
    unlimited = open_log(tmp_path).writer("c", 0, {})
    for _ in range(40):
        put(unlimited, os.urandom(1_000_000))
    unlimited.close()
    writer = log.writer("c", 0, {})
    time.sleep(0.01)
    for _ in range(20):
        put(writer, b"v")
        time.sleep(0.002)
    writer._store.query("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
    assert (tmp_path / "log.db").stat().st_size < 8 << 20
    writer.close()


# -- waiting -----------------------------------------------------------------------------------


def test_a_waiting_reader_wakes_at_the_commit(writer: LogWriter, reader: LogReader) -> None:
    delays: list[float] = []

    def wait() -> None:
        for _ in range(20):
            (run,) = reader.poll(1 << 20, 5)
            delays.append(time.time() - float(run.encoded.values[0] or b"0"))

    waiting = threading.Thread(target=wait)
    waiting.start()
    for number in range(20):
        while len(delays) < number:
            time.sleep(0.001)
        time.sleep(0.03)
        put(writer, b"%.6f" % time.time())
    waiting.join()
    assert sorted(delays)[10] < 0.03, "the commit itself included"


def test_waiting_costs_nothing(reader: LogReader) -> None:
    before = time.thread_time()
    assert reader.poll(1 << 20, 1.0) == []
    assert time.thread_time() - before < 0.01


def test_without_pipes_a_reader_looks_by_itself(
    writer: LogWriter, reader: LogReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError("no pipes here")

    monkeypatch.setattr(os, "mkfifo", refuse)
    later = threading.Timer(0.05, put, (writer, b"v"))
    later.start()
    assert len(reader.poll(1 << 20, 5)) == 1
    later.join()


def test_pipes_of_the_dead_are_removed(tmp_path: Path, writer: LogWriter, reader: LogReader) -> None:
    reader.poll(1, 0.01)
    stale = tmp_path / "log.db-readers" / "1-dead.pipe"
    os.mkfifo(stale)
    put(writer, b"v")
    assert not stale.exists()
    assert len(list(stale.parent.iterdir())) == 1
    reader.close()
    assert list(stale.parent.iterdir()) == []


# -- trouble -----------------------------------------------------------------------------------


def test_a_log_made_anew_is_read_from_its_beginning(
    writer: LogWriter, reader: LogReader, caplog: pytest.LogCaptureFixture
) -> None:
    put(writer, b"v")
    reader.seek({("t", 0): 500})
    (run,) = reader.poll(1 << 20, 0)
    assert list(run.offsets) == [0]
    assert "the log was made anew" in caplog.text


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"no database " * 1000)
    with pytest.raises(LogUnusable, match="damaged"):
        open_log(tmp_path).state("offsets")


def test_a_newer_format_is_said(tmp_path: Path) -> None:
    open_log(tmp_path).topics()
    connection = sqlite3.connect(tmp_path / "log.db")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(LogUnusable, match="has format 9"):
        open_log(tmp_path).topics()


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogUnusable, match=r"file/data: Not a directory .*data\.dir"):
        open_log(tmp_path / "file" / "data").topics()
    with pytest.raises(LogUnusable, match=r"file: is not a directory .*data\.dir"):
        open_log(tmp_path / "file").topics()


def test_a_directory_without_rights_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = sqlite3.OperationalError("unable to open database file")
    refused.sqlite_errorcode, refused.sqlite_errorname = sqlite3.SQLITE_CANTOPEN, "SQLITE_CANTOPEN"
    path = tmp_path / "log.db"
    assert translate(refused, path).retry, "too many open files, perhaps"
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may do everything
    assert str(translate(refused, path)).endswith("(check data.dir and the rights on it)")
    assert not translate(refused, path).retry


def test_a_writer_waits_for_the_lock_and_ticks(tmp_path: Path, writer: LogWriter) -> None:
    other = Store(tmp_path / "log.db", durable=True)
    other.query("BEGIN IMMEDIATE")
    ticks: list[float] = []

    def release() -> None:
        ticks.append(time.monotonic())
        other.query("COMMIT")

    writer.append(Encoded("t", [b"k"], [b"v"]), tick)
    writer.commit({}, release)
    assert len(ticks) == 1
    other.close()


def test_many_processes_may_make_the_file(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def make() -> None:
        try:
            open_log(tmp_path / "new").state("s").close()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=make) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
