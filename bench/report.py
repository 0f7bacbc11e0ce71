"""The table on stdout, bench/results.json, and docs/performance.md."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.result import FIRST_LOAD, FLOORS, STANDARD, Result
from bench.stage import Stage

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "performance.md"
_CIRCUMSTANCES = ("date", "rows", "pairs")
"""How a measure was taken: kept with it, because a run may measure only some."""

_HEAD = ("measure", "ours", "limit", "Debezium", "tuned", "×limit", "×Debezium", "×tuned", "µs/row", "more")


def machine() -> str:
    """Return the class of this machine: processors, memory, system; nothing that names it."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = " ".join(line.partition(":")[2].split())
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} × {model}, {memory:.0f} GB, Linux, Python {platform.python_version()}"


def _number(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    assert isinstance(value, (int, float))
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _cells(result: Result) -> list[str]:
    values = result.document()
    unit = values["unit"]
    first = f"{_number(values['ours'])} {unit}" if unit else _number(values["ours"])
    shown = [_number(values[key]) for key in STANDARD if key not in ("ours", "unit")]
    more = ", ".join(
        f"{key} {_number(value)}"
        for key, value in values.items()
        if key not in (*STANDARD, *_CIRCUMSTANCES) and value is not None
    )
    return [result.name, first, *shown, more]


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table, aligned for the eye."""
    rows = [list(_HEAD), *map(_cells, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def missed(results: Iterable[Result]) -> str:
    """Return a line for each floor that is not reached."""
    return "\n".join(
        f"NOT REACHED: {result.name}: {floor}" for result in results for floor in result.missed()
    )


def write(results: Sequence[Result], stage: Stage) -> None:
    """Bring results.json and the page up to date; measures that were not taken now stay as they were."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    for result in results:
        result.values = {"rows": stage.rows, **result.values, "date": today, "pairs": stage.pairs}
    merged = {result.name: result for result in (*_earlier(), *results)}
    document = {
        "date": today,
        "machine": machine(),
        "measures": {name: result.document() for name, result in merged.items()},
    }
    RESULTS.write_text(json.dumps(document, indent=2) + "\n")
    PAGE.write_text(page(list(merged.values())))


def _earlier() -> list[Result]:
    """Return what earlier runs on this class of machine have found."""
    if not RESULTS.exists():
        return []
    document = json.loads(RESULTS.read_text())
    if document.get("machine") != machine():
        return []
    return [Result(name, values) for name, values in document["measures"].items()]


def page(results: Sequence[Result]) -> str:
    """Return docs/performance.md."""
    floors = [f"| {name} | {', '.join(map(str, found))} |" for name, found in FLOORS.items()]
    floors.append(f"| first_load | {' or '.join(map(str, FIRST_LOAD))} |")
    shortfall = missed(results)
    verdict = (
        "Every floor is reached." if not shortfall else "\n".join(f"- {s}" for s in shortfall.split("\n"))
    )
    taken = [
        f"| {result.name} | {' | '.join(_number(result.values.get(key)) for key in _CIRCUMSTANCES)} |"
        for result in results
    ]
    text = (HERE / "performance.md.in").read_text()
    return text.format(
        machine=machine(),
        taken="\n".join(["| measure | date | rows | pairs |", "|---|---|---|---|", *taken]),
        table=table(results),
        floors="\n".join(["| measure | must reach |", "|---|---|", *floors]),
        verdict=verdict,
    )
