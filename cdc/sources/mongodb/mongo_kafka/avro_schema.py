"""Connect schemas from Avro's, as `output.schema.key` and `output.schema.value` give them.

Records, arrays, maps, primitives, and unions with null; as mongo-kafka takes them, only that a record
may not contain itself. https://avro.apache.org/docs/1.12.0/specification/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schemas import connect
from schemas.connect import Field, Schema, Type

_PRIMITIVES: Mapping[str, Schema] = {
    "string": connect.STRING,
    "bytes": connect.BYTES,
    "int": connect.INT32,
    "long": connect.INT64,
    "float": connect.FLOAT32,
    "double": connect.FLOAT64,
    "boolean": connect.BOOLEAN,
}
_INSTEAD = {
    "fixed": "The connector will not validate the length. Use bytes instead.",
    "enum": "The connector will not validate the values. Use string instead.",
}


def parse_avro_schema(text: str) -> Schema:
    """Return the schema of a record; raises ValueError with the path of what is wrong."""
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise ValueError(f"Invalid Avro schema. {error}") from None
    schema = _Parser().schema(parsed, "", "")
    if schema.type is not Type.STRUCT or schema.optional:
        raise ValueError("Only Record schemas are supported at the top-level.")
    return schema


class _Parser:
    """Read one schema; named types may be referred to behind their definition."""

    def __init__(self) -> None:
        self._records: dict[str, Schema | None] = {}

    def schema(self, avro: Any, path: str, space: str) -> Schema:
        """Return the schema of a type, within a namespace."""
        if isinstance(avro, list):
            return self._union(avro, path, space)
        if isinstance(avro, str):
            return self._named(avro, path, space)
        if not isinstance(avro, dict) or "type" not in avro:
            raise _invalid(path, f"It is no Avro type: {json.dumps(avro)}")
        kind = avro["type"]
        if kind == "record":
            return self._record(avro, path, space)
        if kind == "array":
            items = self.schema(avro.get("items"), path, space)
            return connect.array(items)
        if kind == "map":
            return Schema(Type.MAP, keys=connect.STRING, values=self.schema(avro.get("values"), path, space))
        return self.schema(kind, path, space)

    def _named(self, name: str, path: str, space: str) -> Schema:
        if name in _PRIMITIVES:
            return _PRIMITIVES[name]
        full = name if "." in name or not space else f"{space}.{name}"
        if full not in self._records:
            more = f" {_INSTEAD[name]}" if name in _INSTEAD else ""
            raise _invalid(path, f"Unsupported Avro schema type: '{name.upper()}'.{more}")
        found = self._records[full]
        if found is None:
            raise _invalid(path, f"The record {full} contains itself, which is not supported")
        return found

    def _record(self, avro: Mapping[str, Any], path: str, space: str) -> Schema:
        name = str(avro.get("name", ""))
        if "." in name:
            space = name.rpartition(".")[0]
        else:
            space = str(avro.get("namespace", space))
            name = f"{space}.{name}" if space else name
        self._records[name] = None
        fields = [self._field(field, path, space) for field in avro.get("fields", ())]
        self._records[name] = found = Schema(Type.STRUCT, name=name, fields=tuple(fields))
        return found

    def _field(self, avro: Mapping[str, Any], path: str, space: str) -> Field:
        name = str(avro["name"])
        schema = self.schema(avro.get("type"), f"{path}.{name}" if path else name, space)
        # Of a union the default is left out, as in mongo-kafka.
        default = None if isinstance(avro.get("type"), list) else avro.get("default")
        return Field(name, schema if default is None else schema.with_default(_default(schema, default)))

    def _union(self, avro: list[Any], path: str, space: str) -> Schema:
        kinds = [one for one in avro if one != "null"]
        if len(avro) != 2 or len(kinds) != 1:
            why = "Union Schemas are not supported, unless one value is null to represent an optional value."
            raise _invalid(path, why)
        return replace(self.schema(kinds[0], path, space), optional=True)


def _default(schema: Schema, value: Any) -> Any:
    return value.encode("latin-1") if schema.type is Type.BYTES else value


def _invalid(path: str, reason: str) -> ValueError:
    return ValueError(f"Field '{path}' is invalid. {reason}" if path else reason)
