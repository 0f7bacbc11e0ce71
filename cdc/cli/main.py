"""The command line: parse, then import only the command that was asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from cdc import __version__
from cdc.cli.exit_codes import EPILOG, INTERRUPTED, TASK_FAILED, USAGE
from cdc.errors import CdcError, ConfigError

COMMANDS = ("start", "validate", "plugins", "topics", "consume", "demo")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code (see `cdc.cli.exit_codes`)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args = parser(arguments).parse_args(arguments)
        return int(importlib.import_module(f"cdc.cli.{args.command}").run(args))
    except ConfigError as error:
        for warning in error.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        print(error, file=sys.stderr)
        return USAGE
    except CdcError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return TASK_FAILED
    except BrokenPipeError:
        # Whoever read our output has had enough (`| head`); nothing is left to flush to.
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; a command's module is imported only when it is named, or to list all."""
    top = argparse.ArgumentParser(
        prog="cdc",
        description="Change data capture: every change of your database, as Debezium events, "
        "where you want it.",
        epilog=EPILOG,
    )
    top.add_argument("--version", action="version", version=f"cdc {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = [name for name in COMMANDS if name in arguments]
    for name in named or COMMANDS:
        try:
            module = importlib.import_module(f"cdc.cli.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"cdc.cli.{name}":
                raise
            continue
        module.add_parser(commands)
    return top


if __name__ == "__main__":
    sys.exit(main())
