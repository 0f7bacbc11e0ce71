"""`cdc topics`: what is in the log."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from cdc.cli.worker_arguments import add_worker_arguments
from cdc.cli.worker_file import log_to_read


def add_parser(commands: Any) -> None:
    """Describe the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "topics", help="list the topics of the log", description="List topics, partitions and records."
    )
    add_worker_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Print one line a topic."""
    log = log_to_read(args)
    try:
        topics = log.topics()
    finally:
        log.close()
    if not topics:
        print("no topic has records", file=sys.stderr)
    width = max((len(topic.name) for topic in topics), default=0)
    for topic in topics:
        if args.json:
            entry = {"topic": topic.name, "partitions": topic.partitions, "records": topic.records}
            print(json.dumps(entry))
        else:
            print(f"{topic.name:<{width}}  {topic.partitions:>3} partitions  {topic.records:>12,} records")
    return 0
