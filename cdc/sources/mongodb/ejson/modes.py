"""What the Java driver's JSON modes make of each BSON type (`org.bson.json.JsonWriterSettings`)."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Mode:
    """One style of EJSON text.

    comma: what separates members. The others are templates of values: `%` is the value's own text
    (a quoted string where JSON has one), `&` the second one of a pair. date: in ms; iso_dates: whether
    dates from 1970 to 9999 (or all of them) are ISO text in `date_text` instead.
    """

    comma: str
    int32: str = "%"
    int64: str = "%"
    double: str = "%"
    not_finite: str = '{"$numberDouble": "%"}'
    decimal: str = '{"$numberDecimal": "%"}'
    date: str = '{"$date": {"$numberLong": "%"}}'
    date_text: str = '{"$date": "%"}'
    iso_dates: str = "none"
    oid: str = '{"$oid": "%"}'
    binary: str = '{"$binary": {"base64": "%", "subType": "&"}}'
    regex: str = '{"$regularExpression": {"pattern": %, "options": &}}'
    symbol: str = '{"$symbol": %}'
    pointer: str = '{"$ref": %, "$id": &}'
    code: str = '{"$code": %}'
    scoped_code: str = '{"$code": %, "$scope": &}'
    timestamp: str = '{"$timestamp": {"t": %, "i": &}}'
    undefined: str = '{"$undefined": true}'
    min_key: str = '{"$minKey": 1}'
    max_key: str = '{"$maxKey": 1}'


_STRICT = Mode(
    comma=", ",
    int64='{"$numberLong": "%"}',
    not_finite="%",
    date='{"$date": %}',
    binary='{"$binary": "%", "$type": "&"}',
    regex='{"$regex": %, "$options": &}',
)

DEFAULT_JSON = _STRICT
"""mongo-kafka's DefaultJson: JsonMode.STRICT, EJSON version 1. NaN stays bare: that is no JSON."""

LEGACY = replace(_STRICT, comma=",")
"""Debezium's `before` and `after`: strict mode, with indentation of nothing."""

UPDATED_FIELDS = Mode(comma=", ", iso_dates="modern")
"""Debezium's `updatedFields`: what `BsonDocument.toJson()` gives, JsonMode.RELAXED."""

RELAXED = replace(UPDATED_FIELDS, comma=",")
"""Debezium's keys, and `json.serialization.mode=relaxed`."""

EXTENDED_JSON = Mode(
    comma=", ",
    int32='{"$numberInt": "%"}',
    int64='{"$numberLong": "%"}',
    double='{"$numberDouble": "%"}',
    pointer='{"$dbPointer": {"$ref": %, "$id": &}}',
)
"""mongo-kafka's ExtendedJson: JsonMode.EXTENDED, canonical EJSON version 2."""

EXTENDED = replace(EXTENDED_JSON, comma=",")
"""`json.serialization.mode=extended`."""

SIMPLIFIED_JSON = Mode(
    comma=", ",
    decimal='"%"',
    date_text='"%"',
    iso_dates="all",
    oid='"%"',
    binary='"%"',
    symbol="%",
)
"""mongo-kafka's SimplifiedJson."""
