"""Headers as Kafka Connect's SimpleHeaderConverter writes and reads them (Values, ValuesTest)."""

from decimal import Decimal
from typing import Any

import pytest

from cdc.runtime.headers import FormatHeaders, SimpleHeaders, parse_text, value_text
from schemas import connect, logical
from schemas.connect import Schema, Type
from tests.fakes.formats import ReprFormat

KEY = connect.struct("key", [("id", connect.INT32), ("name", connect.STRING)])


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (None, None, "null"),
        (connect.STRING, 'as "it" is', 'as "it" is'),
        (connect.BOOLEAN, True, "true"),
        (connect.INT64, -5, "-5"),
        (connect.FLOAT64, 1e10, "1.0E10"),
        (connect.FLOAT32, 0.1, "0.1"),
        (logical.decimal(2), Decimal("1.50"), "1.50"),
        (connect.BYTES, b"\x01\x02", "AQI="),
        (KEY, {"id": 1, "name": 'a "b" \\'}, '{"id":1,"name":"a \\"b\\" \\\\"}'),
        (connect.array(connect.STRING), ["a", "b"], '["a","b"]'),
        (None, {"k": [1, None]}, '{"k":[1,null]}'),
        (Schema(Type.INT32, name=logical.CONNECT_DATE), 19_000, "2022-01-08"),
        (Schema(Type.INT32, name=logical.CONNECT_TIME), 3_723_004, "01:02:03.004Z"),
        (Schema(Type.INT64, name=logical.CONNECT_TIMESTAMP), 86_400_001, "1970-01-02T00:00:00.001Z"),
    ],
)
def test_text_of_a_value(schema: Schema | None, value: Any, text: str) -> None:
    assert value_text(schema, value) == text


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("null", None, None),
        ("true", connect.BOOLEAN, True),
        ("127", connect.INT8, 127),
        ("128", connect.INT16, 128),
        ("-40000", connect.INT32, -40000),
        ("5000000000", connect.INT64, 5_000_000_000),
        ("1.5", connect.FLOAT64, 1.5),
        ("shop", connect.STRING, "shop"),
        ("1.2.3", connect.STRING, "1.2.3"),
    ],
)
def test_types_are_guessed_when_reading(text: str, schema: Schema | None, value: Any) -> None:
    assert parse_text(text) == (schema, value)


def test_what_is_no_text_stays_bytes() -> None:
    assert SimpleHeaders().decode("t", ("h", b"\xff")) == ("h", connect.BYTES, b"\xff")


def test_null_has_no_bytes() -> None:
    simple = SimpleHeaders()
    assert simple.encode("t", ("h", connect.STRING, None)) == ("h", None)
    assert simple.decode("t", ("h", None)) == ("h", None, None)


def test_a_format_may_write_headers() -> None:
    headers = FormatHeaders(ReprFormat())
    encoded = headers.encode("t", ("h", connect.STRING, "x"))
    assert encoded == ("h", b"<'x'>")
    assert headers.decode("t", encoded) == ("h", connect.STRING, "x")
