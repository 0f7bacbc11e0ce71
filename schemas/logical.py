"""Semantic types by name: Kafka Connect's own and Debezium's (io.debezium.*), as schemas."""

from __future__ import annotations

from collections.abc import Iterable

from schemas import connect
from schemas.connect import Schema, Type

DECIMAL = "org.apache.kafka.connect.data.Decimal"
CONNECT_DATE = "org.apache.kafka.connect.data.Date"
CONNECT_TIME = "org.apache.kafka.connect.data.Time"
CONNECT_TIMESTAMP = "org.apache.kafka.connect.data.Timestamp"
DATE = "io.debezium.time.Date"
TIME = "io.debezium.time.Time"
MICRO_TIME = "io.debezium.time.MicroTime"
NANO_TIME = "io.debezium.time.NanoTime"
TIMESTAMP = "io.debezium.time.Timestamp"
MICRO_TIMESTAMP = "io.debezium.time.MicroTimestamp"
NANO_TIMESTAMP = "io.debezium.time.NanoTimestamp"
ZONED_TIMESTAMP = "io.debezium.time.ZonedTimestamp"
ZONED_TIME = "io.debezium.time.ZonedTime"
ISO_DATE = "io.debezium.time.IsoDate"
ISO_TIME = "io.debezium.time.IsoTime"
ISO_TIMESTAMP = "io.debezium.time.IsoTimestamp"
MICRO_DURATION = "io.debezium.time.MicroDuration"
INTERVAL = "io.debezium.time.Interval"
YEAR = "io.debezium.time.Year"
BITS = "io.debezium.data.Bits"
JSON = "io.debezium.data.Json"
XML = "io.debezium.data.Xml"
UUID = "io.debezium.data.Uuid"
LTREE = "io.debezium.data.Ltree"
TSVECTOR = "io.debezium.data.Tsvector"
ENUM = "io.debezium.data.Enum"
ENUM_SET = "io.debezium.data.EnumSet"
VARIABLE_SCALE_DECIMAL = "io.debezium.data.VariableScaleDecimal"
POINT = "io.debezium.data.geometry.Point"
GEOMETRY = "io.debezium.data.geometry.Geometry"
GEOGRAPHY = "io.debezium.data.geometry.Geography"
DOUBLE_VECTOR = "io.debezium.data.DoubleVector"
FLOAT_VECTOR = "io.debezium.data.FloatVector"
SPARSE_VECTOR = "io.debezium.data.SparseDoubleVector"


def semantic(kind: Type, name: str, *, version: int = 1) -> Schema:
    """Return a schema of type `kind` with a semantic name."""
    return Schema(kind, name=name, version=version)


def decimal(scale: int, precision: int | None = None) -> Schema:
    """Return Connect's Decimal: unscaled two's complement, big-endian, with the scale as parameter."""
    parameters: tuple[tuple[str, str], ...] = (("scale", str(scale)),)
    if precision is not None:
        parameters += (("connect.decimal.precision", str(precision)),)
    return Schema(Type.BYTES, name=DECIMAL, version=1, parameters=parameters)


def variable_scale_decimal() -> Schema:
    """Return Debezium's struct of scale and unscaled value, for decimals without a declared scale."""
    fields = (connect.Field("scale", connect.INT32), connect.Field("value", connect.BYTES))
    doc = "Variable scaled decimal"
    return Schema(Type.STRUCT, name=VARIABLE_SCALE_DECIMAL, version=1, doc=doc, fields=fields)


def bits(length: int) -> Schema:
    """Return Debezium's bit string: little-endian bytes."""
    return Schema(Type.BYTES, name=BITS, version=1, parameters=(("length", str(length)),))


def enum(allowed: Iterable[str], name: str = ENUM) -> Schema:
    """Return Debezium's enum, or set, with its labels in declaration order."""
    return Schema(Type.STRING, name=name, version=1, parameters=(("allowed", ",".join(allowed)),))
