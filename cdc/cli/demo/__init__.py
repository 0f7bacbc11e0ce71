"""`cdc demo`: a real PostgreSQL into a table, before your eyes."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="see it work: a real PostgreSQL into a table, in ten seconds",
        description="Start a PostgreSQL in a temporary folder, follow it with `cdc start` into a SQLite "
        "file, write into it, and compare both sides. Exit code 0: they are equal.",
    )
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="N", help="how long to write (10 by default)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running until Ctrl-C, and say how to connect"
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo; returns 0 when source and target are equal, 1 when not, 130 after Ctrl-C."""
    from cdc.cli.demo.show import Show

    return Show(seconds=args.seconds, keep=args.keep).run()
