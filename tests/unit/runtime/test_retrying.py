"""`errors.retry.timeout`: what may pass is tried again, for so long; anything else is not."""

import time
from collections.abc import Iterable

import pytest

from cdc.batch import Batch
from cdc.config import Config
from cdc.errors import CdcError, Interrupted, RecordRejected
from cdc.plugin import Transform
from cdc.runtime.backoff import Backoff
from cdc.runtime.chain import Chain, Link
from cdc.runtime.retrying import Retrying, build_retrying
from cdc.runtime.source_config import SourceConnectorConfig
from cdc.runtime.source_task import Outcome
from cdc.transport.memory import MemoryLog
from tests.fakes.formats import FastFormat, ReprFormat
from tests.unit.runtime import test_sink_task as sinks
from tests.unit.runtime import test_source_task as sources


class Away(CdcError):
    """The registry cannot be reached."""

    retry = True


class Flaky(Transform):
    """Fails so many times (each with the error), then passes on."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        super().__init__(Config({}))
        self.left, self.tries, self.error = failures, 0, error or Away("the registry is away")

    def apply(self, batch: Batch) -> Iterable[Batch]:
        self.tries += 1
        yield batch
        if self.left:
            self.left -= 1
            raise self.error


def retrying(timeout: float | None = None) -> Retrying:
    return Retrying(timeout, Backoff(first=0.001, limit=0.005))


def test_a_source_waits_for_its_transforms() -> None:
    log, source, flaky, retry = MemoryLog(), sources.ListSource([sources.window("a")]), Flaky(3), retrying()
    one = sources.task(source, log, chain=Chain([Link("flaky", flaky)], retry))
    one.retrying = retry
    assert sources.run(one) is Outcome.FINISHED
    assert (sources.names(log), flaky.tries) == (["a"], 4)


@pytest.mark.parametrize("error", [None, ValueError("no good")])
def test_without_time_or_hope_it_fails_at_once(error: Exception | None) -> None:
    flaky = Flaky(1, error)
    chain = Chain([Link("flaky", flaky)], retrying() if error else retrying(0))
    with pytest.raises(Away if error is None else ValueError):
        sources.run(sources.task(sources.ListSource([sources.window("a")]), MemoryLog(), chain=chain))
    assert flaky.tries == 1


def test_a_converter_that_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    log, failures, retry = MemoryLog(), [Away("the registry is away")] * 2, retrying()
    one = sources.task(sources.ListSource([sources.window("a")]), log)
    one.encoder._retry = retry
    finish = FastFormat.finish_values

    def finish_later(*args: object) -> object:
        if failures:
            raise failures.pop()
        return finish(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(FastFormat, "finish_values", finish_later)
    sources.run(one)
    assert sources.names(log) == ["a"]


def test_a_sink_waits_for_converters_and_transforms(monkeypatch: pytest.MonkeyPatch) -> None:
    log, target, flaky = MemoryLog(), sinks.Target(), Flaky(3)
    sinks.fill(log, 1, 2)
    one = sinks.task(log, target, Chain([Link("flaky", flaky)], retrying()))
    failures, decode = [Away("the registry is away")] * 2, ReprFormat.decode

    def decode_later(self: ReprFormat, *args: object) -> object:
        if failures:
            raise failures.pop()
        return decode(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(ReprFormat, "decode", decode_later)
    one.decode.__self__._retry = retrying()  # type: ignore[attr-defined]
    assert sinks.run(one) is Outcome.FINISHED
    assert target.rows == [1, 2]


def test_after_the_time_tolerance_decides_and_each_record_has_no_time_of_its_own() -> None:
    log, flaky = MemoryLog(), Flaky(10_000)
    sinks.fill(log, *range(64))
    began = time.monotonic()
    with pytest.raises(RecordRejected) as caught:
        sinks.run(sinks.task(log, sinks.Target(), Chain([Link("flaky", flaky)], retrying(0.2))))
    assert caught.value.stage == "TRANSFORMATION"
    assert 0.2 <= time.monotonic() - began < 0.2 * 3


def test_a_stop_ends_the_waiting_and_a_source_is_kept_alive() -> None:
    ticks: list[int] = []
    retry = Retrying(None, Backoff(first=10), stopping=lambda: len(ticks) == 2, tick=lambda: ticks.append(1))
    began = time.monotonic()
    with pytest.raises(Interrupted):
        list(Chain([Link("flaky", Flaky(9))], retry).apply(sources.window("a").batches))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("side", ["transform", "converter"])
def test_a_stop_sets_no_record_aside_that_would_have_been_tried_again(
    side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, target, retry = MemoryLog(), sinks.Target(), retrying()
    sinks.fill(log, 1, 2)
    chain = Chain([Link("flaky", Flaky(10_000))] if side == "transform" else [], retry)
    one = sinks.task(log, target, chain, errors_tolerance="all")
    one.retrying = one.decode.__self__._retry = retry  # type: ignore[attr-defined]

    def away(*_: object) -> object:
        raise Away("the registry is away")

    if side == "converter":
        monkeypatch.setattr(ReprFormat, "decode", away)
    until = time.monotonic() + 0.1
    assert one.run(lambda: time.monotonic() > until) is Outcome.STOPPED
    assert (sinks.committed(log), one.metrics.values.get("errors", 0)) == (0, 0)


def test_the_options() -> None:
    def build(**options: str) -> Retrying | None:
        raw = {"name": "c", "connector.class": "x"}
        named = {name.replace("_", "."): value for name, value in options.items()}
        return build_retrying(SourceConnectorConfig(raw | named))

    assert build() is None
    endless, limited = build(errors_retry_timeout="-1"), build(errors_retry_timeout="1500")
    assert endless is not None
    assert endless.timeout is None
    assert endless.backoff.limit == 60
    assert limited is not None
    assert limited.timeout == 1.5
