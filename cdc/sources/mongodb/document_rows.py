"""Documents as rows: images, keys and descriptions of updates, as BSON until somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import Cell, Images, ImageTemplate, Part

Wire = bytes | None


@dataclass(slots=True)
class DocumentRows:
    """Documents of one collection, by column.

    before, after: the documents, None where there is none. keys: documents of `_id` alone. updates: the
    `updateDescription`.
    """

    before: list[Wire] = field(default_factory=list)
    after: list[Wire] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    updates: list[Wire] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.keys)

    def render(self, template: ImageTemplate) -> Images:
        """Run the template over every document."""
        row, key = template.row, template.key
        found = Images([None] * len(self), [None] * len(self), [None] * len(self))
        if row is not None:
            write = _compiled(row, template.scope)
            found.before = [row.absent if data is None else write(data) for data in self.before]
            found.after = [row.absent if data is None else write(data) for data in self.after]
            found.extra = [_extra(cell, template.scope, self.updates) for cell in row.extra]
        if key is not None:
            found.key = list(map(_compiled(key, template.scope), self.keys))
        return found

    def select(self, indices: Sequence[int]) -> DocumentRows:
        """Return these rows only, in this order."""
        return DocumentRows(
            [self.before[i] for i in indices],
            [self.after[i] for i in indices],
            [self.keys[i] for i in indices],
            [self.updates[i] for i in indices],
        )


def _compiled(part: Part, scope: Mapping[str, Any]) -> Callable[[bytes], Any]:
    """Return the function of a part, which has one cell: a document is one column, and so is a key."""
    (cell,) = part.cells
    return _function(part.build([f"({cell.expression})"]), scope)


def _extra(cell: Cell, scope: Mapping[str, Any], column: Sequence[Wire]) -> list[Any]:
    write, null = _function(cell.expression, scope), _function(cell.null, scope)(b"")
    return [null if data is None else write(data) for data in column]


def _function(expression: str, scope: Mapping[str, Any]) -> Callable[[bytes], Any]:
    # The expressions are formats' and ours; no name or value of the database enters them.
    compiled: Callable[[bytes], Any] = eval(f"lambda v: {expression}", dict(scope))  # noqa: S307
    return compiled
