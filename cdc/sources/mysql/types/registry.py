"""From a column of a definition to its type in events, in both wire forms: one table, one entry a type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cdc.relational.column_type import ColumnType, json_string
from cdc.relational.text_view import TEXT
from cdc.sources.mysql.types import numbers, spatial, temporal, text, wire
from cdc.sources.mysql.types.forms import Forms
from cdc.sources.mysql.types.json_document import document_text
from cdc.sources.mysql.types.modes import Modes
from cdc.sources.mysql.types.names import TypeName, labels, type_name
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.definition import ColumnDefinition
from schemas.table import Codec


@dataclass(frozen=True, slots=True)
class _Spec:
    """What a type is made from."""

    column: ColumnDefinition
    name: TypeName
    modes: Modes

    @property
    def digits(self) -> int:
        """The fraction digits of a temporal type."""
        return self.column.length or self.column.scale or 0

    @property
    def zero(self) -> Any:
        """What stands for a zero date."""
        return None if self.column.optional else temporal.EPOCH


Make = Callable[[_Spec], Forms]


def _integer(signed: Schema, unsigned: Schema) -> Make:
    def make(spec: _Spec) -> Forms:
        schema = unsigned if spec.name.unsigned else signed
        return numbers.integer(schema, unsigned=spec.name.unsigned, zerofill=spec.name.zerofill)

    return make


def _bigint(spec: _Spec) -> Forms:
    if spec.name.unsigned:
        return numbers.bigint_unsigned(spec.modes)
    return numbers.integer(connect.INT64, unsigned=False, zerofill=False)


def _float(spec: _Spec) -> Forms:
    return numbers.single() if spec.column.scale is None else numbers.scaled_single()


def _double(spec: _Spec) -> Forms:
    return numbers.double(fixed=spec.column.scale is not None or spec.name.zerofill)


def _decimal(spec: _Spec) -> Forms:
    precision = 10 if spec.column.length is None else spec.column.length
    scale = spec.column.scale or 0
    return numbers.decimal(precision, scale, spec.modes, zerofill=spec.name.zerofill)


def _string(spec: _Spec) -> Forms:
    if spec.column.charset == "binary":
        return text.octets(spec.modes)
    return text.string(spec.column.charset, spec.column.length, spec.modes)


def _octets(spec: _Spec) -> Forms:
    return text.octets(spec.modes)


def _binary(spec: _Spec) -> Forms:
    return text.octets(spec.modes, padded=1 if spec.column.length is None else spec.column.length)


def _enum(spec: _Spec) -> Forms:
    return text.enum(labels(spec.column.enum_values), spec.modes)


def _set(spec: _Spec) -> Forms:
    return text.label_set(labels(spec.column.enum_values), spec.modes)


def _json(spec: _Spec) -> Forms:
    """JSON. A SELECT prints blanks, MySQL's log is printed without, both as in Debezium.

    MariaDB's is a LONGTEXT that only statements call JSON: its text is as it was written.
    """
    found = ColumnType(logical.semantic(Type.STRING, logical.JSON), TEXT, "", spec.modes.placeholder_text)
    view = "mysql_document(v)"
    scope = {"mysql_document": document_text, "json_string": json_string}
    codec = Codec(f"{view}.encode('latin-1').decode()", f"json_string({view})", scope)
    binary = replace(found, codec=codec, text=view)
    return Forms(found, lambda mapped: binary if mapped.type == wire.JSON else found)


def _geometry(spec: _Spec) -> Forms:
    return spatial.geometry(spec.modes)


TYPES: dict[str, Make] = {
    "BOOLEAN": lambda spec: numbers.boolean(),
    "BIT": lambda spec: numbers.bits(spec.column.length or 1, spec.modes),
    "TINYINT": _integer(connect.INT16, connect.INT16),
    "SMALLINT": _integer(connect.INT16, connect.INT32),
    "MEDIUMINT": _integer(connect.INT32, connect.INT32),
    "INT": _integer(connect.INT32, connect.INT64),
    "BIGINT": _bigint,
    "FLOAT": _float,
    "DOUBLE": _double,
    "DECIMAL": _decimal,
    "YEAR": lambda spec: numbers.year(),
    "DATE": lambda spec: temporal.date(spec.modes, spec.zero),
    "TIME": lambda spec: temporal.time(spec.digits, spec.modes),
    "DATETIME": lambda spec: temporal.datetime(spec.digits, spec.modes, spec.zero),
    "TIMESTAMP": lambda spec: temporal.timestamp(spec.digits, spec.modes, spec.zero),
    "CHAR": _string,
    "VARCHAR": _string,
    "TINYTEXT": _string,
    "TEXT": _string,
    "MEDIUMTEXT": _string,
    "LONGTEXT": _string,
    "BINARY": _binary,
    "VARBINARY": _octets,
    "TINYBLOB": _octets,
    "BLOB": _octets,
    "MEDIUMBLOB": _octets,
    "LONGBLOB": _octets,
    "ENUM": _enum,
    "SET": _set,
    "JSON": _json,
    "POINT": lambda spec: spatial.point(spec.modes),
    "GEOMETRY": _geometry,
    "LINESTRING": _geometry,
    "POLYGON": _geometry,
    "MULTIPOINT": _geometry,
    "MULTILINESTRING": _geometry,
    "MULTIPOLYGON": _geometry,
    "GEOMETRYCOLLECTION": _geometry,
    "VECTOR": lambda spec: spatial.vector(spec.modes),
    "UUID": lambda spec: text.uuid(spec.modes),
    "INET4": lambda spec: text.inet4(spec.modes),
    "INET6": lambda spec: text.inet6(spec.modes),
}
"""Every type of MySQL 8 to 9 and MariaDB 10.6 to 11."""

_HOLDS_PLACEHOLDER = frozenset((Type.STRING, Type.BYTES, Type.STRUCT, Type.ARRAY))


def resolve(column: ColumnDefinition, modes: Modes) -> Forms | None:
    """Return what a column is in events; None for a type that there is not.

    Schemas are not optional: that, defaults and docs are the caller's.
    """
    name = type_name(column)
    make = TYPES.get(name.name)
    if make is None:
        return None
    return without_placeholder(make(_Spec(column, name, modes)), optional=column.optional)


def without_placeholder(found: Forms, *, optional: bool) -> Forms:
    """Return a type whose values, where a row image lacks them, are null if its form has no room for more."""
    if found.text.schema.type in _HOLDS_PLACEHOLDER:
        return found
    missing = None if optional else found.text.fallback
    return Forms(
        replace(found.text, unavailable=missing),
        lambda mapped: replace(found.binlog(mapped), unavailable=missing),
    )


def select_expression(column: ColumnDefinition) -> str:
    """Return how a SELECT asks for a column, so that no digit is lost: FLOAT prints six of them."""
    quoted = "`" + column.name.replace("`", "``") + "`"
    if type_name(column).name == "FLOAT" and column.scale is None:
        return f"{quoted} + 0e0"
    return quoted
