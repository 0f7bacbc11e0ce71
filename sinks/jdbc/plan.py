"""A plan: how the records of one schema become rows of one version of one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from cdc.batch import UNAVAILABLE
from cdc.columns import StructColumns
from sinks.jdbc.binding import Binding
from sinks.jdbc.cells import Column, Render, bound
from sinks.jdbc.records import Rows
from sinks.jdbc.reflection import TargetTable
from sinks.jdbc.session import RowsRejected

Key = tuple[Any, ...]
Row = tuple[Any, ...]


class Partial(tuple[Any, ...]):
    """A row in which cells are `UNAVAILABLE`: those columns keep what they have."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """A delete; `position` is its guard cell, where there is a guard."""

    position: Any = None


GONE: Final = Gone()
Change = Row | Gone


@dataclass(frozen=True, slots=True)
class Cells:
    """How a dialect writes cells: a renderer by form, and what stands for NULL."""

    render: Callable[[str], Render]
    null: Any


@dataclass(frozen=True, slots=True)
class Source:
    """A column of the plan: the field it comes from and how it is bound."""

    field: str
    column: str
    binding: Binding
    unavailable: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Bound columns, key columns first; compared by identity."""

    table: TargetTable
    keys: tuple[Source, ...]
    values: tuple[Source, ...]
    guard: str | None
    cells: Cells

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of a row, in the order of its cells."""
        named = [source.column for source in (*self.keys, *self.values)]
        return tuple(named) if self.guard is None else (*named, self.guard)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        return tuple(source.column for source in self.keys)

    def key_cells(self, keys: Sequence[Mapping[str, Any]]) -> list[Column]:
        """Return the key columns; raises RowsRejected when a key has a null part."""
        columns = []
        for source in self.keys:
            values = field_values(keys, source.field)
            if None in values:
                raise RowsRejected(f"the key field {source.field} is null")
            columns.append(self._render(source, values))
        return columns

    def changes(self, rows: Rows) -> tuple[list[Key], list[Change]]:
        """Return each row's key (empty tuples where there is none) and what happens to it."""
        key_columns = self.key_cells(rows.keys) if rows.keys is not None and self.keys else []
        keys: list[Key] = list(zip(*key_columns, strict=True)) if key_columns else [()] * len(rows.images)
        guard = self._guard(rows.positions)
        if None not in rows.images:
            return keys, self._rows(key_columns, rows.images, guard)
        kept = [i for i, image in enumerate(rows.images) if image is not None]
        changes: list[Change] = (
            [GONE] * len(keys) if guard is None else [Gone(position) for position in guard]
        )
        chosen = [[column[i] for i in kept] for column in key_columns]
        images = [rows.images[i] for i in kept]
        new = self._rows(chosen, images, None if guard is None else [guard[i] for i in kept]) if kept else []
        for i, row in zip(kept, new, strict=True):
            changes[i] = row
        return keys, changes

    def _guard(self, positions: list[int | None]) -> Column | None:
        return self.cells.render("int")(positions) if self.guard is not None else None

    def _rows(self, keys: Sequence[Column], images: Sequence[Any], guard: Column | None) -> list[Change]:
        columns = list(keys)
        holes: dict[int, set[int]] = {}
        fields, complete = self._fields(images)
        for place, (source, values) in enumerate(zip(self.values, fields, strict=True), len(keys)):
            missing = source.unavailable if complete else (*source.unavailable, UNAVAILABLE)
            columns.append(self._render(source, _without(missing, values, place, holes)))
        if guard is not None:
            columns.append(guard)
        rows: list[Change] = list(zip(*columns, strict=True))
        for i, places in holes.items():
            cells = zip(range(len(columns)), columns, strict=True)
            rows[i] = Partial(UNAVAILABLE if place in places else column[i] for place, column in cells)
        return rows

    def _fields(self, images: Sequence[Any]) -> tuple[Sequence[Column], bool]:
        """Return the values of each field, and whether every image has all of them.

        One visit to each image instead of one a field, for the sake of the processor's cache.
        """
        names = [source.field for source in self.values]
        try:
            if isinstance(images, StructColumns):
                return [*map(images.column, names)], True
            if len(names) > 1:
                return list(zip(*map(itemgetter(*names), images), strict=True)), True
            return [[image[name] for image in images] for name in names], True
        except KeyError:
            return [[image.get(name, UNAVAILABLE) for image in images] for name in names], False

    def _render(self, source: Source, values: Column) -> Column:
        try:
            return self.cells.render(source.binding.form)(bound(source.binding, values))
        except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
            raise RowsRejected(f"field {source.field}: {type(error).__name__}: {error}") from error


def field_values(structs: Sequence[Mapping[str, Any]], name: str) -> Column:
    """Return a field of all structs; raises KeyError where one has none of that name."""
    return (
        structs.column(name) if isinstance(structs, StructColumns) else [struct[name] for struct in structs]
    )


def _without(forms: tuple[Any, ...], values: Column, place: int, holes: dict[int, set[int]]) -> Column:
    """Return the column with None for what stands for an unchanged value; note where that was."""
    for form in forms:
        if form in values:
            found = {i for i, value in enumerate(values) if value == form}
            for i in found:
                holes.setdefault(i, set()).add(place)
            values = [None if i in found else value for i, value in enumerate(values)]
    return values
