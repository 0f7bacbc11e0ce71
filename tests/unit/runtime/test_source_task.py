"""The loop of six calls: what is delivered, and when an offset moves."""

from ast import literal_eval
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cdc.batch import Batch, ChangeBatch, Fetched, Offsets, RecordBatch, Window
from cdc.config import Config
from cdc.errors import ConnectionFailed, EncodeError, Interrupted, LogFull
from cdc.metrics import Metrics
from cdc.plugin import LogWriter, Source, SourceContext, Transform
from cdc.runtime.chain import Chain, Link
from cdc.runtime.encoder import Encoder
from cdc.runtime.headers import SimpleHeaders
from cdc.runtime.source_errors import SourceErrors
from cdc.runtime.source_task import Outcome, SourceTask, StoredOffsets
from cdc.transport.memory import MemoryLog
from schemas.connect import STRING
from tests.fakes.changes import changes
from tests.fakes.formats import FastFormat

PARTITION = {"server": "shop"}


@dataclass
class ListSource(Source):
    """Reads windows from a list; an exception in the list is raised."""

    windows: list[Any]
    confirmed: list[Offsets] = field(default_factory=list)
    context: SourceContext | None = None
    closed: int = 0

    def open(self, context: SourceContext) -> None:
        self.context = context

    def read(self, max_bytes: int, timeout: float) -> Window | None:
        window = self.windows.pop(0) if self.windows else None
        if isinstance(window, Exception):
            raise window
        return window  # type: ignore[no-any-return]

    def confirm(self, offsets: Offsets) -> None:
        self.confirmed.append(offsets)

    def close(self) -> None:
        self.closed += 1


class DropAll(Transform):
    def __init__(self) -> None:
        super().__init__(Config({}))

    def apply(self, batch: Batch) -> Iterable[Batch]:
        return ()


class Batched(LogWriter):
    """A writer without transactions that commits only when told."""

    def __init__(self) -> None:
        self.appended: list[bytes | None] = []
        self.row_headers: list[Any] = []
        self.commits: list[tuple[int, dict[bytes, bytes | None]]] = []

    def append(self, encoded: Any, tick: Any) -> None:
        self.appended += encoded.values
        self.row_headers += [encoded.row_headers.get(index, ()) for index in range(len(encoded))]

    def commit(self, offsets: Any, tick: Any) -> None:
        self.commits.append((len(self.appended), dict(offsets)))

    def due(self, *, idle: bool) -> bool:
        return False

    def close(self) -> None:
        pass


def window(*names: str, lsn: int = 1, **more: Any) -> Window:
    rows = [("c", None, ("1", name)) for name in names]
    return Window([changes(*rows)] if rows else [], [(PARTITION, {"lsn": lsn})], **more)


def task(
    source: Source,
    log: MemoryLog,
    *,
    chain: Chain | None = None,
    writer: LogWriter | None = None,
    **errors: bool,
) -> SourceTask:
    metrics = Metrics()
    return SourceTask(
        "shop",
        0,
        source,
        chain or Chain(),
        Encoder(FastFormat(is_key=True), FastFormat(), SimpleHeaders()),
        writer or log.writer("shop", 0, {}),
        StoredOffsets("shop", log.state("offsets")),
        SourceErrors("shop", 0, metrics, **errors),
        metrics,
        log.journal,
    )


def run(one: SourceTask) -> Outcome:
    return one.run(lambda: False)


def name_of(value: bytes) -> str:
    """Return the name in a row, which the format of these tests writes as Python does."""
    name: str = literal_eval(value.decode())[2]["name"]
    return name


def names(log: MemoryLog) -> list[str]:
    runs: list[Fetched] = log.reader("g", ["shop.public.t"], {}).poll(1 << 20, 0)
    values = [value for one in runs for value in one.encoded.values if value is not None]
    return [name_of(value) for value in values]


def offset(log: MemoryLog) -> Any:
    return StoredOffsets("shop", log.state("offsets")).find(PARTITION)


def test_rows_and_offset_are_durable_before_the_source_hears_of_it() -> None:
    log, source = MemoryLog(), ListSource([window("a", "b", lsn=1), window("c", lsn=2)])
    topics: list[str] = []
    one = task(source, log)
    one.on_topic = topics.append
    assert run(one) is Outcome.FINISHED
    assert names(log) == ["a", "b", "c"]
    assert offset(log) == {"lsn": 2}
    assert source.confirmed[-1] == [(PARTITION, {"lsn": 2})]
    assert source.closed == 1
    assert set(topics) == {"shop.public.t"}


def test_a_source_is_told_where_it_stood() -> None:
    log = MemoryLog()
    run(task(ListSource([window("a", lsn=7)]), log))
    source = ListSource([])
    run(task(source, log))
    assert source.context is not None
    assert source.context.offset(PARTITION) == {"lsn": 7}
    assert source.context.offset({"server": "other"}) is None
    assert source.context.offsets() == [(PARTITION, {"lsn": 7})]


def test_filtered_rows_move_the_offset() -> None:
    log, source = MemoryLog(), ListSource([window("a", lsn=3)])
    run(task(source, log, chain=Chain([Link("drop", DropAll())])))
    assert names(log) == []
    assert offset(log) == {"lsn": 3}
    assert source.confirmed == [[(PARTITION, {"lsn": 3})]]


def test_what_is_set_aside_passes_the_transforms_and_the_offset_waits_for_it() -> None:
    letter = RecordBatch("letters", STRING, STRING, ["k"], ["v"])
    log, source = MemoryLog(), ListSource([window("a", lsn=3, letters=[letter])])
    run(task(source, log, chain=Chain([Link("drop", DropAll())])))
    (fetched,) = log.reader("g", ["letters"], {}).poll(1 << 20, 0)
    assert fetched.encoded.values == [FastFormat().encode("letters", STRING, ["v"])[0]]
    assert names(log) == []
    assert offset(log) == {"lsn": 3}


def test_an_error_of_the_source_leaves_after_what_was_committed() -> None:
    log = MemoryLog()
    source = ListSource([window("a", lsn=1), ConnectionFailed("gone")])
    with pytest.raises(ConnectionFailed):
        run(task(source, log))
    assert names(log) == ["a"]
    assert source.closed == 1


@pytest.mark.parametrize(
    "error", [ConnectionFailed("gone"), ValueError("no such event"), Interrupted("stop")]
)
def test_what_was_read_before_an_error_of_the_source_is_durable(error: Exception) -> None:
    writer = Batched()
    source = ListSource([window("a", lsn=1), window("b", lsn=2), error])
    with nullcontext() if isinstance(error, Interrupted) else pytest.raises(type(error)):
        run(task(source, MemoryLog(), writer=writer))
    ((count, offsets),) = writer.commits
    assert (count, [*offsets.values()]) == (2, [b'{"lsn":2}'])
    assert source.confirmed == []


def test_a_bad_record_leaves_out_its_window_where_windows_are_transactions() -> None:
    log = MemoryLog()
    source = ListSource([window("a", lsn=1, more=True), window("b", "poison", "c", lsn=2)])
    with pytest.raises(EncodeError):
        run(task(source, log))
    assert names(log) == ["a"]
    assert offset(log) == {"lsn": 1}
    assert source.confirmed == [[(PARTITION, {"lsn": 1})]]


def test_without_transactions_all_before_a_bad_record_is_delivered() -> None:
    writer = Batched()
    source = ListSource([window("a", lsn=1), window("b", "c", "poison", "d", lsn=2)])
    one = task(source, MemoryLog(), writer=writer)
    with pytest.raises(EncodeError):
        run(one)
    assert [name_of(value) for value in writer.appended if value] == ["a", "b", "c"]
    ((count, offsets),) = writer.commits
    assert count == 3
    assert [*offsets.values()] == [b'{"lsn":1}']
    assert one.metrics.values["errors"] == 1


class Refuse(DropAll):
    """Passes one batch on, and fails for every other."""

    def apply(self, batch: Batch) -> Iterable[Batch]:
        if getattr(self, "passed", False):
            raise ValueError("no good")
        self.passed = True
        return (batch,)


def test_a_transform_that_fails_ends_the_task_as_a_bad_record_does() -> None:
    for writer in (Batched(), None):
        log, source = MemoryLog(), ListSource([window("a", lsn=1, more=True), window("b", lsn=2)])
        one = task(source, log, writer=writer, chain=Chain([Link("refuse", Refuse())]))
        with pytest.raises(ValueError, match="no good"):
            run(one)
        kept = [[*offsets.values()] for _, offsets in writer.commits] if writer else [offset(log)]
        assert kept == ([[b'{"lsn":1}']] if writer else [{"lsn": 1}])
        assert one.metrics.values["errors"] == 1


def told(writer: LogWriter, log: MemoryLog) -> list[str]:
    """Return the names that were appended; deletes by their key, tombstones not at all."""
    if not isinstance(writer, Batched):
        return names(log)
    return [name_of(value) for value in writer.appended if value]


@pytest.mark.parametrize("exactly_once", [True, False])
def test_a_tolerated_record_is_left_out_and_the_others_come_in_order(exactly_once: bool) -> None:
    rows = [f"r{number}" for number in range(23)]
    for bad in ({0}, {22}, {7, 8, 9}, {0, 11, 22}, set(range(23)), set(range(1, 23))):
        log = MemoryLog()
        writer = log.writer("shop", 0, {}) if exactly_once else Batched()
        some = ["poison" if number in bad else name for number, name in enumerate(rows)]
        source = ListSource([window("first", lsn=1), window(*some, lsn=2), window("last", lsn=3)])
        one = task(source, log, writer=writer, tolerant=True)
        assert run(one) is Outcome.FINISHED
        good = [name for number, name in enumerate(rows) if number not in bad]
        assert told(writer, log) == ["first", *good, "last"]
        assert one.metrics.values["errors"] == one.metrics.values["NumberOfErroneousEvents"] == len(bad)
        assert source.confirmed[-1] == [(PARTITION, {"lsn": 3})]


class Choosy(Transform):
    """Passes batches under a new topic, after it has failed for rows with certain names."""

    def __init__(self, *names: str) -> None:
        super().__init__(Config({}))
        self.names = names

    def apply(self, batch: Batch) -> Iterable[Batch]:
        assert isinstance(batch, ChangeBatch)
        batch.topic += "!"
        if any(new[1] in self.names for _, new in batch.rows.rows):  # type: ignore[attr-defined]
            raise ValueError("no good")
        return (batch,)


@pytest.mark.parametrize("exactly_once", [True, False])
def test_a_record_that_a_transform_fails_for_is_left_out_too(exactly_once: bool) -> None:
    log, topics = MemoryLog(), set[str]()
    writer = log.writer("shop", 0, {}) if exactly_once else Batched()
    source = ListSource([window("a", "b", "c", "d", "e", lsn=1)])
    chain = Chain([Link("x", Choosy("b")), Link("y", Choosy("e", "d"))])
    one = task(source, log, writer=writer, chain=chain, tolerant=True)
    one.on_topic = topics.add
    run(one)
    assert topics == {"shop.public.t!!"}
    runs = log.reader("g", [*topics], {}).poll(1 << 20, 0) if exactly_once else []
    values = writer.appended if isinstance(writer, Batched) else [v for r in runs for v in r.encoded.values]
    assert [name_of(value) for value in values if value] == ["a", "c"]
    assert one.metrics.values["errors"] == 3


def test_bad_records_are_logged_on_request(caplog: pytest.LogCaptureFixture) -> None:
    letter = RecordBatch("letters", STRING, STRING, ["poison"], ["v"])
    poisonous = window("a", "poison", lsn=1, letters=[letter])
    for options in ({}, {"logged": True}, {"logged": True, "messages": True}):
        caplog.clear()
        run(task(ListSource([replace(poisonous)]), MemoryLog(), tolerant=True, **options))
        text = "Error encountered in task shop-0. Executing stage 'VALUE_CONVERTER' with class 'tests.fakes"
        assert (text in caplog.text) is bool(options)
        assert ("stage 'KEY_CONVERTER'" in caplog.text) is bool(options)
        where = "where source record is {topic='shop.public.t', op='c', source={'name': 'shop', 'ts_ms': 5"
        assert (where in caplog.text) is ("messages" in options)
        assert ("{topic='letters', key='poison'}" in caplog.text) is ("messages" in options)


def test_an_error_is_logged_that_ends_the_task(caplog: pytest.LogCaptureFixture) -> None:
    class Last(Choosy):
        pass

    chain = Chain([Link("x", Last()), Link("y", Choosy("b")), Link("z", Last())])
    with pytest.raises(ValueError, match="no good"):
        run(task(ListSource([window("a", "b")]), MemoryLog(), chain=chain, logged=True))
    assert "Executing stage 'TRANSFORMATION' with class 'tests.unit.runtime.test_source_task.Choosy'" in (
        caplog.text
    )


@pytest.mark.parametrize("error", [Interrupted("stop"), MemoryError()])
def test_a_stop_and_short_memory_are_no_bad_records(error: Exception) -> None:
    class Fails(DropAll):
        def apply(self, batch: Batch) -> Iterable[Batch]:
            raise error

    source = ListSource([window("a", "b", lsn=1)])
    one = task(source, MemoryLog(), chain=Chain([Link("fails", Fails())]), tolerant=True)
    with nullcontext() if isinstance(error, Interrupted) else pytest.raises(type(error)):
        run(one)
    assert "errors" not in one.metrics.values
    assert source.confirmed == []


def test_the_halves_of_a_changed_key_stay_together() -> None:
    rows = [("d", ("1", "a"), None), ("c", None, ("2", "a"))] * 4
    for bad in range(3):
        batch = changes(
            *[("c", None, ("0", "poison"))] * bad, *rows, key_changes=[bad + 2 * at for at in range(4)]
        )
        writer = Batched()
        run(task(ListSource([Window([batch])]), MemoryLog(), writer=writer, tolerant=True))
        assert [len(found) for found in writer.row_headers] == [1, 1, 1] * 4


def test_what_is_pending_is_committed_at_the_end() -> None:
    writer = Batched()
    source = ListSource([window("a", lsn=1), window("b", lsn=2)])
    assert run(task(source, MemoryLog(), writer=writer)) is Outcome.FINISHED
    assert len(writer.commits) == 1
    assert source.confirmed == [[(PARTITION, {"lsn": 2})]]


def test_a_stop_ends_in_order() -> None:
    log = MemoryLog()
    source = ListSource([window("a", lsn=1), window("b", lsn=2)])
    answers = iter([False, True])
    assert task(source, log).run(lambda: next(answers)) is Outcome.STOPPED
    assert (names(log), offset(log)) == (["a"], {"lsn": 1})


def test_what_the_runtime_counts() -> None:
    one = task(ListSource([window("a", "b")]), MemoryLog())
    run(one)
    assert one.metrics.values["rows"] == 2
    assert one.metrics.values["bytes"] == 20
    assert one.metrics.tables == {"public.t": {"rows": 2}}
    for stage in ("read", "append", "acknowledged"):
        assert sum(one.metrics.histograms[f"lag.{stage}"].counts) == 2
    assert one.metrics.values["MilliSecondsBehindSourceMaxValue"] == 2


def test_closing_errors_do_not_cover_the_real_one(caplog: pytest.LogCaptureFixture) -> None:
    class Clumsy(ListSource):
        def close(self) -> None:
            raise OSError("close")

    with pytest.raises(ConnectionFailed):
        run(task(Clumsy([ConnectionFailed("gone")]), MemoryLog()))
    assert "closing failed" in caplog.text


class Full(Batched):
    """A log that is full for a while, and keeps what was appended."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def commit(self, offsets: Any, tick: Any) -> None:
        self.times -= 1
        if self.times >= 0:
            raise LogFull("no room")
        super().commit(offsets, tick)


def test_a_full_log_is_waited_for_without_acknowledging(caplog: pytest.LogCaptureFixture) -> None:
    source, writer = ListSource([window("a", lsn=1)]), Full(2)
    one = task(source, MemoryLog(), writer=writer)
    one._room.first = 0.001
    assert run(one) is Outcome.FINISHED
    assert source.confirmed == [[(PARTITION, {"lsn": 1})]]
    assert caplog.text.count("is not acknowledged until there is room") == 1
    assert one.metrics.values["LogFull"] is False


def test_a_stop_does_not_wait_for_room() -> None:
    source, answers = ListSource([window("a")]), iter([False, True, True])
    with pytest.raises(LogFull):
        task(source, MemoryLog(), writer=Full(99)).run(lambda: next(answers))
    assert not source.confirmed


def test_a_source_gets_journals_of_the_log() -> None:
    log, source = MemoryLog(), ListSource([])
    run(task(source, log))
    assert source.context is not None
    source.context.journal("history", {}).append([b"1"])
    assert list(log.journal("history", {}).read()) == [b"1"]


def test_urgent_offsets_are_durable_before_the_next_read() -> None:
    writer, urgent = Batched(), Window(offsets=[(PARTITION, {"lsn": 1})], urgent=True)
    run(task(ListSource([urgent, window("a", lsn=2), window("b", lsn=3)]), MemoryLog(), writer=writer))
    assert [count for count, _ in writer.commits] == [0, 2]
