"""JsonConverter's facts: schema and payload byte for byte, and what is read back."""

import json
from decimal import Decimal
from typing import Any

import pytest

from cdc.errors import DecodeError, EncodeError
from cdc.formats.json import JsonConfig, JsonFormat
from schemas import connect, logical
from schemas.connect import Field, Schema, Type

ROW = Schema(
    Type.STRUCT,
    name="db.t.Value",
    version=1,
    fields=(
        Field("id", connect.INT32),
        Field("name", connect.OPTIONAL_STRING),
        Field("amount", logical.decimal(2, 10).as_optional()),
        Field("data", connect.BYTES.as_optional()),
        Field("ratio", connect.FLOAT64.as_optional()),
        Field("tags", connect.array(connect.OPTIONAL_STRING, optional=True)),
    ),
)
VALUE = {
    "id": 1,
    "name": 'é"\x1f',
    "amount": Decimal("1.56"),
    "data": b"\x01\x02",
    "ratio": 1e10,
    "tags": ["a", None],
}
TEXT = '{"id":1,"name":"é\\"\\u001F","amount":"AJw=","data":"AQI=","ratio":1.0E10,"tags":["a",null]}'


def form(**options: str) -> JsonFormat:
    """Return a value format with these options (dots as underscores)."""
    return JsonFormat(JsonConfig({k.replace("_", "."): v for k, v in options.items()}), is_key=False)


def whole(form: JsonFormat, schema: Schema | None, value: Any) -> bytes | None:
    """Return the complete bytes of one value."""
    (payload,) = form.encode("t", schema, [value])
    head, tail = form.wrap("t", schema)
    return None if payload is None else head + payload + tail


def test_the_schema_stands_before_the_payload() -> None:
    written = whole(form(), Schema(Type.STRUCT, name="K", fields=(Field("id", connect.INT32),)), {"id": 1})
    assert written == (
        b'{"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"}],'
        b'"optional":false,"name":"K"},"payload":{"id":1}}'
    )


def test_attributes_of_a_schema_are_in_the_converters_order() -> None:
    schema = Schema(Type.INT64, True, "n", 1, "d", (("a", "1"),), 5)
    written = whole(form(), schema, 7)
    assert written == (
        b'{"schema":{"type":"int64","optional":true,"name":"n","version":1,"doc":"d",'
        b'"parameters":{"a":"1"},"default":5},"payload":7}'
    )


def test_payloads_are_written_as_jackson_writes_them() -> None:
    assert whole(form(schemas_enable="false"), ROW, VALUE) == TEXT.encode()


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_what_was_written_is_read_back(enabled: str) -> None:
    json_format = form(schemas_enable=enabled)
    data = whole(json_format, ROW, VALUE)
    ((schema, values),) = json_format.decode("t", [data], (b"", b""))
    if enabled == "true":
        assert schema == ROW
        assert values == [VALUE]
    else:
        assert schema is None
        assert values == [json.loads(TEXT)]


def test_a_shared_head_is_read_once_for_all() -> None:
    json_format = form()
    payloads = json_format.encode("t", ROW, [VALUE, {**VALUE, "id": 2}])
    ((schema, values),) = json_format.decode("t", [*payloads, None], json_format.wrap("t", ROW))
    assert schema == ROW
    assert [value and value["id"] for value in values] == [1, 2, None]


def test_runs_end_where_the_schema_changes() -> None:
    json_format = form()
    one, two = Schema(Type.INT32), Schema(Type.STRING, optional=True)
    records = [whole(json_format, one, 1), None, whole(json_format, one, 2), whole(json_format, two, "x")]
    assert json_format.decode("t", records, (b"", b"")) == [(one, [1, None, 2]), (two, ["x"])]


def test_other_writers_have_spaces_and_an_order_of_their_own() -> None:
    schema = {"type": "string", "optional": False}
    ours = json.dumps({"schema": schema, "payload": "a"}, separators=(",", ":")).encode()
    spaced = json.dumps({"schema": schema, "payload": "b"}).encode()
    turned = json.dumps({"payload": "c", "schema": schema}).encode()
    for found in ([ours, spaced, turned, None, ours], [turned, ours]):
        ((_, values),) = form().decode("t", list(found), (b"", b""))
        assert list(values) == [text and json.loads(text)["payload"] for text in found]


def test_tombstones_alone_have_no_schema() -> None:
    assert form().decode("t", [None, None], (b"", b"")) == [(None, [None, None])]


def test_null_has_three_forms() -> None:
    assert whole(form(), None, None) is None
    assert whole(form(schemas_enable="false"), connect.OPTIONAL_STRING, None) == b"null"
    assert whole(form(), connect.OPTIONAL_STRING, None) == (
        b'{"schema":{"type":"string","optional":true},"payload":null}'
    )
    with pytest.raises(EncodeError):
        form().encode("t", connect.STRING, [None])


def test_a_default_replaces_null_unless_told_otherwise() -> None:
    schema = Schema(Type.INT32, optional=True, default=5)
    assert form(schemas_enable="false").encode("t", schema, [None]) == [b"5"]
    kept = form(schemas_enable="false", replace_null_with_default="false")
    assert kept.encode("t", schema, [None]) == [b"null"]


def test_decimals_may_be_numbers() -> None:
    numeric = form(schemas_enable="false", decimal_format="NUMERIC")
    assert numeric.encode("t", logical.decimal(2), [Decimal("1.50")]) == [b"1.50"]


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b'{"payload":1}',
        b'{"schema":{"type":"int32"},"payload":1,"more":2}',
        b'{"schema":{"type":"what"},"payload":1}',
    ],
)
def test_bytes_that_are_not_ours_are_named(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        form().decode("topic-x", [payload], (b"", b""))


def test_one_bad_record_among_good_ones_is_an_error() -> None:
    json_format = form()
    good = whole(json_format, connect.INT32, 1)
    assert good is not None
    with pytest.raises(DecodeError, match="topic-x"):
        json_format.decode("topic-x", [good, good.replace(b":1}", b":1,}")], (b"", b""))
