"""Speeds, ratios and costs out of the runs of a measure: medians, ratios within pairs."""

from __future__ import annotations

from bench.measure import Rate, middle

Runs = dict[str, list[Rate]]
"""What every variant reached, pair by pair."""


def describe(rate: Rate) -> str:
    """Return a rate for the eye."""
    return f"{rate.per_second:,.0f} rows/s, {rate.cpu_us:.1f} µs CPU a row"


def speed(rates: list[Rate]) -> float | None:
    """Return the median of rows a second; None where nothing was run."""
    return middle([rate.per_second for rate in rates]) if rates else None


def cpu(rates: list[Rate]) -> float | None:
    """Return the median of the CPU time a row, in µs."""
    return middle([rate.cpu_us for rate in rates]) if rates else None


def ratio(ours: list[Rate], theirs: list[Rate]) -> float | None:
    """Return the median of the ratios within pairs."""
    pairs = [mine.per_second / other.per_second for mine, other in zip(ours, theirs, strict=False)]
    return middle(pairs) if pairs else None


def against_debezium(ours: list[Rate], runs: Runs) -> dict[str, float | str | None]:
    """Return the standard values of a measure in rows a second."""
    fresh, tuned, limit = runs.get("debezium", []), runs.get("tuned", []), runs.get("limit", [])
    tuned_cpu, own_cpu = cpu(tuned), cpu(ours)
    return {
        "ours": speed(ours),
        "unit": "rows/s",
        "limit": speed(limit),
        "debezium": speed(fresh),
        "debezium_tuned": speed(tuned),
        "ratio_limit": ratio(ours, limit),
        "ratio_debezium": ratio(ours, fresh),
        "ratio_debezium_tuned": ratio(ours, tuned),
        "cpu_us_per_row": own_cpu,
        "debezium_cpu_us_per_row": cpu(fresh),
        "debezium_tuned_cpu_us_per_row": tuned_cpu,
        "cpu_ratio_debezium_tuned": own_cpu / tuned_cpu if own_cpu and tuned_cpu else None,
    }
