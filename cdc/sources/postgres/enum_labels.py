"""Labels that a table version does not know: the server tells of ALTER TYPE … ADD VALUE by no message.

A label cannot be used before the statement that adds it has committed, so that the catalog knows it
when the first row with it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdc.batch import Cell, ImageTemplate, Part
from cdc.relational.text_view import view
from cdc.sources.postgres.tuples import TupleLayout, WireColumn
from cdc.sources.postgres.types.arrays import reader
from schemas.table import Table

Catalog = Callable[[Sequence[int]], Iterable[tuple[int, str]]]
"""(type, label) of all labels that these types have now."""

_FEW = 100
"""Up to so many rows are sooner looked at than the catalog is."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a column's type; delimiter: of an array of them, else empty."""

    type_oid: int
    known: Sequence[str]
    delimiter: str = ""


class LabelCheck:
    """Find the row of a version from which on its labels are not all there are.

    wire: as in `TupleLayout`. enums: by field. Whoever has many rows asks the catalog first: as long as it
    has no other labels the rows have none, and need not be looked at.
    """

    def __init__(
        self, table: Table, wire: Sequence[WireColumn], enums: Mapping[str, Labels], catalog: Catalog
    ) -> None:
        self._catalog = catalog
        self._in_catalog = {(one.type_oid, label) for one in enums.values() for label in one.known}
        self._types = sorted({one.type_oid for one in enums.values()})
        columns = tuple({c.name: c for c in (*table.columns, *table.key) if c.name in enums}.values())
        labels = [enums[column.name] for column in columns]
        self._known = [set(map(view, one.known)) for one in labels]
        scope: dict[str, Any] = {f"known{i}": known for i, known in enumerate(self._known)}
        scope |= {f"read{i}": reader(one.delimiter) for i, one in enumerate(labels) if one.delimiter}
        cells = [Cell(_unknown(i, one), "()", "()", "()") for i, one in enumerate(labels)]
        reduced = Table(table.id, columns)
        template = ImageTemplate(reduced, Part(tuple(cells), _any), None, scope)
        self._read, _ = TupleLayout(reduced, wire, key_only=False).readers(template)

    def first_unknown(self, data: bytes, text: str, after_at: Sequence[int]) -> int | None:
        """Return the index of the first new image with a label that is not known."""
        if len(after_at) > _FEW and self._in_catalog.issuperset(self._catalog(self._types)):
            return None
        read = self._read
        return next((i for i, at in enumerate(after_at) if at and read(data, text, at)[0]), None)

    def learn(self, data: bytes, text: str, at: int) -> None:
        """Know the labels of this image from now on, whatever the catalog says: they may be renamed."""
        for known, found in zip(self._known, self._read(data, text, at)[0] or (), strict=False):
            known.update(found)


def _unknown(number: int, labels: Labels) -> str:
    if labels.delimiter:
        return f"[one for one in read{number}(v) if one is not None and one not in known{number}]"
    return f"() if v in known{number} else (v,)"


def _any(names: Sequence[str]) -> str:
    return f"({' or '.join(names)}) and ({''.join(f'{name},' for name in names)})"
