"""hstore: text form, and the order in which a java.util.HashMap gives its keys back."""

from __future__ import annotations

import re

from cdc.java_hash import grown, hash_order
from cdc.relational.column_type import ColumnType, json_string
from cdc.relational.text_view import view
from cdc.sources.postgres.types.modes import Modes
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.table import Codec

_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"\\u00[01][a-f]")


def hstore_value(v: str) -> dict[str, str | None]:
    """Return the map of an hstore's text, in the order of Debezium's events."""
    text = v if v.isascii() else v.encode("latin-1").decode()
    pairs = {
        _ESCAPE.sub(r"\1", match[1]): None if match[2] is None else _ESCAPE.sub(r"\1", match[2])
        for match in _PAIR.finditer(text)
    }
    if len(pairs) < 2:
        return pairs
    return {key: pairs[key] for key in hash_order(pairs, grown(len(pairs)))}


def _quote(text: str) -> str:
    """Quote as Jackson does: upper-case hexadecimal digits."""
    if text.isprintable():
        return json_string(text)
    parts = json_string(text).split("\\\\")
    return "\\\\".join(_CONTROL.sub(lambda m: "\\u" + m[0][2:].upper(), part) for part in parts)


def hstore_document(v: str) -> str:
    """Return the JSON document of an hstore's text."""
    pairs = hstore_value(v).items()
    members = (f"{_quote(key)}:{'null' if value is None else _quote(value)}" for key, value in pairs)
    return "{" + ",".join(members) + "}"


def hstore_json(v: str) -> str:
    """Return the document as a JSON string, in the latin-1 view."""
    return json_string(view(hstore_document(v)))


def hstore_map_json(v: str) -> str:
    """Return the map as a JSON object, in the latin-1 view."""
    return view(hstore_document(v))


def hstore(modes: Modes) -> ColumnType:
    """Return hstore by `hstore.handling.mode`."""
    placeholder = modes.placeholder_text
    document = f"{{{_quote(placeholder)}:{_quote(placeholder)}}}"
    if modes.hstore == "json":
        scope = {"pg_hstore_document": hstore_document, "pg_hstore_json": hstore_json}
        codec = Codec("pg_hstore_document(v)", "pg_hstore_json(v)", scope)
        return ColumnType(logical.semantic(Type.STRING, logical.JSON), codec, "{}", document)
    schema = Schema(Type.MAP, keys=connect.STRING, values=connect.OPTIONAL_STRING)
    codec = Codec(
        "pg_hstore(v)",
        "pg_hstore_map_json(v)",
        {"pg_hstore": hstore_value, "pg_hstore_map_json": hstore_map_json},
    )
    return ColumnType(schema, codec, {}, {placeholder: placeholder})
