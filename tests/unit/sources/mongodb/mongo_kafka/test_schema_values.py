"""Values of BSON under a schema: the edges; what mongo-kafka makes of the rest is in the golden cases."""

from typing import Any

import bson
import pytest

from cdc.errors import UnsupportedValue
from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.mongo_kafka.inference import infer_schema
from cdc.sources.mongodb.mongo_kafka.schema_values import ValueReader
from schemas import connect, logical
from schemas.connect import Schema, Type

READER = ValueReader(ejson.SIMPLIFIED_JSON)
OID = bson.ObjectId("596e275826f08b2730779e1f")


def value(schema: Schema, found: Any) -> Any:
    """Return the value of a field `f`."""
    struct = connect.struct("s", [("f", schema)])
    return READER.of(struct)(3, bson.encode({"f": found}))["f"]


@pytest.mark.parametrize(
    ("schema", "found", "expected"),
    [
        (connect.INT32, 2**31, -(2**31)),
        (connect.INT32, 1e300, -1),
        (connect.INT32, -3.9, -3),
        (connect.INT8, 200, -56),
        (connect.INT64, float("nan"), 0),
        (connect.INT64, float("-inf"), -(2**63)),
        (connect.FLOAT32, 1e300, float("inf")),
        (connect.FLOAT64, bson.Int64(3), 3.0),
        (connect.INT64, bson.Timestamp(7, 1), 7000),
        (connect.INT64.as_optional(), bson.Decimal128("1"), None),
        (connect.STRING, None, "null"),
        (connect.STRING, OID, str(OID)),
        (connect.STRING, [1, "a"], '[1, "a"]'),
        (connect.STRING, {"a": OID}, f'{{"a": "{OID}"}}'),
        (connect.STRING, "", ""),
        (connect.BYTES, "é", "é".encode()),
        (connect.BYTES, bson.Binary(b"x", 2), b"x"),
        (connect.BYTES, {"a": 1}, bson.encode({"a": 1})),
        (connect.BOOLEAN, False, False),
        (connect.OPTIONAL_STRING, None, None),
        (connect.array(connect.STRING), [1, None], ["1", "null"]),
        (Schema(Type.MAP, keys=connect.STRING, values=connect.INT32), {"a": 1}, {"a": 1}),
    ],
)
def test_values(schema: Schema, found: Any, expected: Any) -> None:
    assert value(schema, found) == expected


@pytest.mark.parametrize(
    ("schema", "found", "reason"),
    [
        (connect.INT32, "1", "Schema type of int32 but value was of type: string"),
        (connect.INT32, None, "type: null"),
        (connect.FLOAT32, OID, "Schema type of float32 but value was of type: object_id"),
        (connect.BOOLEAN, 1, "type: int32"),
        (connect.BYTES, 1, "type: int32"),
        (connect.array(connect.INT32), {}, "type: document"),
        (Schema(Type.MAP, keys=connect.STRING, values=connect.INT32), [], "type: array"),
        (connect.INT32, bson.Decimal128("1"), 'required field: "f"'),
        (connect.array(connect.INT32), [bson.Decimal128("1")], "required element"),
    ],
)
def test_what_does_not_fit(schema: Schema, found: Any, reason: str) -> None:
    with pytest.raises(UnsupportedValue, match=reason):
        value(schema, found)


def test_fields_are_found_by_name_then_by_path() -> None:
    schema = connect.struct("s", [("a.b", connect.INT32), ("c.d.e", connect.INT32.as_optional())])
    read = READER.of(schema)
    assert read(3, bson.encode({"a": {"b": 1}})) == {"a.b": 1, "c.d.e": None}
    assert read(3, bson.encode({"a.b": 2, "a": {"b": 1}, "c": {"d": {"e": 3}}})) == {"a.b": 2, "c.d.e": 3}
    with pytest.raises(UnsupportedValue, match=r"Missing field 'a\.b'"):
        read(3, bson.encode({"a": 1}))


def test_defaults_stand_in() -> None:
    schema = connect.struct("s", [("n", connect.INT32.with_default(7))])
    assert READER.of(schema)(3, bson.encode({})) == {"n": 7}


def inferred(found: Any) -> Schema | None:
    return infer_schema(bson.encode({"f": found})).field("f")


@pytest.mark.parametrize(
    ("found", "schema"),
    [
        ([], connect.OPTIONAL_STRING),
        ([None, 1, None], connect.INT32.as_optional()),
        ([1, "a"], connect.OPTIONAL_STRING),
        ([1, 2.5], connect.OPTIONAL_STRING),
        ([bson.Decimal128("1.5"), bson.Decimal128("1.25")], connect.OPTIONAL_STRING),
        (
            [{"b": 1}, {"a": None, "_id": 1}, {"a": "x"}],
            connect.struct(
                "f",
                [
                    ("_id", connect.INT32.as_optional()),
                    ("a", connect.OPTIONAL_STRING),
                    ("b", connect.INT32.as_optional()),
                ],
                optional=True,
            ),
        ),
    ],
)
def test_elements_are_of_one_schema(found: Any, schema: Schema) -> None:
    array = inferred(found)
    assert array is not None
    assert array.items == schema
    assert array.name == "f"


def test_a_decimal_has_the_scale_of_its_value() -> None:
    assert inferred(bson.Decimal128("1.250")) == logical.decimal(3).as_optional()
    assert inferred(bson.Decimal128("1E+3")) == logical.decimal(-3).as_optional()
    for strange in ("NaN", "-Infinity", "-0"):
        with pytest.raises(UnsupportedValue, match="BigDecimal"):
            inferred(bson.Decimal128(strange))


@pytest.mark.parametrize(
    "found",
    [[{"y": None}, {"y": "b"}, {"y": 1}], [[1], [None, "a"]], {"a": {"b": [1, {"c": 2}]}}, [[], [1.5]]],
)
def test_what_is_inferred_fits(found: Any) -> None:
    data = bson.encode({"f": found})
    READER.of(infer_schema(data))(3, data)
