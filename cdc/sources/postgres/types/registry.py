"""From a PostgreSQL type to schema, codec and stand-ins: one table, one entry a type."""

from __future__ import annotations

from collections.abc import Callable

from cdc.relational.column_type import ColumnType
from cdc.sources.postgres.types import arrays, geometry, hstore, numbers, temporal, text
from cdc.sources.postgres.types.catalog import Kind, TypeInfo
from cdc.sources.postgres.types.modes import Modes
from schemas import connect, logical

Make = Callable[[int, Modes], ColumnType]
"""Makes the column type from the type modifier and the modes."""


def _integer(schema: connect.Schema) -> Make:
    return lambda typmod, modes: numbers.integer(schema, modes)


def _text(typmod: int, modes: Modes) -> ColumnType:
    return text.text(connect.STRING, modes)


def _plain(typmod: int, modes: Modes) -> ColumnType:
    return text.plain(connect.STRING, modes)


def _semantic(name: str) -> Make:
    return lambda typmod, modes: text.semantic_text(name, modes)


def _shape(typmod: int, modes: Modes) -> ColumnType:
    return geometry.shape(modes)


BUILTIN: dict[str, Make] = {
    "bool": lambda typmod, modes: numbers.boolean(modes),
    "int2": _integer(connect.INT16),
    "int4": _integer(connect.INT32),
    "int8": _integer(connect.INT64),
    "oid": _integer(connect.INT64),
    "float4": lambda typmod, modes: numbers.single(modes),
    "float8": lambda typmod, modes: numbers.double(modes),
    "numeric": numbers.numeric,
    "money": lambda typmod, modes: numbers.money(modes),
    "text": text.character,
    "varchar": text.character,
    "bpchar": text.character,
    "char": text.character,
    "name": text.character,
    "json": _semantic(logical.JSON),
    "jsonb": _semantic(logical.JSON),
    "xml": _semantic(logical.XML),
    "tsvector": _semantic(logical.TSVECTOR),
    "uuid": lambda typmod, modes: text.plain(logical.semantic(connect.Type.STRING, logical.UUID), modes),
    "inet": _plain,
    "cidr": _plain,
    "macaddr": _plain,
    "macaddr8": _plain,
    "int4range": _plain,
    "int8range": _plain,
    "numrange": _plain,
    "daterange": _plain,
    "tsrange": _text,
    "tstzrange": _text,
    "bytea": lambda typmod, modes: text.bytea(modes),
    "bit": text.bits,
    "varbit": text.bits,
    "date": lambda typmod, modes: temporal.date(modes),
    "time": temporal.time,
    "timetz": lambda typmod, modes: temporal.zoned_time(modes),
    "timestamp": temporal.timestamp,
    "timestamptz": temporal.zoned_timestamp,
    "interval": lambda typmod, modes: temporal.interval(modes),
    "point": lambda typmod, modes: geometry.point(modes),
}
"""Types of pg_catalog that Debezium knows."""

EXTENSIONS: dict[str, Make] = {
    "citext": text.character,
    "isbn": _text,
    "hstore": lambda typmod, modes: hstore.hstore(modes),
    "ltree": _semantic(logical.LTREE),
    "geometry": lambda typmod, modes: geometry.geometry(logical.GEOMETRY, "Geometry", modes),
    "geography": lambda typmod, modes: geometry.geometry(logical.GEOGRAPHY, "Geography", modes),
    "vector": lambda typmod, modes: geometry.vector(logical.DOUBLE_VECTOR, connect.FLOAT64, modes),
    "halfvec": lambda typmod, modes: geometry.vector(logical.FLOAT_VECTOR, connect.FLOAT32, modes),
    "sparsevec": lambda typmod, modes: geometry.sparse_vector(modes),
}
"""Types of extensions, in whatever schema they were installed."""

UNKNOWN: dict[str, Make] = dict.fromkeys(("box", "circle", "line", "lseg", "path", "polygon"), _shape)
"""Types that Debezium does not know, but whose text it prints in its own way."""

_ARRAYS_LEFT_OUT = {"money", "name", "interval", "varbit", "xml", "point"}
"""Known types whose arrays Debezium leaves out; they are here with `include.unknown.datatypes`."""


def resolve(info: TypeInfo, typmod: int, modes: Modes) -> ColumnType | None:
    """Return what a column of this type is in events; None where Debezium leaves the column out.

    `typmod` is pg_attribute's. Schemas are not optional: that, defaults and docs are the caller's.
    """
    known = _known(info, typmod, modes)
    if known is not None or not modes.include_unknown:
        return known
    root, _ = info.root(typmod)
    if root.element is not None:
        item = _unknown_item(root.element, _, modes)
        return arrays.array(item, root.delimiter, modes)
    return UNKNOWN.get(root.name, _opaque)(typmod, modes)


def _opaque(typmod: int, modes: Modes) -> ColumnType:
    return text.unknown(modes)


def _known(info: TypeInfo, typmod: int, modes: Modes) -> ColumnType | None:
    root, typmod = info.root(typmod)
    if root.kind is Kind.ENUM:
        # Debezium masks enums like any text column.
        return text.enum(root.labels, modes)
    if root.element is not None:
        element = root.element
        if element.kind is Kind.DOMAIN or (element.builtin and element.name in _ARRAYS_LEFT_OUT):
            return None
        item = _known(element, typmod, modes)
        return None if item is None else arrays.array(item, root.delimiter, modes)
    make = BUILTIN.get(root.name) if root.builtin else EXTENSIONS.get(root.name)
    if make is None or root.kind not in (Kind.BASE, Kind.RANGE):
        return None
    return make(typmod, modes)


def _unknown_item(element: TypeInfo, typmod: int, modes: Modes) -> ColumnType:
    """Return the elements of an array that Debezium leaves out or has as octets."""
    if element.builtin and element.name in _ARRAYS_LEFT_OUT:
        return BUILTIN[element.name](typmod, modes)
    return UNKNOWN.get(element.name, _opaque)(typmod, modes)
