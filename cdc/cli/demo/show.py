"""The demo from beginning to end, and what it prints."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cdc.cli.demo import shop
from cdc.cli.demo.compare import Comparison, compare, count_rows
from cdc.cli.demo.pipeline import Pipeline
from cdc.cli.demo.server import DemoPostgres
from cdc.cli.demo.traffic import Stopwatch, Traffic
from cdc.errors import CdcError

FIRST_EVENT_TIMEOUT, DRAIN_TIMEOUT = 30.0, 30.0
SAMPLE_TOPIC = "shop.public.orders"
SAMPLES = (("c", "insert"), ("u", "update"), ("d", "delete"))


class Show:
    """One run of the demo; everything it starts ends with it."""

    def __init__(self, *, seconds: float, keep: bool) -> None:
        self._seconds, self._keep = seconds, keep
        self._began = time.monotonic()
        self._live = sys.stdout.isatty()
        folder = Path(tempfile.mkdtemp(prefix="cdc-demo-"))
        folder.chmod(0o755)  # the server runs as another user when we are root
        (folder / "postgres").mkdir()
        self._folder = folder

    def run(self) -> int:
        """Run, print, clean up; returns the exit code."""
        try:
            with _ended_by_signals(), ExitStack() as stack:
                stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
                return self._play(stack)
        except KeyboardInterrupt:
            print("\nstopped")
            return 130
        except CdcError as error:
            print(f"\n{error}", file=sys.stderr)
            return 1

    def _play(self, stack: ExitStack) -> int:
        postgres = DemoPostgres(self._folder / "postgres")
        stack.callback(postgres.stop)
        self._open_shop(postgres)
        pipeline = Pipeline(self._folder, postgres)
        stack.callback(pipeline.stop)
        pipeline.start()
        self._say(f"cdc start --source {pipeline.source_file.name} --sink {pipeline.sink_file.name}")
        stopwatch = self._write(postgres, pipeline)
        result = self._drain(postgres, pipeline)
        print_events(pipeline)
        equal = print_verdict(result, stopwatch)
        if self._keep:
            self._stay(postgres, pipeline)
        return 0 if equal else 1

    def _open_shop(self, postgres: DemoPostgres) -> None:
        postgres.start()
        with postgres.connect() as connection:
            shop.open_shop(connection)
            version = connection.info.parameter_status("server_version")
        self._say(f"PostgreSQL {version} runs on port {postgres.port}: a shop with {len(shop.TABLES)} tables")

    def _write(self, postgres: DemoPostgres, pipeline: Pipeline) -> Stopwatch:
        """Write while the snapshot and then the stream run; show how far everything is."""
        traffic, stopwatch = Traffic(postgres.connect), Stopwatch(postgres.connect, pipeline.target)
        traffic.start()
        try:
            self._await_first_event(pipeline)
            stopwatch.start()
            end = time.monotonic() + self._seconds
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(left, 0.25 if self._live else 1.0))
                pipeline.check()
                self._show_progress(traffic, pipeline, stopwatch)
        finally:
            traffic.stop()
            stopwatch.stop()
        if self._live:
            print()
        kinds = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(traffic.rows.items()))
        self._say(f"written: {kinds} in {traffic.transactions:,} transactions")
        return stopwatch

    def _await_first_event(self, pipeline: Pipeline) -> None:
        deadline = time.monotonic() + FIRST_EVENT_TIMEOUT
        while time.monotonic() < deadline:
            pipeline.check()
            progress = pipeline.progress()
            if progress is not None and progress.logged:
                self._say("the first events are in the log")
                return
            time.sleep(0.02)
        raise CdcError(f"no event within {FIRST_EVENT_TIMEOUT:.0f} s:\n{pipeline.log_tail()}")

    def _show_progress(self, traffic: Traffic, pipeline: Pipeline, stopwatch: Stopwatch) -> None:
        progress = pipeline.progress()
        if progress is None:
            return
        held = count_rows(pipeline.target, shop.TABLES)
        line = (
            f"{progress.phase:10} shop wrote {traffic.rows.total():6,} rows"
            f"   log took {progress.logged:6,} changes   copy holds {held:6,} rows   {lag(stopwatch)}"
        )
        if self._live:
            print(f"\r\033[K  {line}", end="", flush=True)
        else:
            print(f"  {line}", flush=True)

    def _drain(self, postgres: DemoPostgres, pipeline: Pipeline) -> list[Comparison]:
        """Compare until both sides are equal, or until the sink has had its time."""
        deadline = time.monotonic() + DRAIN_TIMEOUT
        with postgres.connect() as connection:
            while True:
                pipeline.check()
                result = compare(connection, pipeline.target, shop.TABLES)
                if all(table.equal for table in result) or time.monotonic() > deadline:
                    return result
                time.sleep(0.1)

    def _stay(self, postgres: DemoPostgres, pipeline: Pipeline) -> None:
        consume = " ".join(["cdc", *pipeline.consume_command(SAMPLE_TOPIC)[3:], "--follow"])
        print(
            "\nEverything keeps running until Ctrl-C.\n"
            f"  the shop        {postgres.psql} {postgres.url}\n"
            f"  its copy        sqlite3 {pipeline.target}\n"
            f"  the events      {consume}\n"
            f"  the worker      curl {pipeline.url}/connectors?expand=status\n"
            f"  its metrics     curl {pipeline.url}/metrics\n"
            f"  its log         {pipeline.log_file}\n"
            f"  its configs     {pipeline.source_file} {pipeline.sink_file}",
            flush=True,
        )
        while True:
            time.sleep(1)
            pipeline.check()

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)


def print_events(pipeline: Pipeline) -> None:
    """Print an insert, an update and a delete as `cdc consume` shows them."""
    print(f"\nThree events of {SAMPLE_TOPIC} (cdc consume):")
    wanted = dict(SAMPLES)
    for event in pipeline.events(SAMPLE_TOPIC):
        value = payload(event["value"])
        if value and wanted.pop(value["op"], None):
            print(f"  {json.dumps(payload(event['key']))} {json.dumps(value, ensure_ascii=False)}")
        if not wanted:
            break


def print_verdict(result: list[Comparison], stopwatch: Stopwatch) -> bool:
    """Print the counts, the lag and the verdict; returns whether all tables are equal."""
    print(f"\n  {'table':12} {'source':>8} {'target':>8}")
    for table in result:
        verdict = "equal" if table.equal else f"{table.different} DIFFERENT"
        print(f"  {table.table:12} {table.source_rows:8,} {table.target_rows:8,}  {verdict}")
        for difference in table.differences:
            print(f"      {difference}")
    print(f"\n  commit → readable in the target: {lag(stopwatch)}, {len(stopwatch.milliseconds)} measured")
    equal = all(table.equal for table in result)
    print("  every row and every value is equal" if equal else "  source and target DIFFER")
    return equal


def lag(stopwatch: Stopwatch) -> str:
    """Return the lag in words."""
    half, most = stopwatch.percentile(0.5), stopwatch.percentile(0.99)
    if half is None or most is None:
        return "lag not measured yet"
    return f"lag p50 {half:.0f} ms p99 {most:.0f} ms"


def payload(side: Any) -> Any:
    """Return a key or value without its schema."""
    if isinstance(side, dict) and side.keys() == {"schema", "payload"}:
        return side["payload"]
    return side


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the demo as Ctrl-C does, so that nothing stays behind."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
