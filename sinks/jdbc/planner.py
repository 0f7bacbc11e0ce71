"""The planner: which fields of the records go to which columns, and how each is bound."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cdc.columns import StructColumns
from schemas import logical
from schemas.connect import Schema, Type
from sinks.jdbc import schemaless
from sinks.jdbc.binding import Dialect
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.plan import Cells, Plan, Source
from sinks.jdbc.records import Rows
from sinks.jdbc.reflection import TargetTable
from sinks.jdbc.tables import Wanted
from sinks.jdbc.types import column_type
from sinks.jdbc.values import bind

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
        return field_names(rows.keys[:1])

    def _value_fields(self, rows: Rows) -> list[str]:
        if rows.row_schema is not None:
            return [member.name for member in rows.row_schema.fields]
        return field_names(rows.images)

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


def field_names(structs: Sequence[Mapping[str, Any] | None]) -> list[str]:
    """Return the fields that any of the structs has, in the order of their first appearance."""
    if isinstance(structs, StructColumns):
        return list(structs.names)
    found = [struct for struct in structs if struct is not None]
    names = dict.fromkeys(found[0] if found else ())
    for struct in found:
        if len(struct) != len(names) or struct.keys() != names.keys():
            names.update(dict.fromkeys(struct))
    return list(names)


def _field(schema: Schema | None, name: str) -> Schema | None:
    return None if schema is None else schema.field(name)


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
