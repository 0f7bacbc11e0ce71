"""Records reach the sink; what cannot is retried, set aside, or ends the task."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from cdc.batch import Batch, Encoded, RecordBatch
from cdc.config import Config
from cdc.errors import Rebalanced, RecordRejected, SinkUnavailable
from cdc.metrics import Metrics
from cdc.plugin import Positions, Sink, SinkContext, Transform
from cdc.runtime.backoff import Backoff
from cdc.runtime.chain import Chain, Link
from cdc.runtime.decoder import Decoder
from cdc.runtime.drained import Drained
from cdc.runtime.headers import SimpleHeaders
from cdc.runtime.reporter import ErrorReporter
from cdc.runtime.sink_config import SinkConnectorConfig
from cdc.runtime.sink_task import SinkTask
from cdc.runtime.source_task import Outcome
from cdc.transport.memory import MemoryLog
from tests.fakes.formats import ReprFormat

TOPIC = "t"
DLQ = "dead"


@dataclass
class Target:
    """What a sink has made durable, and what goes wrong with it."""

    rows: list[Any] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    opened: int = 0
    flushes: int = 0
    start: Positions | None = None


class ListSink(Sink):
    """Buffers values until flush; refuses the value `bad`."""

    def __init__(self, target: Target) -> None:
        super().__init__(Config({}))
        self.target, self.buffer, self.positions = target, [], {}  # type: ignore[var-annotated]

    def open(self, context: SinkContext) -> Positions | None:
        self.context = context
        self.target.opened += 1
        return self.target.start

    def write(self, batch: RecordBatch) -> None:
        for index, value in enumerate(batch.values):
            if value == "bad":
                self.context.report(batch, index, ValueError("no good"))
            else:
                self.buffer.append(value)
        self.positions[batch.topic, batch.partition or 0] = batch.offsets[-1] + 1

    def flush(self) -> Positions:
        if self.target.failures:
            raise self.target.failures.pop(0)
        self.target.rows += self.buffer
        self.target.flushes += 1
        self.buffer = []
        return self.positions

    def close(self) -> None:
        pass


class DropOdd(Transform):
    def __init__(self) -> None:
        super().__init__(Config({}))

    def apply(self, batch: Batch) -> Iterable[Batch]:
        assert isinstance(batch, RecordBatch)
        if 666 in batch.values:
            raise ArithmeticError("the beast")
        kept = [i for i, value in enumerate(batch.values) if value % 2 == 0]
        return [batch.select(kept)] if kept else []


def fill(log: MemoryLog, *values: Any, topic: str = TOPIC) -> None:
    writer = log.writer("fill", 0, {})
    payloads: list[bytes | None] = [repr(value).encode() for value in values]
    keys: list[bytes | None] = [b"'k%d'" % i for i in range(len(values))]
    writer.append(Encoded(topic, keys, payloads, headers=(("own", b"x"),)), lambda: None)
    writer.commit({}, lambda: None)
    writer.close()


def task(log: MemoryLog, target: Target, chain: Chain | None = None, **options: str) -> SinkTask:
    raw = {"name": "copy", "connector.class": "list", "topics": TOPIC}
    config = SinkConnectorConfig(raw | {name.replace("_", "."): value for name, value in options.items()})
    metrics = Metrics()
    reporter = ErrorReporter("copy", 0, config, lambda: log.writer("copy-dlq", 0, {}), metrics, ListSink)
    decoder = Decoder(ReprFormat(is_key=True), ReprFormat(), SimpleHeaders(), reporter.unreadable)
    return SinkTask(
        "copy",
        0,
        lambda: ListSink(target),
        lambda: log.reader("g", [TOPIC], {}),
        chain or Chain(),
        decoder.decode,
        reporter,
        metrics,
        Drained(log, [TOPIC], None, lambda: True),
        backoff=Backoff(first=0.001, limit=0.01),
    )


def run(one: SinkTask) -> Outcome:
    return one.run(lambda: False)


def committed(log: MemoryLog) -> int:
    reader = log.reader("g", [TOPIC], {})
    try:
        return sum(topic.records for topic in log.topics() if topic.name == TOPIC) - sum(
            reader.lag().values()
        )
    finally:
        reader.close()


def letters(log: MemoryLog) -> list[tuple[bytes | None, bytes | None, dict[str, bytes | None]]]:
    runs = log.reader("letters", [DLQ], {}).poll(1 << 20, 0)
    return [
        (key, value, dict([*run.encoded.row_headers.get(index, ()), *run.encoded.headers]))
        for run in runs
        for index, (key, value) in enumerate(run.encoded.whole())
    ]


def test_everything_is_written_flushed_and_committed_until_drained() -> None:
    log, target = MemoryLog(), Target()
    fill(log, 1, 2, 3)
    one = task(log, target)
    topics: list[str] = []
    one.on_topic = topics.append
    assert run(one) is Outcome.FINISHED
    assert (target.rows, target.flushes, committed(log), topics) == ([1, 2, 3], 1, 3, [TOPIC])
    assert one.metrics.values["rows"] == 3


def test_an_unavailable_target_gets_everything_since_the_last_flush_again() -> None:
    log, target = MemoryLog(), Target(failures=[SinkUnavailable("deadlock"), SinkUnavailable("again")])
    fill(log, 1, 2)
    one = task(log, target)
    run(one)
    assert (target.rows, target.opened, committed(log)) == ([1, 2], 3, 2)
    assert one.metrics.values["retries"] == 2
    assert one.backoff.attempts == 0


def test_a_rebalance_opens_the_sink_anew() -> None:
    log, target = MemoryLog(), Target(start={(TOPIC, 0): 1})
    fill(log, 1, 2)
    reader = log.reader("g", [TOPIC], {})
    poll, first = reader.poll, [Rebalanced("partitions moved")]

    def moving(max_bytes: int, timeout: float) -> Any:
        if first:
            raise first.pop()
        return poll(max_bytes, timeout)

    reader.poll = moving  # type: ignore[method-assign]
    one = task(log, target)
    one.open_reader = lambda: reader
    run(one)
    assert (target.rows, target.opened) == ([2], 2)


def test_a_stop_while_the_target_is_away() -> None:
    log, target = MemoryLog(), Target(failures=[SinkUnavailable("down")] * 100)
    fill(log, 1)
    answers = iter([False] * 6 + [True] * 10)
    assert task(log, target).run(lambda: next(answers)) is Outcome.STOPPED


def test_positions_that_the_sink_keeps_win() -> None:
    log, target = MemoryLog(), Target(start={(TOPIC, 0): 2})
    fill(log, 1, 2, 3)
    run(task(log, target))
    assert target.rows == [3]


def test_dropped_records_move_the_position() -> None:
    log, target = MemoryLog(), Target()
    fill(log, 1, 2, 3)
    run(task(log, target, Chain([Link("odd", DropOdd())])))
    assert (target.rows, committed(log)) == ([2], 3)


@pytest.mark.parametrize(
    ("value", "stage", "chain"),
    [("bad", "TASK_PUT", None), ("poison", "VALUE_CONVERTER", None), (666, "TRANSFORMATION", DropOdd)],
)
def test_a_bad_record_ends_the_task_and_is_named(
    value: Any, stage: str, chain: Callable[[], Transform] | None
) -> None:
    log = MemoryLog()
    fill(log, 0, value)
    one = task(log, Target(), Chain([Link("odd", chain())]) if chain else None)
    with pytest.raises(RecordRejected) as caught:
        run(one)
    assert (caught.value.stage, caught.value.position.offset, caught.value.key) == (stage, 1, "'k1'")
    assert "errors.tolerance" in str(caught.value)


def test_tolerated_records_become_dead_letters_as_they_were_read() -> None:
    log, target = MemoryLog(), Target()
    fill(log, "a", "bad", "poison", "b")
    one = task(
        log,
        target,
        errors_tolerance="all",
        errors_deadletterqueue_topic_name=DLQ,
        errors_deadletterqueue_context_headers_enable="true",
    )
    run(one)
    assert (target.rows, committed(log)) == (["a", "b"], 4)
    assert one.metrics.values["errors"] == 2
    found = {value: (key, headers) for key, value, headers in letters(log)}
    assert found.keys() == {b"'bad'", b"'poison'"}
    key, headers = found[b"'bad'"]
    assert key == b"'k1'"
    assert headers["own"] == b"x"
    prefix = "__connect.errors."
    plain = {n.removeprefix(prefix): (v or b"").decode() for n, v in headers.items() if n.startswith(prefix)}
    assert "ValueError: no good" in plain.pop("exception.stacktrace")
    assert plain == {
        "topic": TOPIC,
        "partition": "0",
        "offset": "1",
        "connector.name": "copy",
        "task.id": "0",
        "stage": "TASK_PUT",
        "class.name": f"{ListSink.__module__}.ListSink",
        "exception.class.name": "builtins.ValueError",
        "exception.message": "no good",
    }
    assert found[b"'poison'"][1][f"{prefix}stage"] == b"VALUE_CONVERTER"


def test_a_dead_letter_is_written_even_if_the_task_ends() -> None:
    log = MemoryLog()
    fill(log, "bad")
    with pytest.raises(RecordRejected):
        run(task(log, Target(), errors_deadletterqueue_topic_name=DLQ))
    ((_, value, headers),) = letters(log)
    assert (value, headers) == (b"'bad'", {"own": b"x"})


def test_tolerated_errors_are_logged_on_request(caplog: pytest.LogCaptureFixture) -> None:
    log = MemoryLog()
    fill(log, "bad")
    run(
        task(
            log,
            Target(),
            errors_tolerance="all",
            errors_log_enable="true",
            errors_log_include_messages="true",
        )
    )
    assert "Error encountered in task copy-0. Executing stage 'TASK_PUT' with class" in caplog.text
    assert "{topic='t', partition=0, offset=0}" in caplog.text


def test_a_sink_is_not_done_before_it_has_found_every_topic() -> None:
    log = MemoryLog()
    fill(log, 1, topic="a.b")
    reader = log.reader("g", ["other"], {})
    assert Drained(log, ["other"], None, lambda: True)(reader)
    assert not Drained(log, [], r"a\..*", lambda: True)(reader)
    assert Drained(log, [], r"a\..*", lambda: True, alone=False)(reader)
    assert not Drained(log, ["other"], None, lambda: False)(reader)
