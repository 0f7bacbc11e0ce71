"""The worker's options, as file and command line give them."""

from __future__ import annotations

import argparse

from cdc.config_file import References, load_config
from cdc.errors import ConfigError, Problem
from cdc.plugin import Log
from cdc.runtime.connectors import review_worker
from cdc.runtime.worker_config import open_log, worker_options


def worker_from(args: argparse.Namespace) -> tuple[dict[str, str], list[str]]:
    """Return the (raw) worker options and warnings about them; raises ConfigError."""
    raw = load_config(args.worker) if args.worker else {}
    listen = getattr(args, "listen", None)
    options = worker_options(raw, data_dir=args.data_dir, listen="" if listen == "off" else listen)
    found = review_worker(options)
    if found.problems:
        raise ConfigError(
            found.problems, subject=args.worker or "Worker configuration", warnings=found.warnings
        )
    return options, found.warnings


def log_to_read(args: argparse.Namespace) -> Log:
    """Return the log that --worker and --data-dir choose; raises ConfigError where there is none."""
    options, _ = worker_from(args)
    log = open_log(References(options).resolve(options))
    if (place := log.absent()) is not None:
        message = (
            f"There is no log at {place}: name the folder that `cdc start` writes to with --data-dir, "
            "or give its --worker file"
        )
        raise ConfigError([Problem("data.dir", message)], subject="Command line")
    return log
