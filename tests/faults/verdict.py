"""Compare what arrived with what was written, and count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.model import Change, Key, Model
from tests.faults.pipeline import Pipeline
from tests.faults.tables import KEYED, KEYLESS, KEYS, TABLES, contents, digest

Event = tuple[str, int | None]
"""op and version."""


@dataclass
class Verdict:
    """The counts, and the first few findings in words."""

    rows: int = 0
    events: int = 0
    lost: int = 0
    doubled_in_target: int = 0
    doubled_in_log: int = 0
    replayed_in_log: int = 0
    unequal: int = 0
    disordered: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong; repeated runs of events are for the caller to judge."""
        return not (self.lost or self.doubled_in_target or self.unequal or self.disordered)

    def say(self, finding: str) -> None:
        """Keep a finding, if there are not many yet."""
        if len(self.findings) < 20:
            self.findings.append(finding)

    def __str__(self) -> str:
        counts = {name: value for name, value in vars(self).items() if name != "findings"}
        lines = [", ".join(f"{name} {value}" for name, value in counts.items()), *self.findings]
        return "\n  ".join(lines)


def await_drained(pipeline: Pipeline, timeout: float = 90) -> None:
    """Wait until the target equals the source, or until that is too late: the verdict then tells."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if digest(pipeline.source) == digest(pipeline.target):
            return
        pipeline.require_healthy()
        time.sleep(0.3)


def judge(pipeline: Pipeline, models: Sequence[Model]) -> Verdict:
    """Compare source, target and log with the truth."""
    verdict = Verdict(rows=sum(model.rows for model in models))
    for table in TABLES:
        _compare_tables(verdict, pipeline, table)
    _judge_entries(verdict, pipeline, models)
    journal = _history(verdict, pipeline.consume("zz_journal"), "zz_journal")
    streamed = {key for (_, key), events in journal.items() if events and events[0][0] == "c"}
    for table in KEYED:
        logged = journal if table == "zz_journal" else _history(verdict, pipeline.consume(table), table)
        for model in models:
            _judge_keys(verdict, table, model, logged, streamed)
        for key in logged:
            verdict.lost += 1
            verdict.say(f"the log has events of {key}, which was never written")
    return verdict


def _compare_tables(verdict: Verdict, pipeline: Pipeline, table: str) -> None:
    source, target = contents(pipeline.source, table), contents(pipeline.target, table)
    if source == target:
        return
    there, here = Counter(source), Counter(target)
    missing, extra = there - here, here - there
    verdict.unequal += missing.total() + extra.total()
    verdict.say(f"{table}: target lacks {missing.total()}, e.g. {list(missing)[:3]}")
    verdict.say(f"{table}: target has {extra.total()} more, e.g. {list(extra)[:3]}")


def _judge_entries(verdict: Verdict, pipeline: Pipeline, models: Sequence[Model]) -> None:
    """A table without a key shows each loss and each doubling: nothing can be overwritten."""
    truth = Counter(entry for model in models for entry in model.entries)
    target: Counter[Any] = Counter(contents(pipeline.target, KEYLESS))
    logged: Counter[Any] = Counter()
    for record in pipeline.consume(KEYLESS):
        row = record["value"]["after"]
        logged[row["writer"], row["seq"]] += 1
        verdict.events += 1
    verdict.lost += (truth - logged).total() + (logged.keys() - truth.keys()).__len__()
    verdict.doubled_in_log += (logged - truth).total()
    verdict.doubled_in_target += (target - truth).total()
    verdict.lost += (truth - target).total()
    if logged != truth:
        verdict.say(f"entry: log lacks {list(truth - logged)[:3]}, doubles {list(logged - truth)[:3]}")


def _history(verdict: Verdict, records: Iterable[dict[str, Any]], table: str) -> dict[Key, list[Event]]:
    """Return the events of each key, in the order of the log; tombstones have to follow deletes."""
    found: dict[Key, list[Event]] = {}
    deleted: object = None
    for record in records:
        key, value = record["key"][KEYS[table]], record["value"]
        if (value is None) is (deleted is None) or (value is None and key != deleted):
            verdict.disordered += 1
            verdict.say(f"{table}: {key} at {record['offset']}: a delete and its tombstone are apart")
        if value is None:
            deleted = None
            continue
        op = value["op"]
        deleted = key if op == "d" else None
        found.setdefault((table, key), []).append((op, value["after"]["version"] if op != "d" else None))
        verdict.events += 1
    return found


def _judge_keys(
    verdict: Verdict, table: str, model: Model, logged: dict[Key, list[Event]], streamed: set[object]
) -> None:
    for key, history in model.history.items():
        if key[0] == table:
            _judge_key(verdict, key, history, logged.pop(key, []), streamed)


def _judge_key(
    verdict: Verdict, key: Key, history: Sequence[Change], got: Sequence[Event], streamed: set[object]
) -> None:
    expected = _expected(history, got, streamed)
    if list(got) == expected:
        return
    position = 0
    for event in got:
        if position < len(expected) and event == expected[position]:
            position += 1
        elif event in expected[:position]:
            # An earlier part once more. Deletes look alike: the last one is what a replay is nearest to.
            position = position - expected[:position][::-1].index(event)
            verdict.replayed_in_log += 1
            verdict.doubled_in_log += 1
            verdict.say(f"{key}: {event} again; log {_short(got)}, written {_short(history)}")
        else:
            verdict.disordered += 1
            verdict.say(f"{key}: {event} out of order; log {_short(got)}, written {_short(history)}")
            return
    if position < len(expected):
        verdict.lost += len(expected) - position
        verdict.say(f"{key}: lost {expected[position:][:3]}; log {_short(got)}, written {_short(history)}")


def _expected(history: Sequence[Change], got: Sequence[Event], streamed: set[object]) -> list[Event]:
    """Return the events a key must have: what it was when it was read, and all that followed.

    A snapshot stands for the changes before it. What was written in a transaction whose line in the
    journal was streamed came behind every snapshot.
    """
    latest = next((n for n, c in enumerate(history) if c.transaction in streamed), len(history))
    start = latest
    if got and got[0][0] == "r":
        read = next((n for n, c in enumerate(history[:latest]) if c.version == got[0][1]), None)
        if read is not None:
            return [got[0], *((c.op, c.version) for c in history[read + 1 :])]
    elif got:
        start = next((n for n, c in enumerate(history[:latest]) if (c.op, c.version) == got[0]), latest)
    return [(c.op, c.version) for c in history[start:]]


def _short(events: Sequence[Any]) -> str:
    shown = [f"{event[0]}{'' if event[1] is None else event[1]}" for event in events]
    return " ".join(shown if len(shown) < 30 else [*shown[:15], "…", *shown[-15:]])
