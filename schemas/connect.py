"""Kafka Connect's data model: the schema of a value (org.apache.kafka.connect.data.Schema)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Type(StrEnum):
    """Connect's types under the names that JsonConverter writes."""

    BOOLEAN = "boolean"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float"
    FLOAT64 = "double"
    STRING = "string"
    BYTES = "bytes"
    ARRAY = "array"
    MAP = "map"
    STRUCT = "struct"


@dataclass(frozen=True, slots=True)
class Schema:
    """Describe a value; immutable.

    Python values by type: bool, int, float, str, bytes, list, dict. A struct is a dict by field name.
    Logical types keep the literal form of their type (days, microseconds, ISO text …) with one
    exception: `org.apache.kafka.connect.data.Decimal` is a `decimal.Decimal`.
    """

    type: Type
    optional: bool = False
    name: str | None = None
    version: int | None = None
    doc: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    default: Any = None
    fields: tuple[Field, ...] = ()
    items: Schema | None = None
    keys: Schema | None = None
    values: Schema | None = None

    def parameter(self, name: str, default: str | None = None) -> str | None:
        """Return the parameter `name`, or `default`."""
        return dict(self.parameters).get(name, default)

    def with_parameters(self, extra: Mapping[str, str]) -> Schema:
        """Return this schema with more parameters; an existing name is overwritten in place."""
        return replace(self, parameters=tuple({**dict(self.parameters), **extra}.items()))

    def with_default(self, default: Any) -> Schema:
        """Return this schema with a default value."""
        return replace(self, default=default)

    def as_optional(self, optional: bool = True) -> Schema:
        """Return this schema, optional or not."""
        return self if self.optional == optional else replace(self, optional=optional)

    def field(self, name: str) -> Schema | None:
        """Return the schema of the struct field `name`, or None."""
        return next((f.schema for f in self.fields if f.name == name), None)


@dataclass(frozen=True, slots=True)
class Field:
    """A named member of a struct."""

    name: str
    schema: Schema


def struct(
    name: str | None,
    fields: Iterable[tuple[str, Schema]],
    *,
    optional: bool = False,
    version: int | None = None,
) -> Schema:
    """Return a struct schema with these fields, in order."""
    members = tuple(Field(field_name, schema) for field_name, schema in fields)
    return Schema(Type.STRUCT, optional=optional, name=name, version=version, fields=members)


def array(items: Schema, *, optional: bool = False) -> Schema:
    """Return an array schema."""
    return Schema(Type.ARRAY, optional=optional, items=items)


BOOLEAN = Schema(Type.BOOLEAN)
INT8 = Schema(Type.INT8)
INT16 = Schema(Type.INT16)
INT32 = Schema(Type.INT32)
INT64 = Schema(Type.INT64)
FLOAT32 = Schema(Type.FLOAT32)
FLOAT64 = Schema(Type.FLOAT64)
STRING = Schema(Type.STRING)
BYTES = Schema(Type.BYTES)
OPTIONAL_INT64 = Schema(Type.INT64, optional=True)
OPTIONAL_STRING = Schema(Type.STRING, optional=True)

__all__ = [
    "BOOLEAN",
    "BYTES",
    "FLOAT32",
    "FLOAT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "OPTIONAL_INT64",
    "OPTIONAL_STRING",
    "STRING",
    "Field",
    "Schema",
    "Type",
    "array",
    "struct",
]
