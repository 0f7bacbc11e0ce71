"""`cdc validate`: check configs without starting anything."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from cdc.cli.exit_codes import OK, USAGE
from cdc.cli.worker_arguments import add_worker_arguments
from cdc.cli.worker_file import worker_from
from cdc.config_file import load_connector
from cdc.errors import CdcError, ConfigError
from cdc.plugin import Plugin, PluginKind
from cdc.runtime.connectors import review, review_worker


def add_parser(commands: Any) -> None:
    """Describe the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "validate",
        help="check configs without starting them",
        description="Check connector configs (and worker configs: those without connector.class): every "
        "problem of every file is printed. With --connect, ask the servers of sources as well. "
        "Exit code 2 if any.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="YAML, JSON or .properties")
    parser.add_argument(
        "--connect", action="store_true", help="also try a source's options against its server"
    )
    add_worker_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print what is wrong with each file; returns USAGE if anything is."""
    worker, warnings = worker_from(args)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    bad = 0
    for file in args.files:
        problems, notes = check_file(file, worker, connect=args.connect)
        for note in notes:
            print(f"{file}: warning: {note}")
        for problem in problems:
            print(f"{file}: error: {problem}")
        bad += bool(problems)
        if not problems:
            print(f"{file}: ok")
    return USAGE if bad else OK


def check_file(file: str, worker: dict[str, str], *, connect: bool) -> tuple[list[str], list[str]]:
    """Return the problems of a file and what deserves a look."""
    try:
        raw = load_connector(file)
    except ConfigError as error:
        return [problem.message for problem in error.problems], []
    if "connector.class" not in raw and _looks_like_worker(raw):
        raw.pop("name", None)
        found = review_worker(raw)
    else:
        found = review(raw, worker)
    problems = [problem.message for problem in found.problems]
    if connect and not problems and found.plugin is not None:
        if found.plugin.kind is PluginKind.SOURCE:
            problems += _ask_server(found.plugin, found.resolved)
        else:
            found.warnings.append("--connect asks the servers of sources alone; this one was not asked")
    return problems, found.warnings


def _looks_like_worker(raw: dict[str, str]) -> bool:
    return any(name in raw for name in ("bootstrap.servers", "data.dir", "offset.storage.file.filename"))


def _ask_server(source: Plugin, options: Mapping[str, str]) -> list[str]:
    try:
        return list(source.cls.check(source.config_class(options)))
    except CdcError as error:
        return [str(error)]
