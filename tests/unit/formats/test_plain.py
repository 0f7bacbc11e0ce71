"""StringConverter and ByteArrayConverter."""

from decimal import Decimal
from typing import Any

import pytest

from cdc.errors import ConfigError, DecodeError, EncodeError
from cdc.formats.bytes import BytesConfig, BytesFormat
from cdc.formats.string import StringConfig, StringFormat
from cdc.plugin import PluginKind, find
from schemas import connect, logical
from schemas.connect import Schema, Type

NO_WRAP = (b"", b"")
PLACE = connect.struct("place", [("x", connect.INT32), ("name", connect.OPTIONAL_STRING)])


def strings(**options: str) -> StringFormat:
    return StringFormat(StringConfig({n.replace("_", "."): v for n, v in options.items()}), is_key=False)


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (connect.STRING, "é", "é"),
        (connect.BOOLEAN, True, "true"),
        (connect.INT64, -5, "-5"),
        (connect.FLOAT64, 1e10, "1.0E10"),
        (connect.FLOAT32, 0.1, "0.1"),
        (logical.decimal(2), Decimal("1.50"), "1.50"),
        (PLACE, {"x": 1, "name": None}, "Struct{x=1}"),
        (PLACE, {"x": 1, "name": "a"}, "Struct{x=1,name=a}"),
        (connect.array(PLACE), [{"x": 1}, {"x": 2}], "[Struct{x=1}, Struct{x=2}]"),
        (None, {"a": [1, None], "b": 2.0}, "{a=[1, null], b=2.0}"),
        (Schema(Type.MAP, keys=connect.STRING, values=connect.INT8), {"a": 1, "b": 2}, "{a=1, b=2}"),
    ],
)
def test_values_are_written_as_java_does(schema: Schema | None, value: Any, text: str) -> None:
    assert strings().encode("t", schema, [value, None]) == [text.encode(), None]


def test_bytes_have_no_text() -> None:
    with pytest.raises(EncodeError, match="ByteArrayConverter"):
        strings().encode("t", connect.BYTES, [b"x"])


def test_text_is_read_back() -> None:
    latin = strings(converter_encoding="ISO-8859-1")
    assert latin.encode("t", connect.STRING, ["é"]) == [b"\xe9"]
    assert latin.decode("t", [b"\xe9", None], NO_WRAP) == [(connect.OPTIONAL_STRING, ["é", None])]
    with pytest.raises(DecodeError, match="no text"):
        strings().decode("t", [b"\xe9"], NO_WRAP)


def test_an_unknown_encoding_is_a_problem() -> None:
    with pytest.raises(ConfigError, match="no such encoding"):
        strings(converter_encoding="klingon")


def test_bytes_pass() -> None:
    form = BytesFormat(BytesConfig({}), is_key=True)
    assert form.encode("t", connect.BYTES, [b"\0", None]) == [b"\0", None]
    assert form.encode("t", None, [b"\0"]) == [b"\0"]
    ((schema, values),) = form.decode("t", [b"\0", None], NO_WRAP)
    assert (schema, [*values]) == (connect.BYTES.as_optional(), [b"\0", None])


@pytest.mark.parametrize(("schema", "value"), [(connect.STRING, "x"), (None, "x")])
def test_what_is_no_bytes_is_refused(schema: Schema | None, value: Any) -> None:
    with pytest.raises(EncodeError, match="ByteArrayConverter"):
        BytesFormat(BytesConfig({}), is_key=False).encode("t", schema, [value])


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("org.apache.kafka.connect.storage.StringConverter", StringFormat),
        ("StringConverter", StringFormat),
        ("org.apache.kafka.connect.converters.ByteArrayConverter", BytesFormat),
        ("bytes", BytesFormat),
    ],
)
def test_found_by_the_names_of_connect(name: str, cls: type) -> None:
    assert find(PluginKind.FORMAT, name).cls is cls
