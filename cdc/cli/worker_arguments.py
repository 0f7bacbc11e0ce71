"""Arguments of every command that opens the log."""

from __future__ import annotations

import argparse


def add_worker_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --worker and --data-dir."""
    parser.add_argument(
        "--worker",
        metavar="FILE",
        help="the worker's config: bootstrap.servers (Kafka) or data.dir, converters, listeners",
    )
    parser.add_argument(
        "--data-dir", metavar="DIR", help="folder of the embedded log, which is used without Kafka (cdc-data)"
    )
