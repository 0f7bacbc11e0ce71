"""What every sink promises (`cdc.plugin.Sink`), run over all that are registered."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdc.plugin import PluginKind, Sink, available
from schemas import connect
from tests.conformance.sinks import HARNESSES, SinkHarness
from tests.fakes.jdbc import Topic

FIELDS = {"id": connect.INT64, "name": connect.OPTIONAL_STRING}


@pytest.fixture(params=[plugin.name for plugin in available(PluginKind.SINK)])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> SinkHarness:
    name = request.param
    assert name in HARNESSES, (
        f"the sink {name!r} is registered and has no entry in tests/conformance/sinks.py"
    )
    return HARNESSES[name](tmp_path)


def topic() -> Topic:
    return Topic(FIELDS, name="t")


def one(number: int, name: str | None = "a") -> dict[str, object]:
    return {"id": number, "name": name}


def test_is_a_sink(harness: SinkHarness) -> None:
    plugin = next(p for p in available(PluginKind.SINK) if p.name == harness.name)
    assert issubclass(plugin.cls, Sink)
    assert plugin.cls.__doc__
    assert all(option.doc for option in plugin.config_class.options)


def test_flush_is_durable_and_returns_positions(harness: SinkHarness) -> None:
    records, sink = topic(), harness.open()
    sink.write(records.batch(("c", one(1)), ("c", one(2, None))))
    sink.write(records.batch(("u", one(1, "b"))))
    assert sink.flush() == {("t", 0): 3}
    assert harness.rows() == {1: "b", 2: None}
    assert sink.flush() == {("t", 0): 3}
    sink.close()


def test_order_of_the_log_is_kept(harness: SinkHarness) -> None:
    records, sink = topic(), harness.open()
    for value in range(50):
        sink.write(records.batch(("u", one(1, str(value))), ("u", one(2, str(value))), ("d", one(2))))
    sink.flush()
    assert harness.rows() == {1: "49"}
    sink.close()


def test_what_was_not_flushed_may_come_again(harness: SinkHarness) -> None:
    records, sink = topic(), harness.open()
    first, second = records.batch(("c", one(1))), records.batch(("c", one(2)), ("u", one(1, "b")))
    sink.write(first)
    sink.flush()
    sink.write(second)
    sink.close()
    sink = harness.open()
    for batch in (first, second):
        sink.write(batch)
    assert sink.flush()["t", 0] == 3
    assert harness.rows() == {1: "b", 2: "a"}
    sink.close()


def test_a_stale_replay_changes_nothing(harness: SinkHarness) -> None:
    if not harness.exactly_once:
        pytest.skip(f"{harness.name} leaves positions to the log")
    records, sink = topic(), harness.open()
    old, new = records.batch(("c", one(1, "old"))), records.batch(("u", one(1, "new")))
    sink.write(old)
    sink.write(new)
    sink.flush()
    sink.write(old)
    sink.flush()
    assert harness.rows() == {1: "new"}
    sink.close()


def test_close_at_any_time(harness: SinkHarness) -> None:
    sink = harness.open()
    sink.write(topic().batch(("c", one(1))))
    sink.close()
    sink.close()
