"""Avro's schemas as Connect's."""

import json
from typing import Any

import pytest

from cdc.sources.mongodb.mongo_kafka.avro_schema import parse_avro_schema
from schemas import connect
from schemas.connect import Schema, Type


def record(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": list(fields), **more}


def parsed(kind: Any, **more: Any) -> Schema:
    schema = parse_avro_schema(json.dumps(record({"name": "f", "type": kind, **more}, namespace="a.b")))
    found = schema.field("f")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("string", connect.STRING),
        ({"type": "long"}, connect.INT64),
        (["null", "int"], connect.INT32.as_optional()),
        ({"type": "array", "items": ["double", "null"]}, connect.array(connect.FLOAT64.as_optional())),
        (
            {"type": "map", "values": "float"},
            Schema(Type.MAP, keys=connect.STRING, values=connect.FLOAT32),
        ),
        (
            {"type": "record", "name": "in", "fields": [{"name": "b", "type": "bytes"}]},
            connect.struct("a.b.in", [("b", connect.BYTES)]),
        ),
        (
            {"type": "record", "name": "x.in", "fields": []},
            connect.struct("x.in", []),
        ),
    ],
)
def test_types(kind: Any, schema: Schema) -> None:
    assert parsed(kind) == schema


def test_defaults() -> None:
    assert parsed("int", default=5).default == 5
    assert parsed("bytes", default="\u00ff").default == b"\xff"
    assert parsed(["int", "null"], default=5).default is None


def test_a_name_stands_for_its_record() -> None:
    inner = {"type": "record", "name": "in", "fields": [{"name": "x", "type": "int"}]}
    fields = [{"name": "one", "type": inner}, {"name": "two", "type": ["null", "in"]}]
    schema = parse_avro_schema(json.dumps(record(*fields)))
    assert schema.field("two") == connect.struct("in", [("x", connect.INT32)], optional=True)


@pytest.mark.parametrize(
    ("avro", "reason"),
    [
        ("{", "Invalid Avro schema"),
        ('"string"', "Only Record schemas"),
        (json.dumps(record({"name": "f", "type": ["int", "string", "null"]})), "Field 'f' is invalid. Union"),
        (json.dumps(record({"name": "f", "type": {"type": "enum", "name": "e"}})), "Use string instead"),
        (json.dumps(record({"name": "f", "type": {"type": "fixed", "name": "e"}})), "Use bytes instead"),
        (json.dumps(record({"name": "f", "type": "null"})), "'NULL'"),
        (json.dumps(record({"name": "f", "type": ["r", "null"]})), "contains itself"),
        (
            json.dumps(record({"name": "f", "type": record({"name": "g", "type": "date"}, name="s")})),
            r"Field 'f\.g'",
        ),
    ],
)
def test_what_is_refused(avro: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_avro_schema(avro)
