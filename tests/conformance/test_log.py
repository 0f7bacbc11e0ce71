"""What every log promises (`cdc.plugin`), run over all that are registered."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdc.batch import Encoded
from cdc.columns import Spliced
from cdc.errors import Fenced
from cdc.plugin import Log, LogReader, LogWriter, PluginKind, available
from tests.conformance.logs import HARNESSES, LogHarness, read, rows, seen, values

ROOT = Path(__file__).resolve().parents[2]


def tick() -> None:
    """Do what a source does: nothing."""


@pytest.fixture(params=sorted({*HARNESSES, *(plugin.name for plugin in available(PluginKind.LOG))}))
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> LogHarness:
    name = request.param
    assert name in HARNESSES, f"the log {name!r} is registered and has no entry in tests/conformance/logs.py"
    return HARNESSES[name](request, tmp_path)


@pytest.fixture
def log(harness: LogHarness) -> Iterator[Log]:
    opened = harness.open()
    yield opened
    opened.close()


@pytest.fixture
def writer(log: Log, harness: LogHarness) -> Iterator[LogWriter]:
    opened = log.writer(harness.topic("connector"), 0, harness.connector)
    yield opened
    opened.close()


class Faces:
    """Readers that are closed when the test is over."""

    def __init__(self, log: Log, harness: LogHarness) -> None:
        self.log, self.harness, self.opened = log, harness, list[LogReader]()

    def __call__(self, *topics: str, group: str = "", **extra: str) -> LogReader:
        pattern = extra.pop("pattern", None)
        config = {name.replace("_", "."): value for name, value in extra.items()}
        group = group or self.harness.topic("group")
        self.opened.append(self.log.reader(group, topics, config, pattern=pattern))
        return self.opened[-1]


@pytest.fixture
def reader(log: Log, harness: LogHarness) -> Iterator[Faces]:
    faces = Faces(log, harness)
    yield faces
    for face in faces.opened:
        face.close()


def test_records_come_in_order_with_growing_offsets(
    writer: LogWriter, reader: Faces, harness: LogHarness
) -> None:
    topic = harness.topic()
    for start in range(0, 1000, 100):
        writer.append(rows(topic, start, start + 100), tick)
    writer.commit({}, tick)
    got = read(reader(topic), 1000, harness.patience)
    assert values(got) == list(range(1000))
    assert [record.key for record in got] == [b"k%d" % (n % 7) for n in range(1000)]
    offsets = [record.offset for record in got]
    assert offsets == sorted(set(offsets))


def test_what_is_not_committed_is_not_visible(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    if not harness.atomic:
        pytest.skip("this log shows records before the commit, unless it is told to be exactly-once")
    topic = harness.topic()
    writer.append(rows(topic, 0, 10), tick)
    face = reader(topic)
    assert face.poll(1 << 20, harness.settle) == []
    writer.commit({}, tick)
    assert values(read(face, 10, harness.patience)) == list(range(10))


def test_closing_gives_up_what_is_not_committed(log: Log, reader: Faces, harness: LogHarness) -> None:
    if not harness.atomic:
        pytest.skip("this log keeps records without a commit, unless it is told to be exactly-once")
    topic, connector = harness.topic(), harness.topic("connector")
    first = log.writer(connector, 0, harness.connector)
    first.append(rows(topic, 0, 10), tick)
    first.close()
    second = log.writer(connector, 0, harness.connector)
    second.append(rows(topic, 10, 20), tick)
    second.commit({}, tick)
    second.close()
    assert values(read(reader(topic), 10, harness.patience)) == list(range(10, 20))


def test_offsets_are_stored_with_the_rows(log: Log, writer: LogWriter, harness: LogHarness) -> None:
    topic, key = harness.topic(), harness.topic("offset").encode()
    writer.append(rows(topic, 0, 10), tick)
    writer.commit({key: b'{"lsn":10}'}, tick)
    writer.append(rows(topic, 10, 20), tick)
    state = log.state("offsets")
    assert state.get(key) == b'{"lsn":10}'
    writer.commit({key: b'{"lsn":20}'}, tick)
    state.close()
    state = log.state("offsets")
    assert dict(state.items())[key] == b'{"lsn":20}'
    writer.commit({key: None}, tick)
    state.close()
    state = log.state("offsets")
    assert state.get(key) is None
    state.close()


def test_offsets_move_without_rows(log: Log, writer: LogWriter, harness: LogHarness) -> None:
    key = harness.topic("offset").encode()
    writer.commit({key: b"1"}, tick)
    state = log.state("offsets")
    assert state.get(key) == b"1"
    state.close()


def test_everything_is_there_when_the_log_is_opened_anew(
    log: Log, writer: LogWriter, harness: LogHarness
) -> None:
    topic, key = harness.topic(), harness.topic("offset").encode()
    writer.append(rows(topic, 0, 10), tick)
    writer.commit({key: b"10"}, tick)
    again = harness.open()
    face, state = again.reader("fresh", [topic], {}), again.state("offsets")
    assert values(read(face, 10, harness.patience)) == list(range(10))
    assert state.get(key) == b"10"
    face.close()
    state.close()
    again.close()


def test_an_old_writer_of_the_same_task_is_fenced(log: Log, reader: Faces, harness: LogHarness) -> None:
    if not harness.atomic:
        pytest.skip("this log fences only where it is told to be exactly-once")
    topic, connector = harness.topic(), harness.topic("connector")
    zombie = log.writer(connector, 0, harness.connector)
    zombie.append(rows(topic, 0, 10), tick)
    heir = log.writer(connector, 0, harness.connector)
    other = log.writer(connector, 1, harness.connector)
    with pytest.raises(Fenced):
        zombie.commit({b"zombie": b"1"}, tick)
    with pytest.raises(Fenced):
        zombie.commit({b"zombie": b"1"}, tick)
    for one, start in ((heir, 10), (other, 20)):
        one.append(rows(topic, start, start + 10), tick)
        one.commit({}, tick)
    assert values(read(reader(topic), 20, harness.patience)) == list(range(10, 30))
    state = log.state("offsets")
    assert state.get(b"zombie") is None
    for face in (state, zombie, heir, other):
        face.close()


def test_a_group_goes_on_where_it_committed(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic, group = harness.topic(), harness.topic("group")
    writer.append(rows(topic, 0, 30), tick)
    writer.commit({}, tick)
    first = reader(topic, group=group)
    got = read(first, 30, harness.patience)
    first.commit({(topic, 0): got[9].offset + 1})
    first.close()
    assert values(read(reader(topic, group=group), 20, harness.patience)) == list(range(10, 30))
    assert values(read(reader(topic), 30, harness.patience)) == list(range(30)), "another group starts anew"


def test_seek_wins_over_the_groups_position(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic, group = harness.topic(), harness.topic("group")
    writer.append(rows(topic, 0, 30), tick)
    writer.commit({}, tick)
    first = reader(topic, group=group)
    got = read(first, 30, harness.patience)
    first.seek({(topic, 0): got[25].offset})
    assert values(read(first, 5, harness.patience)) == list(range(25, 30))
    first.commit({(topic, 0): got[-1].offset + 1})
    first.close()
    second = reader(topic, group=group)
    second.seek({(topic, 0): got[13].offset})
    assert values(read(second, 17, harness.patience)) == list(range(13, 30))


def test_seek_counts_for_a_topic_that_comes_later(
    writer: LogWriter, reader: Faces, harness: LogHarness
) -> None:
    topic = harness.topic()
    face = reader(topic)
    face.seek({(topic, 0): 4})
    assert face.poll(1 << 20, harness.settle) == []
    writer.append(rows(topic, 0, 10), tick)
    writer.commit({}, tick)
    assert values(read(face, 6, harness.patience)) == list(range(4, 10))


def test_latest_starts_at_the_end(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic = harness.topic()
    writer.append(rows(topic, 0, 10), tick)
    writer.commit({}, tick)
    face = reader(topic, auto_offset_reset="latest")
    assert face.poll(1 << 20, harness.settle) == []
    writer.append(rows(topic, 10, 20), tick)
    writer.commit({}, tick)
    assert values(read(face, 10, harness.patience)) == list(range(10, 20))


def test_small_polls_lose_nothing(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic = harness.topic()
    writer.append(rows(topic, 0, 500), tick)
    writer.commit({}, tick)
    face = reader(topic)
    assert values(read(face, 500, harness.patience, max_bytes=40)) == list(range(500))
    face.seek({(topic, 0): 123})
    assert values(read(face, 377, harness.patience, max_bytes=1)) == list(range(123, 500))


def test_a_pattern_finds_topics_old_and_new(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    prefix = harness.topic("shop")
    for name in ("orders", "items", "xorders2"):
        writer.append(rows(f"{prefix}.{name}", 0, 5), tick)
    writer.commit({}, tick)
    face = reader(pattern=re.escape(prefix) + r"\.(?<kind>orders|items|late)")
    assert {record.topic for record in read(face, 10, harness.patience)} == {
        f"{prefix}.orders",
        f"{prefix}.items",
    }
    writer.append(rows(f"{prefix}.late", 0, 5), tick)
    writer.commit({}, tick)
    assert {record.topic for record in read(face, 5, harness.patience)} == {f"{prefix}.late"}


def test_nulls_wraps_headers_and_timestamps(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic = harness.topic()
    batch = Encoded(
        topic,
        [b"1", None, b"", b"4"],
        [b"a", b"b", None, b""],
        key_wrap=(b'{"k":', b"}"),
        value_wrap=(b'{"schema":{},"payload":', b"}"),
        headers=[("all", b"x"), ("none", None)],
        row_headers={1: [("own", b"y")], 3: [("own", b""), ("ünïcode", b"\0\xff")]},
        timestamps=[1000, None, 3000, 4000],
    )
    writer.append(batch, tick)
    writer.append(rows(topic, 5, 7), tick)
    writer.commit({}, tick)
    got = read(reader(topic), 6, harness.patience)
    shared = (("all", b"x"), ("none", None))
    assert [record.key for record in got[:4]] == [b'{"k":1}', None, b'{"k":}', b'{"k":4}']
    whole = b'{"schema":{},"payload":%s}'
    assert [record.value for record in got[:4]] == [whole % b"a", whole % b"b", None, whole % b""]
    assert [record.headers for record in got] == [
        shared,
        (("own", b"y"), *shared),
        shared,
        (("own", b""), ("ünïcode", b"\0\xff"), *shared),
        (),
        (),
    ]
    assert [got[index].timestamp for index in (0, 2, 3)] == [1000, 3000, 4000]
    assert all((got[index].timestamp or 0) > 1_600_000_000_000 for index in (1, 4, 5))
    assert read(reader(topic), 6, harness.patience, max_bytes=1) == got, "one by one"


def test_neighbours_with_other_wraps_and_headers_stay_apart(
    writer: LogWriter, reader: Faces, harness: LogHarness
) -> None:
    topic = harness.topic()
    for number in range(40):
        writer.append(
            Encoded(
                topic,
                [b"k"],
                [b"%d" % number],
                value_wrap=(b"<%d " % (number // 3), b">"),
                headers=[("h", b"%d" % (number // 4))],
                row_headers={0: [("r", b"")]} if number % 5 == 0 else {},
                timestamps=[1000 + number] if number % 7 < 3 else None,
            ),
            tick,
        )
        if number % 6 == 0:
            writer.commit({}, tick)
    writer.commit({}, tick)
    got = read(reader(topic), 40, harness.patience)
    assert [record.value for record in got] == [b"<%d %d>" % (n // 3, n) for n in range(40)]
    for number, record in enumerate(got):
        own = (("r", b""),) if number % 5 == 0 else ()
        assert record.headers == (*own, ("h", b"%d" % (number // 4)))
        assert (record.timestamp == 1000 + number) is (number % 7 < 3)


def test_texts_of_a_frame_are_records_like_others(
    writer: LogWriter, reader: Faces, harness: LogHarness
) -> None:
    topic, expected = harness.topic(), list[tuple[bytes | None, bytes | None]]()
    for number in range(30):
        count = 1 + number % 4
        lines = [b'"%d.%d"' % (number, row) for row in range(count)]
        frame = (b'{"a":', b',"b":', b"}") if number % 5 else (b'{"c":', b',"d":', b"}")
        values = Spliced(frame, [b"\n".join(lines), b"\n".join([b""] * count)], count)
        keys = Spliced((b"<", b">"), [b"\n".join(lines)], count) if number % 7 else [b"k"] * count
        wrap = (b"(", b")") if number % 11 else (b"", b"")
        writer.append(Encoded(topic, keys, values, value_wrap=wrap), tick)
        expected += Encoded(topic, [*keys], [*values], value_wrap=wrap).whole()
        if number % 9 == 0:
            writer.append(rows(topic, number, number + 1), tick)
            expected += rows(topic, number, number + 1).whole()
        if number % 6 == 0:
            writer.commit({}, tick)
    writer.commit({}, tick)
    got = read(reader(topic), len(expected), harness.patience)
    assert [(record.key, record.value) for record in got] == expected
    assert read(reader(topic), len(expected), harness.patience, max_bytes=50) == got


def test_large_records(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic = harness.topic()
    large = b"x" * harness.largest
    for value in (b"before", large, b"after"):
        writer.append(Encoded(topic, [b"k"], [value]), tick)
    writer.append(Encoded(topic, [b"k"] * 40, [b"%02d" % n + bytes(100_000) for n in range(40)]), tick)
    writer.commit({}, tick)
    got = read(reader(topic), 43, harness.patience)
    assert [record.value for record in got[:3]] == [b"before", large, b"after"]
    assert [(record.value or b"")[:2] for record in got[3:]] == [b"%02d" % n for n in range(40)]


def test_an_empty_batch_is_nothing(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic = harness.topic()
    writer.append(Encoded(topic, [], []), tick)
    writer.commit({}, tick)
    assert reader(topic).poll(1 << 20, harness.settle) == []


def test_lag_counts_down(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic = harness.topic()
    writer.append(rows(topic, 0, 100), tick)
    writer.commit({}, tick)
    face = reader(topic)
    got = seen(face.poll(50, harness.patience))
    while not got:
        got = seen(face.poll(50, harness.patience))
    # Kafka counts the marks of transactions too.
    assert 100 - len(got) <= face.lag()[topic, 0] <= 100 - len(got) + 1
    read(face, 100 - len(got), harness.patience)
    assert face.lag()[topic, 0] == 0


def test_topics_are_listed(log: Log, writer: LogWriter, harness: LogHarness) -> None:
    topic = harness.topic()
    writer.append(rows(topic, 0, 12), tick)
    writer.commit({b"k": b"v"}, tick)
    (found,) = [one for one in log.topics() if one.name == topic]
    assert found.partitions == 1
    assert found.records >= 12


def test_states_keep_the_newest_value(log: Log, harness: LogHarness) -> None:
    name = harness.topic("state")
    state, other = log.state(name), log.state(harness.topic("state"))
    for value in (b"1", b"2", b"\0\xff"):
        state.put(b"a", value)
    state.put(b"b", b"x")
    state.put(b"c", b"y")
    state.put(b"c", None)
    state.put(b"never", None)
    other.put(b"a", b"other")
    assert state.get(b"a") == b"\0\xff"
    assert state.get(b"c") is None
    assert dict(state.items()) == {b"a": b"\0\xff", b"b": b"x"}
    state.close()
    again = log.state(name)
    assert dict(again.items()) == {b"a": b"\0\xff", b"b": b"x"}
    again.close()
    other.close()


def test_members_of_a_group_share_the_topics(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    prefix, group = harness.topic("shared"), harness.topic("group")
    for number in range(6):
        writer.append(rows(f"{prefix}.{number}", 0, 10), tick)
    writer.commit({}, tick)
    pattern = re.escape(prefix) + r"\.\d"
    members = [reader(pattern=pattern, group=group, tasks_max="2") for _ in range(2)]
    found: list[list[tuple[str, int]]] = [[], []]
    for _ in range(int(harness.patience / 0.1)):
        for member, got in zip(members, found, strict=True):
            got += [(one.topic, one.offset) for one in seen(member.poll(1 << 20, 0.05))]
        if len(found[0]) + len(found[1]) >= 60:
            break
    assert len(found[0]) + len(found[1]) == len({*found[0], *found[1]}) == 60


def test_who_stands_by_takes_over(writer: LogWriter, reader: Faces, harness: LogHarness) -> None:
    topic, group = harness.topic(), harness.topic("group")
    writer.append(rows(topic, 0, 20), tick)
    writer.commit({}, tick)
    first = reader(topic, group=group)
    got = read(first, 20, harness.patience)
    second = reader(topic, group=group)
    assert second.poll(1 << 20, harness.settle) == []
    first.commit({(topic, 0): got[11].offset + 1})
    first.close()
    assert values(read(second, 8, harness.patience)) == list(range(12, 20))


def test_many_threads_write_and_read(log: Log, reader: Faces, harness: LogHarness) -> None:
    topic, connector, failures = harness.topic(), harness.topic("connector"), list[BaseException]()

    def write(task: int) -> None:
        try:
            writer = log.writer(connector, task, harness.connector)
            for start in range(0, 500, 25):
                writer.append(rows(topic, start, start + 25, headers=[("task", b"%d" % task)]), tick)
                writer.commit({b"%d" % task: b"%d" % (start + 25)}, tick)
            writer.close()
        except BaseException as error:
            failures.append(error)
            raise

    def consume(face: LogReader, into: list[object]) -> None:
        try:
            into += read(face, 4 * 500, 3 * harness.patience)
        except BaseException as error:
            failures.append(error)
            raise

    found: list[list[object]] = [[], []]
    threads = [threading.Thread(target=write, args=(task,)) for task in range(4)]
    threads += [threading.Thread(target=consume, args=(reader(topic), into)) for into in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert found[0] == found[1], "every group sees the same records in the same order"
    _assert_each_task_is_whole(found[0], 4, 500)


def test_many_processes_write(log: Log, reader: Faces, harness: LogHarness) -> None:
    if not harness.processes:
        pytest.skip("this log lives in one process")
    topic = harness.topic()
    face = reader(topic)
    command = [
        sys.executable,
        "-m",
        "tests.conformance.log_child",
        harness.name,
        json.dumps(dict(harness.worker)),
    ]
    command += [json.dumps(dict(harness.connector))]
    children = [subprocess.Popen([*command, str(task), topic, "1000"], cwd=ROOT) for task in range(3)]
    got = read(face, 3000, 3 * harness.patience)
    assert [child.wait(harness.patience) for child in children] == [0, 0, 0]
    _assert_each_task_is_whole(got, 3, 1000)
    own = read(reader(f"{topic}-1"), 1000, harness.patience)
    assert values(own) == list(range(1000))


def _assert_each_task_is_whole(records: list, tasks: int, count: int) -> None:  # type: ignore[type-arg]
    for task in range(tasks):
        mine = [record for record in records if ("task", b"%d" % task) in record.headers]
        assert values(mine) == list(range(count))
