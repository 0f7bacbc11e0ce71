"""Tables as a source sees them: columns with their schema and the codec of their wire form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.connect import Schema


@dataclass(frozen=True, slots=True)
class Codec:
    """How one column's wire form becomes a value and JSON text, as expressions for generated code.

    Both are Python expressions over the variable `v` (the wire form, never NULL). `value` yields
    the Connect value (see `schemas.connect.Schema`). `json` yields JSON text as a `str` in which
    each character stands for one byte of UTF-8 (latin-1 view), or is None when a format has to
    derive the text from the value. Names used by the expressions are in `scope`; a name must mean
    the same object in every codec (prefix it with the module's purpose).
    """

    value: str
    json: str | None = None
    scope: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableId:
    """The name of a table; parts that a source does not have are empty."""

    catalog: str
    schema: str
    table: str

    def __str__(self) -> str:
        return ".".join(part for part in (self.schema or self.catalog, self.table) if part)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one version of a table.

    `fallback` is the value written where a NOT NULL column is absent from a key-only old image
    (Debezium writes a neutral value there); None for nullable columns. `unavailable` is the value
    written for an unchanged out-of-line value that the log does not carry.
    """

    name: str
    schema: Schema
    codec: Codec
    type_name: str
    fallback: Any = None
    unavailable: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One version of one table: what a change batch refers to. Versions are compared by identity.

    `columns` are the captured columns in table order. `key` are the columns of the record key in
    key order (they may be missing from `columns`); empty for a table without a key. A collection of
    documents has one column, the whole document: see `EventSchema.row`. `extra` are members of the
    envelope that come from the row as well (MongoDB's `updateDescription`).
    """

    id: TableId
    columns: tuple[Column, ...]
    key: tuple[Column, ...] = ()
    extra: tuple[Column, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the captured columns."""
        return tuple(column.name for column in self.columns)
