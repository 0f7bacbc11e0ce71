"""Lanes: the changes of one table within a transaction, reduced where that is safe, else in order.

A lane is a list of segments. Within a segment every key has one change, so a segment's rows and deletes
may be written in two statements; segments are written one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sinks.jdbc.key_changes import Keys
from sinks.jdbc.plan import Change, Gone, Key, Partial, Plan, Row
from sinks.jdbc.records import Rows, Truncation


@dataclass(slots=True)
class Segment:
    """Changes that may be written in any order among themselves.

    changes: the one change of each key. appended: rows without a key, or those of `insert.mode=insert`.
    fresh: every row is new as far as the records tell (snapshot rows and inserts).
    """

    plan: Plan
    changes: dict[Key, Change] = field(default_factory=dict)
    appended: list[Row] = field(default_factory=list)
    fresh: bool = True

    @property
    def whole(self) -> bool:
        """Whether there are whole rows only."""
        return {tuple}.issuperset(map(type, self.changes.values()))

    @property
    def rows(self) -> list[Row]:
        """The whole rows, in the order of their first appearance."""
        return [change for change in self.changes.values() if type(change) is tuple]

    @property
    def partial(self) -> dict[Key, Partial]:
        """The rows of which columns keep what they have."""
        return {key: change for key, change in self.changes.items() if isinstance(change, Partial)}

    @property
    def gone(self) -> dict[Key, Gone]:
        """The deletes."""
        return {key: change for key, change in self.changes.items() if isinstance(change, Gone)}


@dataclass(frozen=True, slots=True)
class Rekey:
    """A row whose key was changed, with columns that keep what they have under the old key."""

    plan: Plan
    old: Key
    row: Partial


@dataclass(frozen=True, slots=True)
class Move:
    """A row whose key was changed; what it is under the new key has yet to come."""

    plan: Plan
    old: Key
    new: Key
    gone: Gone


Step = Segment | Rekey | Move | Truncation


@dataclass(slots=True)
class Lane:
    """The steps of one table. `reduce`: later changes of a key replace earlier ones."""

    reduce: bool = True
    insert_only: bool = False
    deletes: bool = True
    steps: list[Step] = field(default_factory=list)

    def add(self, plan: Plan, rows: Rows) -> None:
        """Take rows of one plan, in order."""
        keys, changes = plan.changes(rows)
        if rows.keys is None or not plan.keys:
            self._segment(plan).appended.extend(change for change in changes if isinstance(change, tuple))
            return
        if not self.deletes and None in rows.images:
            kept = [i for i, change in enumerate(changes) if not isinstance(change, Gone)]
            keys, changes = [keys[i] for i in kept], [changes[i] for i in kept]
        simple = set(map(type, changes)) <= (
            {tuple} if self.insert_only or not self.reduce else {tuple, Gone}
        )
        simple = simple and not (rows.new_keys and self.deletes)
        if simple and self.insert_only:
            self._segment(plan).appended.extend(changes)  # type: ignore[arg-type]
        elif simple and self.reduce:
            segment = self._segment(plan)
            segment.changes.update(zip(keys, changes, strict=True))
            segment.fresh = segment.fresh and rows.fresh
        else:
            self._add_singly(plan, rows, keys, changes)

    def truncate(self, truncation: Truncation) -> None:
        """Empty the table: nothing of what came before is left."""
        self.steps = [truncation]

    def _segment(self, plan: Plan) -> Segment:
        last = self.steps[-1] if self.steps else None
        if isinstance(last, Segment) and last.plan is plan:
            return last
        return self._new(plan)

    def _new(self, plan: Plan) -> Segment:
        segment = Segment(plan)
        self.steps.append(segment)
        return segment

    def _add_singly(self, plan: Plan, rows: Rows, keys: Sequence[Key], changes: Sequence[Change]) -> None:
        old, new = (_cells(plan, keys) if self.deletes else {} for keys in (rows.old_keys, rows.new_keys))
        moved = _moved(keys, changes, old)
        for i, (key, change) in enumerate(zip(keys, changes, strict=True)):
            if i in moved:
                continue
            if isinstance(change, Partial) and i in old:
                self.steps.append(Rekey(plan, old[i], change))
                continue
            if isinstance(change, Gone) and i in new:
                self.steps.append(Move(plan, key, new[i], change))
                continue
            segment = self._segment(plan)
            if self._must_follow(segment, key, change):
                segment = self._new(plan)
            if self.insert_only and isinstance(change, tuple):
                segment.appended.append(change)
            else:
                segment.changes[key] = change
            segment.fresh = segment.fresh and rows.fresh

    def _must_follow(self, segment: Segment, key: Key, change: Change) -> bool:
        """Whether the change has to come after everything in the segment."""
        if self.insert_only:
            return bool(segment.appended if isinstance(change, Gone) else segment.changes)
        if self.reduce:
            return isinstance(change, Partial) and key in segment.changes
        other = next(iter(segment.changes.values()), change)
        return key in segment.changes or type(other) is not type(change)


def _cells(plan: Plan, keys: Keys) -> dict[int, Key]:
    """Return keys as cells, as far as they have what identifies a row here."""
    fields = {source.field for source in plan.keys}
    whole = {i: key for i, key in keys.items() if fields <= key.keys()}
    if not whole:
        return {}
    return dict(zip(whole, zip(*plan.key_cells([*whole.values()]), strict=True), strict=True))


def _moved(keys: Sequence[Key], changes: Sequence[Change], old: Mapping[int, Key]) -> set[int]:
    """Return the deletes that must not be done, because the insert behind them takes over what is there."""
    found = set[int]()
    for i, key in old.items():
        if isinstance(changes[i], Partial):
            while i > 0 and keys[i - 1] == key and isinstance(changes[i - 1], Gone):
                i -= 1
                found.add(i)
    return found
