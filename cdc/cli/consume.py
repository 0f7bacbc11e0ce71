"""`cdc consume`: the records of a topic as JSON lines, from Kafka or the embedded log."""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from cdc.batch import Fetched
from cdc.cli.exit_codes import OK, TASK_FAILED
from cdc.cli.record_text import document, shown
from cdc.cli.worker_arguments import add_worker_arguments
from cdc.cli.worker_file import log_to_read
from cdc.plugin import Log, LogReader

POLL_BYTES = 1 << 20
WAIT = 0.5
PATIENCE = 3.0
"""How long to wait for the first record of a topic that should have some, in seconds."""


def add_parser(commands: Any) -> None:
    """Describe the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "consume",
        help="print the records of a topic",
        description="Print key, value and headers of each record as a JSON line. Without --follow: all "
        "that is there now. With --follow: what comes from now on, and with --from-beginning all before.",
    )
    parser.add_argument("topic", metavar="TOPIC")
    parser.add_argument("--from-beginning", action="store_true", help="start with the oldest record")
    parser.add_argument("--follow", action="store_true", help="wait for more")
    parser.add_argument("--max", type=_count, metavar="N", help="stop after N records")
    parser.add_argument(
        "--schemas", action="store_true", help='print JsonConverter\'s {"schema":…,"payload":…} as it is'
    )
    add_worker_arguments(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of records, at least 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Print records until the end of the topic, or without end when following."""
    log = log_to_read(args)
    try:
        if not args.follow and not any(topic.name == args.topic for topic in log.topics()):
            names = ", ".join(topic.name for topic in log.topics()) or "none"
            print(f"there is no topic {args.topic!r} (topics: {names})", file=sys.stderr)
            return TASK_FAILED
        return _print_all(args, log)
    except KeyboardInterrupt:
        return OK
    finally:
        log.close()


def _print_all(args: argparse.Namespace, log: Log) -> int:
    reset = "latest" if args.follow and not args.from_beginning else "earliest"
    group = f"cdc-consume-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    # Outside of its own tests nobody may know this group: it stores no positions.
    reader = log.reader(group, [args.topic], {"consumer.override.auto.offset.reset": reset})
    left = args.max
    try:
        for fetched in _runs(reader, follow=args.follow):
            for line in lines(fetched, schemas=args.schemas):
                sys.stdout.write(line + "\n")
                if left is not None and (left := left - 1) <= 0:
                    return OK
            sys.stdout.flush()
    finally:
        sys.stdout.flush()
        reader.close()
    return OK


def _runs(reader: LogReader, *, follow: bool) -> Iterator[Fetched]:
    """Yield what the reader has; ends when nothing is left, unless following."""
    waited = 0.0
    while True:
        fetched = reader.poll(POLL_BYTES, WAIT)
        yield from fetched
        if follow or fetched:
            continue
        lag = reader.lag()
        waited += WAIT
        # Without a partition the reader has yet to join its group.
        if (lag and not any(lag.values())) or waited >= PATIENCE:
            return


def lines(fetched: Fetched, *, schemas: bool) -> Iterator[str]:
    """Yield each record of a run as a JSON object with its text as it stands in the log."""
    encoded = fetched.encoded
    shared = _headers(encoded.headers)
    stamps = encoded.timestamps or [None] * len(encoded)
    records = zip(fetched.offsets, stamps, encoded.whole(), strict=True)
    topic = document(encoded.topic.encode())
    for index, (offset, stamp, (key, value)) in enumerate(records):
        own = encoded.row_headers.get(index)
        headers = _headers([*own, *encoded.headers]) if own else shared
        yield (
            f'{{"topic":{topic},"partition":{encoded.partition or 0},"offset":{offset},'
            f'"timestamp":{"null" if stamp is None else stamp},"key":{shown(key, schemas=schemas)},'
            f'"value":{shown(value, schemas=schemas)},"headers":{{{headers}}}}}'
        )


def _headers(headers: Iterable[tuple[str, bytes | None]]) -> str:
    return ",".join(f"{document(name.encode())}:{document(value)}" for name, value in headers)
