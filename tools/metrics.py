"""Make docs/metrics.md from the tables of the exposition; `tools.docs` writes and checks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cdc.rest.attributes import DEBEZIUM, OWN, Attribute, Shape

PATH = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"

INTRODUCTION = """\
<!-- Generated from cdc/rest/attributes.py: edit that, then run `make docs`. -->
# Metrics

`GET /metrics` answers in Prometheus' text format.

## Debezium's

Every attribute of Debezium's `context=streaming` and `context=snapshot` MBeans, and every number of
`context=schema-history`, is there under the name that the JMX exporter gives it with the configuration of
Debezium's own examples, so that existing dashboards go on to work: `debezium_metrics_` and the attribute's
name, letter by letter (that is why these are not in snake case), with the labels `plugin` (`postgres`,
`mysql` …), `name` (`topic.prefix`), `context` and `task`.

JMX knows texts, Prometheus only numbers. A text is the label `value` of a metric that ends in `_info` and
is 1; it is cut at 256 characters, and absent while there is none. Each new text is a new time series: drop
those you do not want with `metric_relabel_configs`. A list has a series for each entry, a map one for each
key.
"""

OURS = """\

## cdc's own

`type` is `source` or `sink`. Counters start at 0 with the task. What a plugin counts beyond these tables
comes as `cdc_` and its name.
"""


def page() -> str:
    """Return the text of docs/metrics.md."""
    lines = ["metric | contexts | more labels | meaning", "--- | --- | --- | ---"]
    lines += [_debezium(attribute) for attribute in DEBEZIUM]
    ours = ["metric | type | labels | meaning", "--- | --- | --- | ---"]
    ours += [
        f"`{own.name}` | {own.kind} | {', '.join(f'`{label}`' for label in own.labels)} | {own.doc}"
        for own in OWN
    ]
    return "\n".join([INTRODUCTION, *_rows(lines), OURS, *_rows(ours)]) + "\n"


def _debezium(attribute: Attribute) -> str:
    suffix = "_info" if attribute.shape is Shape.TEXT else ""
    only = f" Only {' and '.join(attribute.plugins)}." if attribute.plugins else ""
    cells = (
        f"`debezium_metrics_{attribute.name}{suffix}`",
        ", ".join(attribute.contexts),
        _label(attribute),
        attribute.doc + only,
    )
    return " | ".join(cells)


def _label(attribute: Attribute) -> str:
    match attribute.shape:
        case Shape.TEXT:
            return "`value`"
        case Shape.LIST:
            return "`table`"
        case Shape.MAP:
            return "`table`" if "snapshot" in attribute.contexts else "`key`"
    return ""


def _rows(lines: list[str]) -> Iterator[str]:
    return (f"| {line} |" for line in lines)
