"""Pairs of runs: within a pair everybody has its turn, so that all meet the same machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from bench.measure import Rate
from bench.rates import Runs, describe
from bench.stage import Stage

Variants = dict[str, Callable[[], Rate]]
"""By name; `tuned` is run once before, to be warm."""


def run_pairs(stage: Stage, what: str, variants: Mapping[str, Callable[[], Rate]]) -> Runs:
    """Run every variant in every pair."""
    runs: Runs = defaultdict(list)
    if "tuned" in variants:
        stage.say("warming the tuned Debezium up")
        variants["tuned"]()
    for pair in range(stage.pairs):
        for name, run in variants.items():
            rate = run()
            runs[name].append(rate)
            stage.say(f"pair {pair + 1}: {what}, {name}: {describe(rate)}")
    return runs
