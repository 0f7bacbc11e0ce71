"""A plan: how the records of one schema become rows of one version of one table."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cdc.batch import UNAVAILABLE
from schemas import logical
from schemas.connect import Schema, Type
from sinks.jdbc import schemaless
from sinks.jdbc.cells import Column, Render, bound
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.records import Rows
from sinks.jdbc.reflection import TargetTable
from sinks.jdbc.session import RowsRejected
from sinks.jdbc.tables import Wanted
from sinks.jdbc.types import column_type
from sinks.jdbc.values import Binding, Dialect, bind

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
            values = [key[source.field] for key in keys]
            if None in values:
                raise RowsRejected(f"the key field {source.field} is null")
            columns.append(self._render(source, values))
        return columns

    def changes(self, rows: Rows) -> tuple[list[Key], list[Change]]:
        """Return each row's key (empty tuples where there is none) and what happens to it."""
        key_columns = self.key_cells(rows.keys) if rows.keys is not None and self.keys else []
        keys: list[Key] = list(zip(*key_columns, strict=True)) if key_columns else [()] * len(rows.images)
        guard = self._guard(rows.positions)
        kept = [i for i, image in enumerate(rows.images) if image is not None]
        if len(kept) == len(rows.images):
            return keys, self._rows(key_columns, rows.images, guard)
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
        for place, source in enumerate(self.values, len(keys)):
            columns.append(self._column(source, images, place, holes))
        if guard is not None:
            columns.append(guard)
        rows: list[Change] = list(zip(*columns, strict=True))
        for i, places in holes.items():
            cells = zip(range(len(columns)), columns, strict=True)
            rows[i] = Partial(UNAVAILABLE if place in places else column[i] for place, column in cells)
        return rows

    def _column(
        self, source: Source, images: Sequence[Any], place: int, holes: dict[int, set[int]]
    ) -> Column:
        field = source.field
        forms = source.unavailable
        try:
            values = [image[field] for image in images]
        except KeyError:
            values, forms = [image.get(field, UNAVAILABLE) for image in images], (*forms, UNAVAILABLE)
        for form in forms:
            if form in values:
                for i, value in enumerate(values):
                    if value == form:
                        values[i] = None
                        holes.setdefault(i, set()).add(place)
        return self._render(source, values)

    def _render(self, source: Source, values: Column) -> Column:
        try:
            return self.cells.render(source.binding.form)(bound(source.binding, values))
        except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
            raise RowsRejected(f"field {source.field}: {type(error).__name__}: {error}") from error


def unavailable_forms(schema: Schema | None, placeholder: str) -> tuple[Any, ...]:
    """Return what stands for an unchanged value in a column of this schema."""
    data = placeholder.encode()
    if schema is None:
        encoded = base64.b64encode(data).decode()
        return placeholder, encoded, [placeholder], list(data), {placeholder: placeholder}
    if schema.name == logical.UUID:
        return placeholder, str(uuid.UUID(bytes=_name_uuid(data)))
    if schema.type is Type.STRING:
        return (placeholder,)
    if schema.type is Type.BYTES and schema.name != logical.DECIMAL:
        return (data,)
    if schema.type is Type.ARRAY:
        return [placeholder], [data], list(data)
    return ({placeholder: placeholder},) if schema.type is Type.MAP else ()


def _name_uuid(data: bytes) -> bytes:
    """Return Java's UUID.nameUUIDFromBytes."""
    digest = bytearray(hashlib.md5(data, usedforsecurity=False).digest())
    digest[6] = digest[6] & 0x0F | 0x30
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


_MOST_PLANS = 2000
GUARD_SCHEMA = Schema(Type.INT64, optional=True)


class Planner:
    """Make plans, and find the one for given records again."""

    def __init__(
        self, config: JdbcSinkConfig, dialect: Dialect, cells: Cells, fit: Callable[[str], str]
    ) -> None:
        self.config, self.dialect, self.cells, self.fit = config, dialect, cells, fit
        self._wanted: dict[Any, tuple[list[Wanted], list[str], list[str]]] = {}
        self._plans: dict[Any, Plan] = {}
        # Schemas are told apart by identity, so those in use must not be freed.
        self._alive: list[Any] = []

    def forget(self) -> None:
        """Drop all plans: the tables may have changed."""
        self._plans.clear()

    def wanted(self, rows: Rows) -> list[Wanted]:
        """Return the columns that the records bring, key columns first."""
        return self._fields(rows)[0]

    def _fields(self, rows: Rows) -> tuple[list[Wanted], list[str], list[str]]:
        keys = self._key_fields(rows)
        values = self._value_fields(rows)
        cached = (rows.topic, tuple(keys), tuple(values), id(rows.row_schema), id(rows.key_schema))
        found = self._wanted.get(cached)
        if found is None:
            self._bound()
            found = self._wanted[cached] = self._choose(rows, keys, values)
            self._alive.append((rows.row_schema, rows.key_schema))
        return found

    def _bound(self) -> None:
        if len(self._alive) >= _MOST_PLANS:
            self._wanted.clear()
            self._plans.clear()
            self._alive.clear()

    def _choose(
        self, rows: Rows, keys: list[str], values: list[str]
    ) -> tuple[list[Wanted], list[str], list[str]]:
        allowed = self.config.field_filter(rows.topic)
        values = [name for name in values if name not in keys and allowed(name)]
        wanted = [Wanted(self.column(name), self._key_schema(rows, name), key=True) for name in keys]
        wanted += [Wanted(self.column(name), _field(rows.row_schema, name)) for name in values]
        if self.config.guard_column:
            wanted.append(Wanted(self.config.guard_column, GUARD_SCHEMA))
        return wanted, keys, values

    def column(self, field: str) -> str:
        """Return the column of a field."""
        return self.fit(self.config.column_name(field))

    def _key_schema(self, rows: Rows, name: str) -> Schema | None:
        return _field(rows.key_schema, name) or _field(rows.row_schema, name)

    def _key_fields(self, rows: Rows) -> list[str]:
        if rows.keys is None:
            return []
        if self.config.key_fields and self.config.key_mode != "kafka":
            return list(self.config.key_fields)
        if rows.key_schema is not None:
            return [member.name for member in rows.key_schema.fields]
        return list(rows.keys[0])

    def _value_fields(self, rows: Rows) -> list[str]:
        if rows.row_schema is not None:
            return [member.name for member in rows.row_schema.fields]
        images = [image for image in rows.images if image is not None]
        if not images:
            return []
        names = dict.fromkeys(images[0])
        for image in images:
            if len(image) != len(names) or image.keys() != names.keys():
                names.update(dict.fromkeys(image))
        return list(names)

    def plan(self, rows: Rows, table: TargetTable) -> Plan:
        """Return the plan for these records; the table has every column that they bring."""
        _wanted, keys, values = self._fields(rows)
        cached = (table, rows.topic, tuple(keys), tuple(values), id(rows.row_schema), id(rows.key_schema))
        found = self._plans.get(cached)
        if found is None:
            key_sources = tuple(self._source(name, self._key_schema(rows, name), table) for name in keys)
            value_sources = tuple(
                self._source(name, _field(rows.row_schema, name), table)
                for name in values
                if not table.columns[self.column(name)].generated
            )
            guard = self.config.guard_column
            found = self._plans[cached] = Plan(table, key_sources, value_sources, guard, self.cells)
        return found

    def _source(self, name: str, schema: Schema | None, table: TargetTable) -> Source:
        column = self.column(name)
        found = table.columns.get(column)
        target = found.type if found is not None else column_type("text")
        binding = (
            schemaless.bind(target, self.dialect) if schema is None else bind(schema, target, self.dialect)
        )
        return Source(name, column, binding, unavailable_forms(schema, self.config.placeholder))


def _field(schema: Schema | None, name: str) -> Schema | None:
    return None if schema is None else schema.field(name)
