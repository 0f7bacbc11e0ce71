"""Connect schemas as JsonConverter writes them into `{"schema":…,"payload":…}`."""

from __future__ import annotations

from typing import Any

from cdc.errors import DecodeError
from cdc.formats.json.payload import Dumpers, Loaders
from cdc.formats.json.text import quote
from schemas.connect import Field, Schema, Type


def schema_text(schema: Schema | None, dumpers: Dumpers, field: str | None = None) -> str:
    """Return the JSON of a schema; the order of attributes is JsonConverter.asJsonSchema's."""
    if schema is None:
        return "null"
    parts = [f'"type":{quote(schema.type)}']
    if schema.type is Type.STRUCT:
        members = ",".join(schema_text(f.schema, dumpers, f.name) for f in schema.fields)
        parts.append(f'"fields":[{members}]')
    elif schema.type is Type.ARRAY:
        parts.append(f'"items":{schema_text(schema.items, dumpers)}')
    elif schema.type is Type.MAP:
        parts.append(f'"keys":{schema_text(schema.keys, dumpers)}')
        parts.append(f'"values":{schema_text(schema.values, dumpers)}')
    parts.append(f'"optional":{"true" if schema.optional else "false"}')
    parts.extend(_attributes(schema, dumpers))
    if field is not None:
        parts.append(f'"field":{quote(field)}')
    return "{" + ",".join(parts) + "}"


def _attributes(schema: Schema, dumpers: Dumpers) -> list[str]:
    parts = []
    if schema.name is not None:
        parts.append(f'"name":{quote(schema.name)}')
    if schema.version is not None:
        parts.append(f'"version":{schema.version}')
    if schema.doc is not None:
        parts.append(f'"doc":{quote(schema.doc)}')
    if schema.parameters:
        pairs = ",".join(f"{quote(name)}:{quote(value)}" for name, value in schema.parameters)
        parts.append(f'"parameters":{{{pairs}}}')
    if schema.default is not None:
        parts.append(f'"default":{dumpers.of(schema)(schema.default)}')
    return parts


def parse_schema(document: Any, loaders: Loaders) -> Schema | None:
    """Return the schema of a parsed JSON schema; raises DecodeError.

    Unknown attributes are ignored and a missing `optional` means required, as in JsonConverter.
    """
    if document is None:
        return None
    if not isinstance(document, dict) or "type" not in document:
        raise DecodeError("A schema must be a JSON object with a type", hint="check key/value.converter")
    try:
        kind = Type(document["type"])
    except ValueError:
        raise DecodeError(f"Unknown schema type: {document['type']}") from None
    members = document.get("fields", ())
    schema = Schema(
        kind,
        optional=bool(document.get("optional", False)),
        name=document.get("name"),
        version=document.get("version"),
        doc=document.get("doc"),
        parameters=tuple((document.get("parameters") or {}).items()),
        fields=tuple(Field(m["field"], _required(m, loaders)) for m in members),
        items=parse_schema(document.get("items"), loaders),
        keys=parse_schema(document.get("keys"), loaders),
        values=parse_schema(document.get("values"), loaders),
    )
    if document.get("default") is None:
        return schema
    return schema.with_default(loaders.of(schema)(document["default"]))


def _required(document: Any, loaders: Loaders) -> Schema:
    schema = parse_schema(document, loaders)
    if schema is None:
        raise DecodeError("A struct field has no schema")
    return schema
