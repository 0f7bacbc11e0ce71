"""Converters of columns: which there are, what they take, what is wrong with their options."""

from __future__ import annotations

from typing import Any

import pytest

from cdc.errors import ConfigError
from cdc.relational.column_type import function
from cdc.sources.mysql import MySqlConfig
from cdc.sources.mysql.converters import Converted, converters
from cdc.sources.mysql.types import Modes
from schemas.connect import Type
from schemas.definition import ColumnDefinition

OPTIONS = {
    "topic.prefix": "p",
    "database.hostname": "h",
    "database.user": "u",
    "database.server.id": "1",
    "converters": "one",
}
PACKAGE = "io.debezium.connector.mysql.converters"


def config(name: str, **options: str) -> MySqlConfig:
    own = {f"one.{option.replace('__', '.')}": value for option, value in options.items()}
    return MySqlConfig({**OPTIONS, "one.type": f"{PACKAGE}.{name}Converter", **own})


def convert(made: MySqlConfig, column: ColumnDefinition, name: str = "db.t.c") -> Converted | None:
    (converter,) = converters(made, made.converters)
    return converter.convert(name, column, Modes())


def problems(options: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as raised:
        MySqlConfig({**OPTIONS, **options})
    return {problem.option: problem.message for problem in raised.value.problems}


def tinyint(length: int | None = 1, type_name: str = "TINYINT", **more: Any) -> ColumnDefinition:
    return ColumnDefinition("c", type_name, 5, length, **more)


def test_booleans() -> None:
    made = config("TinyIntOneToBoolean")
    found = convert(made, tinyint(default="1", has_default=True, optional=False))
    assert found is not None
    assert (found.forms.text.schema.type, found.optional, found.default) == (Type.BOOLEAN, False, True)
    assert convert(made, tinyint(4)) is None
    assert convert(made, tinyint(None, "TINYINT UNSIGNED")) is None
    assert convert(made, tinyint(1, "SMALLINT")) is None
    free = config("TinyIntOneToBoolean", length__checker="false", selector=r"db\.t\.(a|C)")
    assert convert(free, tinyint(None, "TINYINT UNSIGNED")) is not None
    assert convert(free, tinyint(), "db.t.b") is None


def test_zero_dates() -> None:
    date = ColumnDefinition("c", "DATE", 91, optional=False)
    found = convert(config("ZeroDateFallback"), date)
    assert found is not None
    assert found.optional
    found = convert(config("ZeroDateFallback", fallback__date="1900-01-01"), date)
    assert found is not None
    assert not found.optional
    assert convert(config("ZeroDateFallback", target__types="TIMESTAMP"), date) is None
    own = {"column__db.t.c__fallback": "null"}
    found = convert(config("ZeroDateFallback", fallback__date="1900-01-01", **own), date)
    assert found is not None
    assert found.optional


def column(type_name: str, length: int | None = None, **more: Any) -> ColumnDefinition:
    return ColumnDefinition("c", type_name, 0, length, **more)


@pytest.mark.parametrize(
    ("selector", "found", "text", "value", "json"),
    [
        ("boolean", column("TINYINT", 1), "7", 1, "1"),
        ("boolean", column("SMALLINT"), "-7", 0, "0"),
        ("boolean", column("BIT", 1), "\x01", 1, "1"),
        ("boolean", column("DECIMAL", 5, scale=2), "0.90", 0, "0"),
        ("boolean", column("BIGINT UNSIGNED"), "18446744073709551615", 1, "1"),
        ("real", column("REAL"), "0.1", 0.1, "0.1"),
        ("real", column("INT"), "3", 3.0, "3.0"),
        ("real", column("DECIMAL", 5, scale=2), "-1.50", -1.5, "-1.5"),
        ("string", column("VARCHAR", 9, charset="latin1"), "x", "x", '"x"'),
        ("string", column("INT"), "-3", "-3", '"-3"'),
        ("string", column("DOUBLE"), "1e10", "1.0E10", '"1.0E10"'),
        ("string", column("DECIMAL", 5, scale=2), "-1.50", "-1.50", '"-1.50"'),
        ("string", column("ENUM", enum_values=("'x'",)), "x", "x", '"x"'),
    ],
)
def test_types_for_jdbc_sinks(
    selector: str, found: ColumnDefinition, text: str, value: Any, json: str
) -> None:
    made = convert(config("JdbcSinkDataTypes", **{f"selector__{selector}": r"db\.t\..*"}), found)
    assert made is not None
    codec, schema = made.forms.text.codec, made.forms.text.schema
    types = {"boolean": Type.INT16, "real": Type.FLOAT64, "string": Type.STRING}
    assert schema.type is types[selector]
    assert dict(schema.parameters).get("__debezium.source.column.character_set") == found.charset
    assert (function(codec.value, codec.scope)(text), function(str(codec.json), codec.scope)(text)) == (
        value,
        json,
    )
    assert convert(config("JdbcSinkDataTypes"), found) is None


def test_reals_for_jdbc_sinks_with_fewer_digits() -> None:
    made = config("JdbcSinkDataTypes", selector__real=".*", treat__real__as__double="false")
    found = convert(made, column("REAL", default="0.1", has_default=True))
    assert found is not None
    codec = found.forms.text.codec
    assert found.forms.text.schema.type is Type.FLOAT32
    assert function(str(codec.json), codec.scope)("0.1") == "0.1"
    assert function(codec.value, codec.scope)("0.1") == 0.10000000149011612


@pytest.mark.parametrize("selector", ["boolean", "real", "string"])
def test_what_is_nothing_for_jdbc_sinks_stays(selector: str) -> None:
    made = config("JdbcSinkDataTypes", **{f"selector__{selector}": ".*"})
    assert convert(made, column("DATE")) is None
    assert convert(made, column("TIMESTAMP")) is None
    assert convert(made, column("BLOB")) is None


@pytest.mark.parametrize(
    ("options", "option", "message"),
    [
        ({}, "one.type", "Missing required configuration"),
        ({"one.type": "com.acme.Own"}, "one.type", "com.acme.Own for configuration one.type"),
        (
            {"one.type": f"{PACKAGE}.TinyIntOneToBooleanConverter", "one.selector": "("},
            "one.selector",
            "not a regular expression",
        ),
        (
            {"one.type": f"{PACKAGE}.ZeroDateFallbackConverter", "one.fallback.date": "1.1.1900"},
            "one.fallback.date",
            "1.1.1900",
        ),
        (
            {
                "one.type": f"{PACKAGE}.ZeroDateFallbackConverter",
                "one.fallback.timestamp": "1970-01-01T00:00:00",
            },
            "one.fallback.timestamp",
            "no offset",
        ),
        (
            {"one.type": f"{PACKAGE}.ZeroDateFallbackConverter", "one.column.db.t.c.fallback": "soon"},
            "one.column.db.t.c.fallback",
            "no date or time",
        ),
    ],
)
def test_what_is_wrong(options: dict[str, str], option: str, message: str) -> None:
    assert message in problems(options)[option]


def test_options_of_converters_are_known() -> None:
    made = config("ZeroDateFallback", selector=".*", target__types="DATE")
    assert not made.warnings
