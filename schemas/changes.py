"""The records of the schema-change topic: key, value and their schemas, as io.debezium.schema.SchemaFactory.

Stand-alone statements of a historized connector; `tableChanges` are structs io.debezium.connector.schema.*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.connect import INT32, INT64, OPTIONAL_STRING, STRING, Schema, Type, array, struct
from schemas.definition import TableChange
from schemas.naming import adjust
from schemas.table_documents import change_struct

_OPTIONAL_INT32 = Schema(Type.INT32, optional=True)
_OPTIONAL_BOOLEAN = Schema(Type.BOOLEAN, optional=True)


def key_schema(connector: str, adjustment: str = "none") -> Schema:
    """Return the schema of keys; `connector` is `mysql` or `mariadb`, see `schemas.naming` for the other."""
    name = adjust(f"io.debezium.connector.{connector}.SchemaChangeKey", adjustment)
    return struct(name, [("databaseName", STRING)], version=1)


def value_schema(connector: str, source: Schema, adjustment: str = "none") -> Schema:
    """Return the schema of values; `source` is that of the connector's source block."""
    return struct(
        adjust(f"io.debezium.connector.{connector}.SchemaChangeValue", adjustment),
        [
            ("source", source),
            ("ts_ms", INT64),
            ("databaseName", OPTIONAL_STRING),
            ("schemaName", OPTIONAL_STRING),
            ("ddl", OPTIONAL_STRING),
            ("tableChanges", array(_change_schema(adjustment))),
        ],
        version=1,
    )


def key(database: str) -> dict[str, Any]:
    """Return the key of a change; the database is empty for what concerns the server as a whole."""
    return {"databaseName": database}


def value(
    source: Mapping[str, Any],
    ts_ms: int,
    database: str,
    ddl: str,
    changes: Sequence[TableChange],
    *,
    schema: str | None = None,
    comments: bool = True,
) -> dict[str, Any]:
    """Return the value of a change, one statement or its part for one table; `ts_ms` is when it was read."""
    return {
        "source": source,
        "ts_ms": ts_ms,
        "databaseName": database,
        "schemaName": schema,
        "ddl": ddl,
        "tableChanges": [change_struct(change, comments=comments) for change in changes],
    }


def _change_schema(adjustment: str) -> Schema:
    column = struct(
        adjust("io.debezium.connector.schema.Column", adjustment),
        [
            ("name", STRING),
            ("jdbcType", INT32),
            ("nativeType", _OPTIONAL_INT32),
            ("typeName", STRING),
            ("typeExpression", OPTIONAL_STRING),
            ("charsetName", OPTIONAL_STRING),
            ("length", _OPTIONAL_INT32),
            ("scale", _OPTIONAL_INT32),
            ("position", INT32),
            ("optional", _OPTIONAL_BOOLEAN),
            ("autoIncremented", _OPTIONAL_BOOLEAN),
            ("generated", _OPTIONAL_BOOLEAN),
            ("comment", OPTIONAL_STRING),
            ("defaultValueExpression", OPTIONAL_STRING),
            ("enumValues", array(STRING, optional=True)),
        ],
        version=1,
    )
    table = struct(
        adjust("io.debezium.connector.schema.Table", adjustment),
        [
            ("defaultCharsetName", OPTIONAL_STRING),
            ("primaryKeyColumnNames", array(STRING, optional=True)),
            ("columns", array(column)),
            ("comment", OPTIONAL_STRING),
        ],
        optional=True,
        version=1,
    )
    change = adjust("io.debezium.connector.schema.Change", adjustment)
    return struct(change, [("type", STRING), ("id", STRING), ("table", table)], version=1)
