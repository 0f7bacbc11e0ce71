"""`cdc start`: run sources and sinks until they are done or somebody stops them."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cdc.cli.exit_codes import INTERRUPTED, OK, TASK_FAILED
from cdc.cli.worker_file import add_worker_arguments, worker_from
from cdc.config_file import load_connector
from cdc.errors import CdcError, ConfigError, Problem
from cdc.runtime.connectors import (
    Connector,
    plan_connector,
    require_topics,
    unique_names,
    with_default_topics,
)

if TYPE_CHECKING:
    from cdc.runtime.worker import Worker

_log = logging.getLogger("cdc.start")


def add_parser(commands: Any) -> None:
    """Describe the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "start",
        help="run connectors: --source pg.yaml --sink jdbc.yaml",
        description="Run connectors until they are done (snapshot.mode=initial_only) or stopped: "
        "SIGTERM or Ctrl-C once ends them in order, a second time at once.",
    )
    parser.add_argument("--source", action="append", default=[], metavar="FILE", help="a source's config")
    parser.add_argument("--sink", action="append", default=[], metavar="FILE", help="a sink's config")
    add_worker_arguments(parser)
    parser.add_argument(
        "--listen", metavar="HOST:PORT", help="address of the REST API (127.0.0.1:8083); `off` for none"
    )
    parser.add_argument(
        "--log-format", choices=("json", "text"), help="text on a terminal, json in a pipe by default"
    )
    parser.add_argument("--log-level", default="INFO", type=str.upper, metavar="LEVEL", help="INFO")


def run(args: argparse.Namespace) -> int:
    """Start everything and supervise it to the end."""
    if not args.source and not args.sink:
        raise ConfigError([Problem("", "give at least one --source or --sink")], subject="Command line")
    from cdc.cli.display import Display
    from cdc.runtime.worker import Worker

    options, warnings = worker_from(args)
    connectors, more = plan(args.source, args.sink, options)
    display = Display(args.log_format, args.log_level)
    display.install()
    for warning in warnings + more:
        _log.warning("%s", warning)
    worker = Worker(options, connectors, level=args.log_level)
    signals = _Signals(worker)
    worker.start()
    try:
        rest = start_rest(worker, options)
    except CdcError:
        worker.kill()
        worker.run()
        raise
    try:
        healthy = worker.run(lambda: display.tick(worker))
    finally:
        rest.stop()
        display.close()
    if signals.count > 1:
        return INTERRUPTED
    return OK if healthy else TASK_FAILED


def plan(
    source_files: list[str], sink_files: list[str], worker: Mapping[str, str]
) -> tuple[list[Connector], list[str]]:
    """Return the connectors of these files and the warnings; raises ConfigError with all problems of all."""
    problems: list[Problem] = []
    sources = _load(source_files, problems)
    sinks, told = with_default_topics(_load(sink_files, problems), sources)
    connectors: list[Connector] = []
    warnings: list[str] = []
    for raw, wanted in [*((raw, "source") for raw in sources), *((raw, "sink") for raw in sinks)]:
        try:
            connector, more = plan_connector(raw, worker)
        except ConfigError as error:
            problems += [_named(raw, problem) for problem in error.problems]
            continue
        if connector.kind.value != wanted:
            message = f"{connector.plugin_name} is a {connector.kind.value}: give its file with "
            problems.append(_named(raw, Problem("connector.class", f"{message}--{connector.kind.value}")))
        elif wanted == "sink":
            problems += [_named(raw, problem) for problem in require_topics(raw)]
        connectors.append(connector)
        warnings += [f"{connector.name}: {warning}" for warning in more]
    if problems:
        raise ConfigError(problems)
    unique_names(connectors)
    return connectors, told + warnings


def _load(files: list[str], problems: list[Problem]) -> list[dict[str, str]]:
    loaded = []
    for file in files:
        try:
            loaded.append(load_connector(file))
        except ConfigError as error:
            problems += error.problems
    return loaded


def _named(raw: Mapping[str, str], problem: Problem) -> Problem:
    return Problem(problem.option, f"{raw.get('name')}: {problem.message}")


def start_rest(worker: Worker, options: Mapping[str, str]) -> Any:
    """Serve the REST API where the options say so; returns what has `stop()`."""
    from cdc.runtime.worker_config import WorkerConfig

    address = WorkerConfig(options).listen
    if address is None:
        return _NoRest()
    from cdc.rest.server import start

    server = start(worker, *address)
    _log.info("REST API on %s", server.url)
    return server


class _NoRest:
    """Stands for a REST API that is switched off."""

    def stop(self) -> None:
        """Do nothing."""


class _Signals:
    """The first SIGTERM or SIGINT stops the worker in order, the second ends it at once."""

    def __init__(self, worker: Worker) -> None:
        self._worker, self.count = worker, 0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: object) -> None:
        self.count += 1
        if self.count == 1:
            print("stopping; once more ends everything at once", file=sys.stderr, flush=True)
            self._worker.stop()
        else:
            self._worker.kill()
