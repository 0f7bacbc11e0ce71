"""Table changes as the documents that Debezium makes of them.

Two forms, of io.debezium.relational.history: JsonTableChangeSerializer's for the history, which leaves
out what is not set, and ConnectTableChangeSerializer's for the schema-change topic, which writes nulls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.definition import (
    ChangeKind,
    ColumnDefinition,
    IndexDefinition,
    TableChange,
    TableDefinition,
    readable,
)
from schemas.table import TableId

_GENERATED = "generated"
"""The attribute of a table that names its generated columns: Debezium has no place for them."""
_VERSIONED = "system_versioning"
_INDEX = "index."
"""What the attributes of a table's indexes begin with: which of them its key is, Debezium does not say."""
_FLAGS = ("unique", "primary", "partial")

_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?:\.|$)')


def history_document(change: TableChange, *, comments: bool = True) -> dict[str, Any]:
    """Return a change as an entry of the history's `tableChanges`."""
    document: dict[str, Any] = {"type": change.kind.value, "id": quoted(change.id)}
    if change.previous_id is not None:
        document["previousId"] = quoted(change.previous_id)
    if change.table is not None:
        document["table"] = _history_table(change.table, comments)
        document["comment"] = change.table.comment if comments else None
    return document


def _history_table(table: TableDefinition, comments: bool) -> dict[str, Any]:
    columns = [_history_column(column, n, comments) for n, column in enumerate(table.columns, 1)]
    return {
        "defaultCharsetName": table.charset,
        "primaryKeyColumnNames": list(table.key),
        "columns": columns,
        "attributes": _attributes(table),
    }


def _history_column(column: ColumnDefinition, position: int, comments: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": column.name,
        "jdbcType": column.jdbc_type,
        "typeName": column.type_name,
        "typeExpression": column.type_expression or column.type_name,
        "charsetName": column.charset,
    }
    if column.length is not None:
        document["length"] = column.length
    if column.scale is not None:
        document["scale"] = column.scale
    document |= _flags(column, position, comments)
    document["hasDefaultValue"] = column.has_default
    if column.default is not None:
        document["defaultValueExpression"] = column.default
    document["enumValues"] = list(column.enum_values)
    return document


def _flags(column: ColumnDefinition, position: int, comments: bool) -> dict[str, Any]:
    return {
        "position": position,
        "optional": column.optional,
        "autoIncremented": column.auto_incremented,
        # Debezium's parser says so of AUTO_INCREMENT alone.
        "generated": column.auto_incremented,
        "comment": column.comment if comments else None,
    }


def _attributes(table: TableDefinition) -> list[dict[str, str]]:
    """Return Debezium's free attributes of a table: what it has no other place for."""
    versioned = [{"name": _VERSIONED, "value": "true"}] if table.versioned else []
    generated = [
        {"name": f"{_GENERATED}.{column.name}", "value": "virtual" if column.virtual else "stored"}
        for column in table.columns
        if column.generated and not column.auto_incremented
    ]
    return versioned + generated + [_index_attribute(index) for index in table.indexes]


def _index_attribute(index: IndexDefinition) -> dict[str, str]:
    flags = {flag: True for flag in _FLAGS if getattr(index, flag)}
    said = json.dumps({"columns": index.columns, **flags}, ensure_ascii=False, separators=(",", ":"))
    return {"name": _INDEX + index.name, "value": said}


def _read_indexes(attributes: Iterable[Mapping[str, str]]) -> Iterable[IndexDefinition]:
    for attribute in attributes:
        if attribute["name"].startswith(_INDEX):
            said = json.loads(attribute["value"])
            flags = {flag: bool(said.get(flag)) for flag in _FLAGS}
            yield IndexDefinition(attribute["name"].removeprefix(_INDEX), tuple(said["columns"]), **flags)


def change_struct(change: TableChange, *, comments: bool = True) -> dict[str, Any]:
    """Return a change as a struct `io.debezium.connector.schema.Change`."""
    table = change.table
    return {
        "type": change.kind.value,
        "id": quoted(change.id),
        "table": None if table is None else _table_struct(table, comments),
    }


def _table_struct(table: TableDefinition, comments: bool) -> dict[str, Any]:
    return {
        "defaultCharsetName": table.charset,
        "primaryKeyColumnNames": list(table.key),
        "columns": [_column_struct(column, n, comments) for n, column in enumerate(table.columns, 1)],
        "comment": table.comment if comments else None,
    }


def _column_struct(column: ColumnDefinition, position: int, comments: bool) -> dict[str, Any]:
    return {
        "name": column.name,
        "jdbcType": column.jdbc_type,
        "nativeType": None,
        "typeName": column.type_name,
        "typeExpression": column.type_expression or column.type_name,
        "charsetName": column.charset,
        "length": column.length,
        "scale": column.scale,
        **_flags(column, position, comments),
        "defaultValueExpression": None if column.default is None else readable(column.default),
        "enumValues": list(column.enum_values) or None,
    }


def read_change(document: Mapping[str, Any]) -> TableChange:
    """Return the change of a history document; raises KeyError, TypeError or ValueError for what is none."""
    table_id = read_id(document["id"])
    previous = document.get("previousId")
    kind = ChangeKind(document["type"])
    table = None
    if kind is not ChangeKind.DROP:
        table = _read_table(table_id, document["table"], document.get("comment"))
    return TableChange(kind, table_id, table, None if previous is None else read_id(previous))


def _read_table(table_id: TableId, document: Mapping[str, Any], comment: str | None) -> TableDefinition:
    prefix = f"{_GENERATED}."
    attributes = document.get("attributes") or ()
    generated = {
        attribute["name"].removeprefix(prefix): attribute["value"]
        for attribute in attributes
        if attribute["name"].startswith(prefix)
    }
    names = {attribute["name"] for attribute in attributes}
    return TableDefinition(
        table_id,
        tuple(_read_column(column, generated) for column in document["columns"]),
        tuple(document["primaryKeyColumnNames"]),
        document.get("defaultCharsetName"),
        comment,
        tuple(_read_indexes(attributes)),
        versioned=_VERSIONED in names,
    )


def _read_column(document: Mapping[str, Any], generated: Mapping[str, str]) -> ColumnDefinition:
    get = document.get
    name, type_name, default = document["name"], document["typeName"], get("defaultValueExpression")
    expression = get("typeExpression")
    return ColumnDefinition(
        name,
        type_name,
        document["jdbcType"],
        get("length"),
        get("scale"),
        get("charsetName"),
        document["optional"],
        document["autoIncremented"],
        document["generated"] or name in generated,
        generated.get(name) == "virtual",
        get("comment"),
        # Histories of early versions have no defaults at all.
        get("hasDefaultValue", default is not None),
        default,
        tuple(get("enumValues") or ()),
        None if expression == type_name else expression,
    )


def quoted(table_id: TableId) -> str:
    """Return a table's name in double quotes, as Debezium's TableId.toDoubleQuotedString."""
    return ".".join(_quote(part) for part in (table_id.catalog, table_id.schema, table_id.table) if part)


def _quote(part: str) -> str:
    # Debezium takes a name that begins or ends with a quote for a quoted one.
    if part.startswith('"') or part.endswith('"'):
        return part
    return '"' + part.replace('"', '""') + '"'


def read_id(text: str) -> TableId:
    """Return the table that `quoted` made a text of: catalogue, schema if there is one, table."""
    parts: list[str] = []
    rest = text
    while rest:
        found = _QUOTED.match(rest)
        if found is not None:
            parts.append(found[1].replace('""', '"'))
            rest = rest[found.end() :]
        elif parts or "." not in rest:
            parts.append(rest)
            rest = ""
        else:
            part, _, rest = rest.partition(".")
            parts.append(part)
    if len(parts) not in (2, 3):
        raise ValueError(f"{text} is not the name of a table")
    return TableId(parts[0], parts[1] if len(parts) == 3 else "", parts[-1])
