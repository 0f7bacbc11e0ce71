"""Binding of values without a database: schemaless guesses, names, lanes of cells."""

from decimal import Decimal
from typing import Any

import pytest

from sinks.jdbc import schemaless, temporal
from sinks.jdbc.binding import Binding, Dialect
from sinks.jdbc.cells import SQL_LITERALS, copy_cells, copy_render
from sinks.jdbc.naming import Identifiers, TableName, TableNames
from sinks.jdbc.planner import unavailable_forms
from sinks.jdbc.records import position_of
from sinks.jdbc.types import column_type
from sinks.jdbc.values import array_literal, variable_decimal

POSTGRES = Dialect("postgresql")


def plain(kind: str, value: Any, zone: str = "UTC") -> Any:
    binding = schemaless.bind(column_type(kind), Dialect("postgresql", zone))
    return binding.convert(value) if binding.convert else value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("numeric(12,2)", "BM4=", "12.30"),
        ("numeric(12,2)", "12.30", "12.30"),
        (
            "numeric(12,2)",
            "1234",
            format(Decimal(int.from_bytes(b"\xd7\x6d\xf8", "big", signed=True)) / 100, "f"),
        ),
        ("numeric", 7, "7"),
        ("numeric", {"scale": 5, "value": "BMsv"}, "3.14159"),
        ("date", 17109, "2016-11-04"),
        ("date", "2016-11-04Z", "2016-11-04"),
        ("timestamp(3) without time zone", 1478267490123, "2016-11-04 13:51:30.123000"),
        ("timestamp(6) without time zone", 1478267490123456, "2016-11-04 13:51:30.123456"),
        ("timestamp(6) without time zone", 1478267490123456000, "2016-11-04 13:51:30.123456"),
        ("timestamp(6) without time zone", "2016-11-04T11:51:30Z", "2016-11-04 11:51:30"),
        ("timestamp with time zone", "2016-11-04T11:51:30Z", "2016-11-04T11:51:30Z"),
        ("time(6) without time zone", 49890123456, "13:51:30.123456"),
        ("time(3) without time zone", 49890123, "13:51:30.123000"),
        ("bytea", "AAH/", b"\x00\x01\xff"),
        ("boolean", 1, True),
        ("bit(5)", "FQ==", "10101"),
        ("interval", 1_500_000, "1.500000 seconds"),
        ("integer", 5, "5"),
        ("jsonb", {"a": [1]}, '{"a":[1]}'),
        ("text", True, "true"),
        ("integer[]", [1, None], '{"1",NULL}'),
    ],
)
def test_plain_json(kind: str, value: Any, expected: Any) -> None:
    assert plain(kind, value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("numeric(10,0)", "1234"),
        ("numeric", "BM4="),
        ("boolean", "maybe"),
        ("integer", 1.5),
        ("date", "soon"),
    ],
)
def test_what_is_not_clear_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        plain(kind, value)


def test_zones() -> None:
    assert plain("timestamp", "2016-11-04T11:51:30Z", "Europe/Berlin") == "2016-11-04 12:51:30"
    assert temporal.time_text(-90061000001) == "-25:01:01.000001"
    assert temporal.time_text(86400000000) == "24:00:00"


def test_cells_come_back() -> None:
    values = ["a\\b\t\n\r", None, "\\N", "", "é"]
    cells = copy_render("text")(values)
    assert copy_cells("\t".join(cells)) == values
    assert SQL_LITERALS["text"](["it's \\", None]) == ["'it\\'s \\\\'", "NULL"]
    with pytest.raises(ValueError, match="nan"):
        SQL_LITERALS["float"]([float("nan")])


@pytest.mark.parametrize(
    ("form", "values", "cells"),
    [
        ("int", [1, -(2**63), 0], ["1", "-9223372036854775808", "0"]),
        ("int", [1, None, 2], ["1", "\\N", "2"]),
        ("int", [True, 2], ["1", "2"]),
        ("float", [1.5, 1e300, float("-inf")], ["1.5", "1e+300", "-inf"]),
        ("float", [1.5, None], ["1.5", "\\N"]),
        ("float", [2, 1.5], ["2", "1.5"]),
        ("text", [None, None], ["\\N", "\\N"]),
        ("text", [None, "a\tb"], ["\\N", "a\\tb"]),
        ("text", ["a\0b", None, "\t"], ["a\0b", "\\N", "\\t"]),
        ("bytes", [b"\x01", None], ["\\\\x01", "\\N"]),
    ],
)
def test_columns_with_and_without_nulls_become_cells(form: str, values: list[Any], cells: list[str]) -> None:
    assert list(copy_render(form)(values)) == cells


def test_identifiers() -> None:
    postgres = Identifiers('"', 63, in_bytes=True)
    assert postgres.quote('a"b') == '"a""b"'
    with pytest.raises(ValueError, match="cannot be the name"):
        postgres.quote("a\0")
    first, second = postgres.fit("é" * 40 + "a"), postgres.fit("é" * 40 + "b")
    assert first != second
    assert len(first.encode()) <= 63
    assert Identifiers('"', 63, fold=True).fit("Foo") == "foo"


def test_table_names() -> None:
    record = {"source": {"schema": "pub.lic", "table": "Orders"}}
    assert TableNames("${topic}").resolve("a.b.c", None) == TableName("", "a_b_c")
    assert TableNames("${source.schema}.${source.table}").resolve("t", record) == TableName(
        "pub.lic", "Orders"
    )
    assert TableNames("${source.table}", "x_", style="lower_case").resolve("t", record) == TableName(
        "", "x_orders"
    )
    assert TableNames("${source.table}").resolve("t", None) is None
    assert TableNames("main.${topic}", plain=True).resolve("t", None) == TableName("main", "t")


def test_arrays_and_numbers() -> None:
    assert array_literal([[1, None], [2, 3]], Binding("int")) == "{{1,NULL},{2,3}}"
    assert array_literal(['a"\\', ""], Binding("text")) == '{"a\\"\\\\",""}'
    assert variable_decimal({"scale": -2, "value": b"\x05"}) == Decimal("5E+2")


def test_positions() -> None:
    assert position_of({"lsn": 7}) == 7
    assert position_of({"file": "mysql-bin.000002", "pos": 5}) == (2 << 40) + 5
    assert position_of({"ts_ms": 3}) == 3_000_000
    assert position_of(None) is None
    assert "__p" in unavailable_forms(None, "__p")
