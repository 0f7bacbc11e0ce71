"""Compare what arrived with what was written, and count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.load import Load
from tests.faults.model import Change, Key, Model
from tests.faults.pipeline import Pipeline
from tests.faults.tables import KEYED, KEYLESS, KEYS, TABLES, contents, digest

Event = tuple[str, int | None]
"""op and version."""


@dataclass
class Verdict:
    """The counts, and the first few findings in words.

    doubled_in_target: rows of the append-only table that are there more often than the log has them.
    doubled_in_log: changes that the log has again. reread: rows that a snapshot cut by a crash has
    told again; reread_keyless: of a table without a key, where the source cannot but begin it anew.
    told_again: deletes that were told although the row was gone when the snapshot that
    counts came to it: where rows and offsets are not one, an earlier one, cut, may have shown it.
    """

    rows: int = 0
    events: int = 0
    lost: int = 0
    doubled_in_target: int = 0
    doubled_in_log: int = 0
    unequal: int = 0
    disordered: int = 0
    reread: int = 0
    reread_keyless: int = 0
    told_again: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong, whatever the log promises."""
        return not (self.lost or self.doubled_in_target or self.unequal or self.disordered)

    @property
    def exact(self) -> bool:
        """Whether the log has nothing twice and nothing needless: what exactly-once is."""
        return self.clean and not (self.doubled_in_log or self.reread or self.told_again)

    def say(self, finding: str) -> None:
        """Keep a finding, if there are not many yet."""
        if len(self.findings) < 20:
            self.findings.append(finding)

    def __str__(self) -> str:
        counts = {name: value for name, value in vars(self).items() if name != "findings"}
        lines = [", ".join(f"{name} {value}" for name, value in counts.items()), *self.findings]
        return "\n  ".join(lines)


def await_drained(pipeline: Pipeline, patience: float = 120) -> None:
    """Wait until the target equals the source, or stands still for too long: the verdict then tells."""
    deadline, last = time.monotonic() + patience, None
    wanted = digest(pipeline.source)
    while time.monotonic() < deadline:
        found = digest(pipeline.target)
        if found == wanted:
            return
        if found != last:
            deadline, last = time.monotonic() + patience, found
        pipeline.require_healthy()
        time.sleep(0.3)


def finish(pipeline: Pipeline, load: Load) -> Verdict:
    """Stop the load, wait for the rest, judge, and leave in order."""
    load.stop()
    await_drained(pipeline)
    pipeline.require_healthy()
    verdict = judge(pipeline, load.models)
    code = pipeline.stop()
    assert code == 0, f"cdc start ended with {code}"
    pipeline.require_no_orphans()
    return verdict


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
    if table == KEYLESS:
        # How often each row is there is a matter of the log, see `_judge_entries`.
        source, target = sorted(set(source)), sorted(set(target))
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
    read: Counter[Any] = Counter()
    streamed: Counter[Any] = Counter()
    for record in pipeline.consume(KEYLESS):
        row = record["value"]["after"]
        (read if record["value"]["op"] == "r" else streamed)[row["writer"], row["seq"]] += 1
    logged = read + streamed
    verdict.events += logged.total()
    again = (read - truth).total()
    if pipeline.source.resumes_keyless:
        verdict.reread += again
    else:
        verdict.reread_keyless += again
    verdict.doubled_in_log += (logged - truth - (read - truth)).total()
    verdict.doubled_in_target += (target - logged).total()
    missing = (truth - logged) + (truth - target)
    verdict.lost += missing.total() + len(logged.keys() - truth.keys())
    if logged != truth or target != truth:
        verdict.say(f"entry: missing {list(missing)[:3]}, log doubles {list(logged - truth)[:3]}")


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
    got, expected = _behind_snapshot(verdict, key, history, got, streamed)
    if got == expected:
        return
    position = 0
    for event in got:
        if position < len(expected) and event == expected[position]:
            position += 1
        elif event in expected[:position]:
            # An earlier part once more. Deletes look alike: the last one is what a replay is nearest to.
            position = position - expected[:position][::-1].index(event)
            verdict.doubled_in_log += 1
            verdict.say(f"{key}: {event} again; log {_short(got)}, written {_short(history)}")
        else:
            verdict.disordered += 1
            verdict.say(f"{key}: {event} out of order; log {_short(got)}, written {_short(history)}")
            return
    if position < len(expected):
        verdict.lost += len(expected) - position
        verdict.say(f"{key}: lost {expected[position:][:3]}; log {_short(got)}, written {_short(history)}")


def _behind_snapshot(
    verdict: Verdict, key: Key, history: Sequence[Change], got: Sequence[Event], streamed: set[object]
) -> tuple[list[Event], list[Event]]:
    """Return the events behind the last read of a key, and what they must be.

    A read stands for the changes before it. What was written in a transaction whose line in the
    journal was streamed came behind every snapshot, so that no read can stand for it.
    """
    latest = next((n for n, c in enumerate(history) if c.transaction in streamed), len(history))
    reads = [n for n, event in enumerate(got) if event[0] == "r"]
    start = latest
    if reads:
        verdict.reread += len(reads) - 1
        if len(reads) > 1:
            verdict.say(f"{key}: read again; log {_short(got)}, written {_short(history)}")
        version = got[reads[-1]][1]
        start = next((n + 1 for n, c in enumerate(history[:latest]) if c.version == version), latest)
        got = got[reads[-1] + 1 :]
    elif got:
        first = next((n for n, event in enumerate(got) if event[0] != "d"), None)
        if first is not None:
            start = next((n for n, c in enumerate(history[:latest]) if c[:2] == got[first]), latest)
    expected = [(c.op, c.version) for c in history[start:]]
    told = [n for n, c in enumerate(history[:start]) if c.op == "d"]
    rest = list(got)
    while told and rest != expected and rest[:1] == [("d", None)]:
        rest.pop(0)
        told.pop()
    if rest == expected:
        verdict.told_again += len(got) - len(rest)
        if got != rest:
            verdict.say(f"{key}: a needless delete; log {_short(got)}, written {_short(history)}")
        return rest, expected
    return list(got), expected


def _short(events: Sequence[Any]) -> str:
    shown = [f"{event[0]}{'' if event[1] is None else event[1]}" for event in events]
    return " ".join(shown if len(shown) < 30 else [*shown[:15], "…", *shown[-15:]])
