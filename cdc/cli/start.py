"""`cdc start`: run sources and sinks until they are done or somebody stops them."""

from __future__ import annotations

import argparse
import logging
import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cdc.cli.exit_codes import INTERRUPTED, OK, TASK_FAILED
from cdc.errors import ConfigError, Problem
from cdc.runtime.spawn import Spawned, spawn

if TYPE_CHECKING:
    import socket

    from cdc.rest.server import Server
    from cdc.runtime.connectors import Connector
    from cdc.runtime.worker import Worker

_log = logging.getLogger("cdc.start")


def add_parser(commands: Any) -> None:
    """Describe the command."""
    from cdc.cli.worker_arguments import add_worker_arguments

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
    parser.add_argument(
        "--log-level",
        default="INFO",
        type=str.upper,
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
        help="INFO by default",
    )


def run(args: argparse.Namespace) -> int:
    """Start everything and supervise it to the end."""
    if not args.source and not args.sink:
        raise ConfigError([Problem("", "give at least one --source or --sink")], subject="Command line")
    # Their start takes longest, so they come first and load while the configs are checked here.
    spare = [spawn() for _ in (*args.source, *args.sink)]
    try:
        return _run(args, spare)
    finally:
        for one in spare:
            one.discard()


def _run(args: argparse.Namespace, spare: list[Spawned]) -> int:
    """Start everything; processes that get a task are taken out of `spare`."""
    from cdc.cli.worker_file import worker_from
    from cdc.runtime.worker import Worker

    sources, sinks, problems = load(args, spare)
    options, warnings = worker_from(args)
    connectors, more = plan(sources, sinks, options, problems)
    from cdc.cli.display import Display

    display = Display(args.log_format, args.log_level)
    display.install()
    for warning in warnings + more:
        _log.warning("%s", warning)
    worker = Worker(options, connectors, level=args.log_level)
    signals = _Signals(worker)
    listener = rest_listener(options)  # first: without its port nothing is started
    ready = {connector.name: spare.pop(0) for connector in connectors}
    worker.start(ready)
    rest = start_rest(worker, listener) if listener else None

    def tick() -> None:
        signals.announce()
        display.tick(worker)

    try:
        healthy = worker.run(tick)
    finally:
        if rest is not None:
            rest.stop()
        display.close()
    if signals.count > 1:
        return INTERRUPTED
    return OK if healthy else TASK_FAILED


Raw = dict[str, str]


def load(args: argparse.Namespace, spare: Sequence[Spawned]) -> tuple[list[Raw], list[Raw], list[Problem]]:
    """Read the connectors' files, and let the processes know what will come."""
    from cdc.config_file import load_connector

    loaded: dict[str, list[Raw]] = {"source": [], "sink": []}
    problems: list[Problem] = []
    files = [*(("source", file) for file in args.source), *(("sink", file) for file in args.sink)]
    for (kind, file), process in zip(files, spare, strict=True):
        try:
            raw = load_connector(file)
        except ConfigError as error:
            problems += error.problems
            continue
        process.prepare(kind, raw.get("connector.class", ""))
        loaded[kind].append(raw)
    return loaded["source"], loaded["sink"], problems


def plan(
    sources: Sequence[Raw], sinks: Sequence[Raw], worker: Mapping[str, str], problems: list[Problem]
) -> tuple[list[Connector], list[str]]:
    """Return the connectors and the warnings; raises ConfigError with all problems of all files."""
    from cdc.plugin import PluginKind
    from cdc.runtime.connectors import plan_connector, require_topics, unique_names, with_default_topics

    complete, warnings = with_default_topics(sinks, sources)
    connectors: list[Connector] = []
    for raw, wanted in [*((raw, "source") for raw in sources), *((raw, "sink") for raw in complete)]:
        try:
            connector, more = plan_connector(raw, worker, PluginKind(wanted))
        except ConfigError as error:
            problems += [_named(raw, problem) for problem in error.problems]
            warnings += [f"{raw.get('name')}: {warning}" for warning in error.warnings]
            continue
        if connector.kind.value != wanted:
            message = f"{connector.plugin_name} is a {connector.kind.value}: give its file with "
            problems.append(_named(raw, Problem("connector.class", f"{message}--{connector.kind.value}")))
        elif wanted == "sink":
            problems += [_named(raw, problem) for problem in require_topics(raw)]
        connectors.append(connector)
        warnings += [f"{connector.name}: {warning}" for warning in more]
    if problems:
        raise ConfigError(problems, warnings=warnings)
    unique_names(connectors)
    return connectors, warnings


def _named(raw: Mapping[str, str], problem: Problem) -> Problem:
    return Problem(problem.option, f"{raw.get('name')}: {problem.message}")


def rest_listener(options: Mapping[str, str]) -> socket.socket | None:
    """Return the socket of the REST API, None where the options switch it off; raises ListenFailed."""
    from cdc.config_file import References
    from cdc.runtime.worker_config import WorkerConfig

    address = WorkerConfig(References(options).resolve(options)).listen
    if address is None:
        return None
    from cdc.rest.server import listen

    return listen(*address)


def start_rest(worker: Worker, listener: socket.socket) -> Server:
    """Serve the REST API."""
    from cdc.rest.server import start

    server = start(worker, listener)
    _log.info("REST API on %s", server.url)
    return server


class _Signals:
    """The first SIGTERM or SIGINT stops the worker in order, the second ends it at once."""

    def __init__(self, worker: Worker) -> None:
        self._worker, self.count, self._announced = worker, 0, False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: object) -> None:
        self.count += 1
        if self.count == 1:
            self._worker.stop()
        else:
            self._worker.kill()

    def announce(self) -> None:
        """Say once that the end is near; not from the handler, which may interrupt another line."""
        if self.count and not self._announced:
            self._announced = True
            _log.info("stopping; a second signal ends everything at once")
