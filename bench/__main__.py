"""`python -m bench [NAME…]`: measure, print a table, write results.json and docs/performance.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Sequence

from bench import binlogs, latency, many_tables, memory, mongo, report, sinks, snapshots, streams, whole
from bench.measure import BenchFailed
from bench.result import FAILED, Result
from bench.stage import Stage
from tests.servers.connect import ConnectFailure

Measure = Callable[[Stage, Collection[str]], list[Result]]

GROUPS: Sequence[tuple[tuple[str, ...], Measure]] = (
    (latency.NAMES, latency.measure),
    (memory.NAMES, memory.measure),
    (streams.NAMES, streams.measure),
    (snapshots.NAMES, snapshots.measure),
    (whole.NAMES, whole.measure),
    (sinks.NAMES, sinks.measure),
    (binlogs.NAMES, binlogs.measure),
    (many_tables.NAMES, many_tables.measure),
    (mongo.NAMES, mongo.measure),
)
"""In the order of a run; what shares runs is one group."""

NAMES = tuple(name for names, _ in GROUPS for name in names)
ROWS, QUICK_ROWS = 1_000_000, 100_000


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--rows", type=int, help=f"changes, and rows of the snapshot ({ROWS:,})")
    parser.add_argument("--pairs", type=int, help="how often everything is run (3)")
    parser.add_argument("--quick", action="store_true", help="100,000 rows, one pair, no Debezium; no files")
    parser.add_argument("--no-debezium", action="store_true", help="leave real Debezium out")
    parser.add_argument("--check", action="store_true", help="exit 1 when a floor is not reached")
    found = parser.parse_args(argv)
    unknown = set(found.names) - set(NAMES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(NAMES)}")
    return found


def run(stage: Stage, wanted: Collection[str]) -> list[Result]:
    """Run what is wanted, in the order of NAMES."""
    results = []
    for names, measure in GROUPS:
        chosen = [name for name in names if name in wanted]
        if chosen:
            print(f"{', '.join(chosen)}", flush=True)
            try:
                results += measure(stage, chosen)
            except (BenchFailed, ConnectFailure, OSError) as error:
                print(f"  FAILED: {error}", flush=True)
                results += [Result(name, {"unit": FAILED}) for name in chosen]
    return results


def main(argv: Sequence[str]) -> int:
    """Measure and report."""
    options = arguments(argv)
    rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    pairs = options.pairs or (1 if options.quick else 3)
    stage = Stage(rows, pairs, debezium=not options.quick and not options.no_debezium)
    wanted = options.names or NAMES
    try:
        results = run(stage, wanted)
    finally:
        stage.close()
    print(report.table(results))
    missed = report.missed(results)
    print(missed or "every floor is reached")
    if not options.quick:
        report.write(results, stage)
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
