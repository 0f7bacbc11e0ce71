"""The Connect schemas of a change event: key, row image and Debezium's envelope."""

from __future__ import annotations

from dataclasses import dataclass

from schemas import connect
from schemas.connect import OPTIONAL_INT64, Field, Schema, Type
from schemas.table import Table

TRANSACTION_BLOCK = connect.struct(
    "event.block",
    [("id", connect.STRING), ("total_order", connect.INT64), ("data_collection_order", connect.INT64)],
    optional=True,
    version=1,
)


@dataclass(frozen=True, slots=True, eq=False)
class EventSchema:
    """What the records of one table version look like; compared by identity.

    `key` is None for a table without a key. `value` is the envelope: its fields are what is written, in
    their order. `row` is the schema of `before` and `after`: a struct of the table's columns, or that of
    its only column where a row is one value (a document).
    """

    key: Schema | None
    row: Schema
    value: Schema


def event_schema(namespace: str, table: Table, source: Schema) -> EventSchema:
    """Return the schemas of a table's events; `namespace` is normally the topic's name.

    Field order is that of Debezium 3.6: before, after, source, transaction, op, ts_ms, ts_us, ts_ns.
    """
    row = Schema(
        Type.STRUCT,
        optional=True,
        name=f"{namespace}.Value",
        fields=tuple(Field(column.name, column.schema) for column in table.columns),
    )
    key = None
    if table.key:
        fields = tuple(Field(column.name, column.schema) for column in table.key)
        key = Schema(Type.STRUCT, name=f"{namespace}.Key", fields=fields)
    value = connect.struct(
        f"{namespace}.Envelope",
        [
            ("before", row),
            ("after", row),
            ("source", source),
            ("transaction", TRANSACTION_BLOCK),
            ("op", connect.STRING),
            ("ts_ms", OPTIONAL_INT64),
            ("ts_us", OPTIONAL_INT64),
            ("ts_ns", OPTIONAL_INT64),
        ],
        version=2,
    )
    return EventSchema(key=key, row=row, value=value)


def document_schema(namespace: str, table: Table, source: Schema) -> EventSchema:
    """Return the schemas of a collection's events: `before` and `after` are the one column of the table.

    Debezium 3.6's MongoDB connector; the envelope has no version, and no ts_us and ts_ns.
    """
    (document,) = table.columns
    key = Schema(
        Type.STRUCT,
        name=f"{namespace}.Key",
        fields=tuple(Field(column.name, column.schema) for column in table.key),
    )
    value = connect.struct(
        f"{namespace}.Envelope",
        [
            ("before", document.schema),
            ("after", document.schema),
            *((column.name, column.schema) for column in table.extra),
            ("source", source),
            ("op", connect.OPTIONAL_STRING),
            ("ts_ms", OPTIONAL_INT64),
            ("transaction", TRANSACTION_BLOCK),
        ],
    )
    return EventSchema(key=key, row=document.schema, value=value)
