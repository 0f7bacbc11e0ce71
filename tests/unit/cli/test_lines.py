"""Live lines, log formats, and how records are shown."""

import io
import json
import logging
import sys
from typing import Any

import pytest

from cdc.batch import Encoded, Fetched
from cdc.cli.consume import lines as consumed
from cdc.cli.display import Display, JsonFormatter, TextFormatter
from cdc.cli.lines import Line, duration, lag_text, lines_of
from cdc.cli.main import main
from cdc.cli.record_text import document, shown
from cdc.cli.start import plan
from cdc.errors import ConfigError
from cdc.runtime.herder import TaskMetrics


class Metrics:
    """A herder that only knows metrics."""

    def __init__(self) -> None:
        self.tasks: list[TaskMetrics] = []

    def metrics(self) -> list[TaskMetrics]:
        return self.tasks

    def set(self, phase: str = "streaming", tables: dict[str, Any] | None = None, **values: Any) -> None:
        snapshot = {"values": values, "tables": tables or {}, "histograms": {}}
        self.tasks = [TaskMetrics("shop", 0, "source", "postgres", phase, snapshot, 0)]


def test_rates_are_those_since_the_line_before() -> None:
    herder, before = Metrics(), dict[str, Line]()
    herder.set(rows=100)
    (first,) = lines_of(herder, before, 10.0)  # type: ignore[arg-type]
    assert first.rate == 0
    herder.set(rows=1100, MilliSecondsBehindSource=3)
    (line,) = lines_of(herder, before, 12.0)  # type: ignore[arg-type]
    assert line.rate == 500
    assert line.text().split() == ["shop", "streaming", "1,100", "rows", "500", "rows/s", "lag", "3", "ms"]


def test_a_snapshot_shows_how_much_is_done_and_how_long_it_takes() -> None:
    herder, before = Metrics(), dict[str, Line]()
    herder.set("snapshot", {"a": {"RowsScanned": 0, "RowsEstimated": 100}}, rows=0)
    lines_of(herder, before, 0.0)  # type: ignore[arg-type]
    herder.set("snapshot", {"a": {"RowsScanned": 25, "RowsEstimated": 100}}, rows=25)
    (line,) = lines_of(herder, before, 30.0)  # type: ignore[arg-type]
    assert "25.0 % eta 1:30" in line.text()
    assert line.fields()["snapshot_percent"] == 25
    herder.set("snapshot", TotalTableCount=4, RemainingTableCount=1)
    (line,) = lines_of(herder, before, 40.0)  # type: ignore[arg-type]
    assert line.percent == 75


def test_the_phase_is_the_one_that_needs_attention() -> None:
    herder = Metrics()
    herder.set("streaming")
    good = herder.tasks
    herder.set("failed")
    herder.tasks += good
    (line,) = lines_of(herder, {}, 0.0)  # type: ignore[arg-type]
    assert line.phase == "failed"


def test_durations_and_lags() -> None:
    assert [duration(seconds) for seconds in (5, 125, 7385)] == ["5 s", "2:05", "2:03:05"]
    assert [lag_text(ms) for ms in (3.4, 65_000)] == ["3 ms", "1:05"]


def record(**extra: Any) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "n", "levelname": "INFO", "msg": "hello %s", "args": ("you",), "created": 0.5, **extra}
    )


def test_formats_of_logs() -> None:
    assert TextFormatter().format(record()) == "1970-01-01T00:00:00.500Z INFO n: hello you"
    text = TextFormatter().format(record(connector="shop", task=1, exc_text="Traceback"))
    assert text == "1970-01-01T00:00:00.500Z INFO shop-1 n: hello you\nTraceback"
    assert json.loads(JsonFormatter().format(record(connector="shop", task=1, trace="T"))) == {
        "time": "1970-01-01T00:00:00.500Z",
        "level": "INFO",
        "logger": "n",
        "message": "hello you",
        "connector": "shop",
        "task": 1,
        "trace": "T",
    }


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_logs_stay_above_the_live_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, herder = Terminal(), Metrics()
    monkeypatch.setattr(sys, "stdout", screen)
    display = Display(None, "INFO")
    herder.set(rows=1)
    display.tick(herder)  # type: ignore[arg-type]
    drawn = screen.getvalue()
    assert drawn.startswith("shop")
    display.tick(herder)  # type: ignore[arg-type]
    assert screen.getvalue() == drawn
    display.emit(record())
    display.tick(herder)  # type: ignore[arg-type]
    display.close()
    rest = screen.getvalue()[len(drawn) :]
    assert rest.startswith("\x1b[1A\x1b[2K\n\x1b[1A1970-01-01")
    assert rest.count("shop") == 1


def test_a_pipe_gets_json_and_progress_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pipe, herder = io.StringIO(), Metrics()
    monkeypatch.setattr(sys, "stdout", pipe)
    display = Display(None, "INFO")
    display.emit(record())
    assert json.loads(pipe.getvalue())["message"] == "hello you"
    herder.set(rows=1)
    display._due = 0
    with caplog.at_level("INFO"):
        display.tick(herder)  # type: ignore[arg-type]
    (progress,) = caplog.records
    assert progress.connector == "shop"  # type: ignore[attr-defined]
    assert progress.progress["rows"] == 1  # type: ignore[attr-defined]
    display.close()


def test_json_stays_as_it_is_and_text_becomes_a_string() -> None:
    assert shown(b'{"a": 1.50}', schemas=False) == '{"a": 1.50}'
    assert shown(b"plain", schemas=False) == '"plain"'
    assert shown(None, schemas=False) == "null"
    assert document(b"\xff") == '{"base64": "/w=="}'
    with_schema = b'{"schema":{"doc":",\\"payload\\":"},"payload":{"n":1.50}}'
    assert shown(with_schema, schemas=False) == '{"n":1.50}'
    assert shown(with_schema, schemas=True) == with_schema.decode()
    assert shown(b'{"payload": 1, "schema": null}', schemas=False) == "1"


def test_a_consumed_record() -> None:
    encoded = Encoded(
        "t",
        [b"1"],
        [None],
        value_wrap=(b"<", b">"),
        headers=(("s", b"x"),),
        row_headers={0: (("own", None),)},
        timestamps=[5],
    )
    (line,) = consumed(Fetched(encoded, [7]), schemas=False)
    assert json.loads(line) == {
        "topic": "t",
        "partition": 0,
        "offset": 7,
        "timestamp": 5,
        "key": 1,
        "value": None,
        "headers": {"own": None, "s": "x"},
    }


def test_a_source_given_as_a_sink_is_told() -> None:
    raw = {"name": "x", "connector.class": "jdbc", "connection.url": "sqlite:///x", "topics": "t"}
    with pytest.raises(ConfigError, match="jdbc is a sink: give its file with --sink"):
        plan([raw], [], {}, [])
    with pytest.raises(ConfigError, match="Must configure one of topics"):
        plan([], [{name: value for name, value in raw.items() if name != "topics"}], {}, [])


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start"]) == 2
    assert "at least one --source" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "exit codes: 0 done" in capsys.readouterr().out.replace("\n", " ")
