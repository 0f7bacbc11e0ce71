"""Codecs against what real Debezium 3.6.3 was seen to write for the same text (recorded_types.json).

`ours` stands beside the recorded JSON where Debezium loses or bends the value: docs/differences.md.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from cdc.formats.json.payload import Dumpers
from cdc.formats.json.schema import schema_text
from cdc.formats.json.text import jackson_view, view
from cdc.relational.column_type import ColumnType, function
from cdc.relational.modes import parse_placeholder
from cdc.sources.postgres.types import (
    Kind,
    Modes,
    TypeCatalog,
    TypeInfo,
    resolve,
    schema_default,
    source_type,
)

RECORDED = json.loads((Path(__file__).parent / "recorded_types.json").read_text())
ROWS = {row[0]: row for row in RECORDED["types"]}
CATALOG = TypeCatalog(lambda oids: [ROWS[oid] for oid in oids])
DUMPERS = Dumpers(numeric_decimals=False, defaults_for_null=False)


def to_json(column_type: ColumnType, text: str) -> str:
    codec = column_type.codec
    assert codec.json is not None
    return jackson_view(function(codec.json, codec.scope)(view(text))).encode("latin-1").decode()


def to_value(column_type: ColumnType, text: str) -> Any:
    return function(column_type.codec.value, column_type.codec.scope)(view(text))


def builtin(name: str, typmod: int = -1, **modes: Any) -> ColumnType:
    found = resolve(TypeInfo(1, name), typmod, Modes(**modes))
    assert found is not None
    return found


def array_of(item: str, typmod: int = -1, **modes: Any) -> ColumnType:
    info = TypeInfo(2, f"_{item}", kind=Kind.ARRAY, element=TypeInfo(1, item))
    found = resolve(info, typmod, Modes(**modes))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "case", RECORDED["cases"], ids=lambda case: f"{case['type']} {case['text'][:30]!r} {len(case['modes'])}"
)
def test_the_event_is_debeziums(case: dict[str, Any]) -> None:
    column_type = resolve(CATALOG[case["oid"]], case["typmod"], Modes(**case["modes"]))
    schema = case.get("our_schema", case.get("schema"))
    if schema is None:
        assert column_type is None
        return
    assert column_type is not None
    written = json.loads(schema_text(column_type.schema, DUMPERS))
    assert written.pop("optional") is False
    assert written == schema
    assert to_json(column_type, case["text"]) == case.get("ours", case["json"])


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: f"{case['type']} {case['text'][:30]!r}")
def test_the_value_gives_the_same_json(case: dict[str, Any]) -> None:
    column_type = resolve(CATALOG[case["oid"]], case["typmod"], Modes(**case["modes"]))
    if column_type is not None:
        value = to_value(column_type, case["text"])
        assert DUMPERS.of(column_type.schema)(value) == to_json(column_type, case["text"])


@pytest.mark.parametrize("case", RECORDED["defaults"], ids=lambda case: case["expression"])
def test_defaults_are_debeziums_but_for_expressions(case: dict[str, Any]) -> None:
    invented = {"('a'::text || 'b'::text)": None, "(1)::text": "1"}
    info = CATALOG[case["oid"]]
    column_type = resolve(info, case["typmod"], Modes(include_unknown=True))
    assert column_type is not None
    default = schema_default(case["expression"], info, case["typmod"], column_type)
    written = None if default is None else json.loads(DUMPERS.of(column_type.schema)(default))
    assert written == invented.get(case["expression"], case["default"])


@pytest.mark.parametrize("case", RECORDED["parameters"], ids=lambda case: str(case["parameters"].values()))
def test_source_parameters_are_debeziums(case: dict[str, Any]) -> None:
    scale = "__debezium.source.column.scale"
    want = dict(case["parameters"])
    if want.get(scale) == "2045":
        want[scale] = "-3"
    found = source_type(CATALOG[case["oid"]], case["typmod"], default=case["default"])
    assert found.parameters(case["column"]) == want


@pytest.mark.parametrize(
    ("mode", "kind", "name", "text", "want"),
    [
        ("adaptive", "date", "io.debezium.time.Date", "2016-11-04", "17109"),
        ("connect", "date", "org.apache.kafka.connect.data.Date", "2016-11-04", "17109"),
        ("adaptive", "time", "io.debezium.time.MicroTime", "13:51:30.123456", "49890123456"),
        ("connect", "time", "org.apache.kafka.connect.data.Time", "13:51:30.123456", "49890123"),
        ("connect", "time", "org.apache.kafka.connect.data.Time", "24:00:00", "86400000"),
        ("microseconds", "time", "io.debezium.time.MicroTime", "13:51:30.123456", "49890123456"),
        ("nanoseconds", "time", "io.debezium.time.NanoTime", "13:51:30.123456", "49890123456000"),
        (
            "connect",
            "timestamp",
            "org.apache.kafka.connect.data.Timestamp",
            "2016-11-04 13:51:30.123456",
            "1478267490123",
        ),
        ("connect", "timestamp", "org.apache.kafka.connect.data.Timestamp", "infinity", "9223372036825200"),
        (
            "nanoseconds",
            "timestamp",
            "io.debezium.time.NanoTimestamp",
            "2016-11-04 13:51:30.123456",
            "1478267490123456000",
        ),
        ("nanoseconds", "timestamp", "io.debezium.time.NanoTimestamp", "infinity", "9223372036854775807"),
        ("nanoseconds", "timestamp", "io.debezium.time.NanoTimestamp", "-infinity", "-9223372036854775808"),
        (
            "nanoseconds",
            "timestamp",
            "io.debezium.time.NanoTimestamp",
            "1600-01-01 00:00:00",
            "-9223372036854775808",
        ),
        (
            "nanoseconds",
            "timestamp",
            "io.debezium.time.NanoTimestamp",
            "9999-01-01 00:00:00",
            "9223372036854775807",
        ),
    ],
)
def test_time_precision_modes(mode: Any, kind: str, name: str, text: str, want: str) -> None:
    column_type = builtin(kind, time=mode)
    assert column_type.schema.name == name
    assert to_json(column_type, text) == want


@pytest.mark.parametrize(
    ("mode", "time", "timestamp"),
    [
        ("adaptive", "io.debezium.time.Time", "io.debezium.time.Timestamp"),
        ("adaptive_time_microseconds", "io.debezium.time.MicroTime", "io.debezium.time.Timestamp"),
        ("microseconds", "io.debezium.time.MicroTime", "io.debezium.time.MicroTimestamp"),
        ("nanoseconds", "io.debezium.time.NanoTime", "io.debezium.time.NanoTimestamp"),
        ("isostring", "io.debezium.time.IsoTime", "io.debezium.time.IsoTimestamp"),
    ],
)
def test_a_declared_precision_of_three_is_milliseconds_where_adaptive(
    mode: Any, time: str, timestamp: str
) -> None:
    assert builtin("time", 3, time=mode).schema.name == time
    assert builtin("timestamp", 3, time=mode).schema.name == timestamp


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1 day", 86_400_000_000),
        ("1 mon", 2_629_800_000_000),
        ("-1 days", -86_400_000_000),
        ("1 day -00:00:00.000001", 86_399_999_999),
        ("infinity", 2**63 - 1),
        ("-178000000 years", -(2**63)),
    ],
)
def test_intervals(text: str, want: int) -> None:
    assert to_value(builtin("interval"), text) == want


@pytest.mark.parametrize("digits", [1, 5, 4299, 4300, 4301, 131072])
def test_numerics_of_any_length(digits: int) -> None:
    text = "-" + "9" * digits + ".5"
    column_type = builtin("numeric")
    value = to_value(column_type, text)
    assert value["scale"] == 1
    assert int.from_bytes(value["value"], "big", signed=True) == -(10 ** (digits + 1)) + 5
    assert to_json(column_type, text) == DUMPERS.of(column_type.schema)(value)


def test_a_decimal_beyond_pythons_digit_limit() -> None:
    column_type = builtin("numeric", (1000 << 16 | 2) + 4)
    assert len(to_json(column_type, "1" * 5000 + ".00")) > 2000


def test_money_of_a_locale_without_fraction() -> None:
    yen = builtin("money", money_scale=0)
    assert str(to_value(yen, "$12.34")) == "1234.00"
    assert str(to_value(builtin("money", money_fraction_digits=1), "-$1,234.15")) == "-1234.2"


@pytest.mark.parametrize(
    ("item", "text", "want"),
    [
        ("int4", "{{{1},{2}},{{NULL},{4}}}", [1, 2, None, 4]),
        ("text", r'{"{\"a\"}","",NULL,"NULL","a\\b"," "}', ['{"a"}', "", None, "NULL", "a\\b", " "]),
        ("text", '[-1:0]={"=",é}', ["=", "é"]),
        ("text", "{}", []),
    ],
)
def test_array_text(item: str, text: str, want: list[Any]) -> None:
    assert to_value(array_of(item), text) == want


def test_boxes_are_separated_by_semicolons() -> None:
    box = TypeInfo(603, "box", delimiter=";")
    info = TypeInfo(1020, "_box", kind=Kind.ARRAY, element=box, delimiter=";")
    column_type = resolve(info, -1, Modes(include_unknown=True))
    assert column_type is not None
    assert to_value(column_type, "{(3,4),(1,2);NULL}") == [b"(3.0,4.0),(1.0,2.0)", None]


@pytest.mark.parametrize(
    ("name", "text", "want"),
    [
        ("vector", "[1,2.5]", "[1.0,2.5]"),
        ("halfvec", "[1,0.1]", "[1.0,0.1]"),
        ("sparsevec", "{1:1.5,3:2}/5", '{"dimensions":5,"vector":[[1,1.5],[3,2.0]]}'),
        ("sparsevec", "{}/5", '{"dimensions":5,"vector":[]}'),
        (
            "geometry",
            "0101000020E6100000000000000000F03F0000000000000040",
            '{"wkb":"AQEAACDmEAAAAAAAAAAA8D8AAAAAAAAAQA==","srid":4326}',
        ),
        (
            "geography",
            "00000000013FF00000000000004000000000000000",
            '{"wkb":"AAAAAAE/8AAAAAAAAEAAAAAAAAAA","srid":null}',
        ),
    ],
)
def test_extensions(name: str, text: str, want: str) -> None:
    column_type = resolve(TypeInfo(9, name, namespace="public"), -1, Modes())
    assert column_type is not None
    assert to_json(column_type, text) == want
    assert DUMPERS.of(column_type.schema)(to_value(column_type, text)) == want


def test_a_users_type_is_not_taken_for_a_built_in_one() -> None:
    assert resolve(TypeInfo(9, "int4", namespace="public"), -1, Modes()) is None
    assert resolve(TypeInfo(9, "hstore", namespace="public", kind=Kind.COMPOSITE), -1, Modes()) is None


def test_unavailable_values() -> None:
    octets = b"__debezium_unavailable_value"
    assert builtin("text").unavailable == octets.decode()
    assert builtin("bytea").unavailable == octets
    assert builtin("bytea", binary="hex").unavailable == octets.decode()
    assert array_of("float8").unavailable == [float(octet) for octet in octets]
    assert array_of("bool").unavailable[:8] == [True, True, True, True, True, False, True, False]
    hstore = resolve(TypeInfo(9, "hstore", namespace="public"), -1, Modes())
    assert hstore is not None
    assert hstore.unavailable == f'{{"{octets.decode()}":"{octets.decode()}"}}'
    assert array_of("text").unavailable == [octets.decode()]
    assert array_of("bytea").unavailable == [octets]
    assert array_of("int4").unavailable == list(octets)
    assert array_of("date").unavailable == list(octets)
    # java.util.UUID.nameUUIDFromBytes
    assert array_of("uuid").unavailable == ["b68a35a7-17ad-35b3-af2a-ae46edb4545a"]
    for kind in ("numeric", "jsonb", "xml", "tsvector", "varbit"):
        column_type = builtin(kind)
        assert DUMPERS.of(column_type.schema)(column_type.unavailable)


def test_the_placeholder_may_be_octets() -> None:
    assert parse_placeholder("hex:00ff") == b"\x00\xff"
    assert array_of("int2", placeholder=parse_placeholder("hex:00ff")).unavailable == [0, -1]
    with pytest.raises(ValueError, match="hex"):
        parse_placeholder("hex:0")


def test_the_catalog_asks_once_and_forgets_what_can_change() -> None:
    asked: list[list[int]] = []

    def fetch(oids: Any) -> list[Any]:
        asked.append(list(oids))
        return [ROWS[oid] for oid in oids]

    catalog = TypeCatalog(fetch)
    mood = next(row[0] for row in RECORDED["types"] if row[1] == "_mood")
    assert catalog[mood].element is not None
    assert catalog[mood].element.labels == ("sad", "ok", "happy")
    assert len(asked) == 2
    catalog.forget()
    assert catalog[mood].kind is Kind.ARRAY
    assert len(asked) == 4
    with pytest.raises(KeyError):
        TypeCatalog(lambda oids: [])[999999]
