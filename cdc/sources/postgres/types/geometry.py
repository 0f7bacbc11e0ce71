"""Points, PostGIS geometries and pgvector's vectors."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import Any

from cdc.relational.binary import base64_json
from cdc.relational.column_type import ColumnType
from cdc.relational.floats import double_json, single_json
from cdc.sources.postgres.types.modes import Modes
from cdc.sources.postgres.types.text import unknown
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.java_text import double_text
from schemas.table import Codec

_POINT = struct.Struct("<BIdd")
_SRID_FLAG = 0x20000000
_EMPTY_COLLECTION = bytes.fromhex("010700000000000000")
"""Debezium's stand-in for a geometry that is not there."""


def _spatial(name: str, doc: str, fields: list[tuple[str, Schema]]) -> Schema:
    schema = connect.struct(name, fields, version=1)
    return Schema(Type.STRUCT, name=name, version=1, doc=doc, fields=schema.fields)


_OPTIONAL_SRID = ("srid", connect.INT32.as_optional())
_POINT_SCHEMA = _spatial(
    logical.POINT,
    "Geometry (POINT)",
    [
        ("x", connect.FLOAT64),
        ("y", connect.FLOAT64),
        ("wkb", connect.BYTES.as_optional()),
        _OPTIONAL_SRID,
    ],
)


def _coordinates(v: str) -> tuple[str, str]:
    x, _, y = v[1:-1].partition(",")
    return x, y


def _wkb(x: float, y: float) -> bytes:
    return _POINT.pack(1, 1, x, y)


def point_value(v: str) -> dict[str, Any]:
    """Return the struct of `(x,y)`."""
    x, y = map(float, _coordinates(v))
    return {"x": x, "y": y, "wkb": _wkb(x, y), "srid": None}


def point_json(v: str) -> str:
    """Return the JSON of `point_value`."""
    x, y = _coordinates(v)
    wkb = base64_json(_wkb(float(x), float(y)))
    return f'{{"x":{double_json(x)},"y":{double_json(y)},"wkb":{wkb},"srid":null}}'


def point(modes: Modes) -> ColumnType:
    """Return point."""
    scope = {"pg_point": point_value, "pg_point_json": point_json}
    unavailable = {"x": 0.0, "y": 0.0, "wkb": modes.placeholder, "srid": None}
    return ColumnType(
        _POINT_SCHEMA, Codec("pg_point(v)", "pg_point_json(v)", scope), point_value("(0,0)"), unavailable
    )


_NUMBER = re.compile(r"-?(?:Infinity|NaN|\d[\d.]*(?:e[+-]\d+)?)")


def shape_text(v: str) -> str:
    """Return the text of a box, line, path… with numbers as Java prints them, as Debezium has it."""
    return _NUMBER.sub(lambda number: double_text(float(number[0])), v)


def shape(modes: Modes) -> ColumnType:
    """Return box, circle, line, lseg, path or polygon, none of which Debezium 3.6 knows."""
    plain = unknown(modes)
    scope = {**plain.codec.scope, "pg_shape": shape_text}

    def over(expression: str | None) -> str:
        return (expression or "").replace("v.encode", "pg_shape(v).encode")

    return replace(plain, codec=Codec(over(plain.codec.value), over(plain.codec.json), scope))


# -- PostGIS --------------------------------------------------------------------------------------


def geometry_value(v: str) -> dict[str, Any]:
    """Return the struct of a hex EWKB; the SRID stays in the octets, as in Debezium."""
    octets = bytes.fromhex(v)
    order = "<" if octets[0] else ">"
    kind, srid = struct.unpack_from(order + "Ii", octets.ljust(9, b"\0"), 1)
    return {"wkb": octets, "srid": srid if kind & _SRID_FLAG else None}


def geometry_json(v: str) -> str:
    """Return the JSON of `geometry_value`."""
    value = geometry_value(v)
    srid = "null" if value["srid"] is None else value["srid"]
    return f'{{"wkb":{base64_json(value["wkb"])},"srid":{srid}}}'


def geometry(name: str, doc: str, modes: Modes) -> ColumnType:
    """Return PostGIS's geometry or geography."""
    schema = _spatial(name, doc, [("wkb", connect.BYTES), _OPTIONAL_SRID])
    scope = {"pg_geometry": geometry_value, "pg_geometry_json": geometry_json}
    return ColumnType(
        schema,
        Codec("pg_geometry(v)", "pg_geometry_json(v)", scope),
        {"wkb": _EMPTY_COLLECTION, "srid": None},
        {"wkb": modes.placeholder, "srid": None},
    )


# -- pgvector -------------------------------------------------------------------------------------


def vector_value(v: str) -> list[float]:
    """Return the numbers of `[1,2,3]`."""
    return [float(one) for one in v[1:-1].split(",")]


def double_vector_json(v: str) -> str:
    """Return the JSON of a vector whose numbers become doubles."""
    return "[" + ",".join([double_json(one) for one in v[1:-1].split(",")]) + "]"


def float_vector_json(v: str) -> str:
    """Return the JSON of a vector whose numbers become floats."""
    return "[" + ",".join([single_json(one) for one in v[1:-1].split(",")]) + "]"


def vector(name: str, item: Schema, modes: Modes) -> ColumnType:
    """Return vector (doubles) or halfvec (floats)."""
    json, text = (
        ("pg_double_vector_json", double_vector_json)
        if item.type is Type.FLOAT64
        else ("pg_float_vector_json", float_vector_json)
    )
    schema = Schema(Type.ARRAY, name=name, version=1, items=item)
    codec = Codec("pg_vector(v)", f"{json}(v)", {"pg_vector": vector_value, json: text})
    return ColumnType(schema, codec, [], [float(octet) for octet in modes.placeholder_octets])


def _sparse(v: str) -> tuple[int, list[tuple[int, str]]]:
    entries, _, dimensions = v.partition("/")
    pairs = (entry.partition(":") for entry in entries[1:-1].split(",") if entry)
    return int(dimensions), [(int(index), number) for index, _, number in pairs]


def sparse_value(v: str) -> dict[str, Any]:
    """Return the struct of `{1:1.5,3:2}/5`."""
    dimensions, pairs = _sparse(v)
    return {"dimensions": dimensions, "vector": {index: float(number) for index, number in pairs}}


def sparse_json(v: str) -> str:
    """Return the JSON of `sparse_value`; a map whose keys are no strings is an array of pairs."""
    dimensions, pairs = _sparse(v)
    entries = ",".join([f"[{index},{double_json(number)}]" for index, number in pairs])
    return f'{{"dimensions":{dimensions},"vector":[{entries}]}}'


def sparse_vector(modes: Modes) -> ColumnType:
    """Return sparsevec."""
    entries = Schema(Type.MAP, keys=connect.INT16, values=connect.FLOAT64)
    fields = [("dimensions", connect.INT16), ("vector", entries)]
    schema = _spatial(logical.SPARSE_VECTOR, "Sparse double vector", fields)
    scope = {"pg_sparse": sparse_value, "pg_sparse_json": sparse_json}
    empty = {"dimensions": 0, "vector": {}}
    return ColumnType(schema, Codec("pg_sparse(v)", "pg_sparse_json(v)", scope), empty, empty)
