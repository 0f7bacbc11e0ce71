"""Geometries, which are stored as an SRID and WKB, and vectors, which are little-endian floats."""

from __future__ import annotations

import struct
from typing import Any

from cdc.relational.binary import base64_json
from cdc.relational.column_type import ColumnType
from cdc.relational.floats import java_json
from cdc.sources.mysql.types.forms import Forms, forms
from cdc.sources.mysql.types.modes import Modes
from cdc.sources.mysql.types.numbers import single_json
from schemas import connect, logical
from schemas.connect import Field, Schema, Type
from schemas.table import Codec

_SRID = struct.Struct("<I").unpack_from
_XY = struct.Struct("<dd").unpack_from
_EMPTY_COLLECTION = bytes.fromhex("010700000000000000")
"""Debezium's stand-in for a geometry that is not there."""
_ORIGIN = bytes.fromhex("0101000000").ljust(21, b"\0")


def _schema(name: str, doc: str, *fields: Field) -> Schema:
    return Schema(Type.STRUCT, name=name, version=1, doc=doc, fields=fields)


_WHERE = Field("srid", connect.INT32.as_optional())
_GEOMETRY = _schema(logical.GEOMETRY, "Geometry", Field("wkb", connect.BYTES), _WHERE)
_POINT = _schema(
    logical.POINT,
    "Geometry (POINT)",
    Field("x", connect.FLOAT64),
    Field("y", connect.FLOAT64),
    Field("wkb", connect.BYTES.as_optional()),
    _WHERE,
)


def _parts(v: str, empty: bytes = _EMPTY_COLLECTION) -> tuple[bytes, int | None]:
    """Return WKB and SRID; the SRID 0 is none.

    empty: what stands for no octets, which MariaDB has where nothing was said for a column that is NOT NULL.
    """
    if not v:
        return empty, None
    data = v.encode("latin-1")
    return data[4:], _SRID(data)[0] or None


def geometry_value(v: str) -> dict[str, Any]:
    """Return the struct of any geometry."""
    wkb, srid = _parts(v)
    return {"wkb": wkb, "srid": srid}


def geometry_json(v: str) -> str:
    """Return the JSON of `geometry_value`."""
    wkb, srid = _parts(v)
    return f'{{"wkb":{base64_json(wkb)},"srid":{"null" if srid is None else srid}}}'


def point_value(v: str) -> dict[str, Any]:
    """Return the struct of a point."""
    wkb, srid = _parts(v, _ORIGIN)
    x, y = _XY(wkb, 5)
    return {"x": x, "y": y, "wkb": wkb, "srid": srid}


def point_json(v: str) -> str:
    """Return the JSON of `point_value`."""
    wkb, srid = _parts(v, _ORIGIN)
    x, y = map(java_json, _XY(wkb, 5))
    return f'{{"x":{x},"y":{y},"wkb":{base64_json(wkb)},"srid":{"null" if srid is None else srid}}}'


def geometry(modes: Modes) -> Forms:
    """Return any spatial type but POINT."""
    scope = {"mysql_geometry": geometry_value, "mysql_geometry_json": geometry_json}
    codec = Codec("mysql_geometry(v)", "mysql_geometry_json(v)", scope)
    fallback = {"wkb": _EMPTY_COLLECTION, "srid": None}
    return forms(ColumnType(_GEOMETRY, codec, fallback, {"wkb": modes.placeholder, "srid": None}), codec)


def point(modes: Modes) -> Forms:
    """Return POINT."""
    scope = {"mysql_point": point_value, "mysql_point_json": point_json}
    codec = Codec("mysql_point(v)", "mysql_point_json(v)", scope)
    fallback = {"x": 0.0, "y": 0.0, "wkb": _ORIGIN, "srid": None}
    unavailable = {"x": 0.0, "y": 0.0, "wkb": modes.placeholder, "srid": None}
    return forms(ColumnType(_POINT, codec, fallback, unavailable), codec)


def vector_value(v: str) -> list[float]:
    """Return the numbers of a vector."""
    return list(struct.unpack(f"<{len(v) // 4}f", v.encode("latin-1")))


def vector_json(v: str) -> str:
    """Return the JSON of `vector_value`."""
    return "[" + ",".join([single_json(one) for one in vector_value(v)]) + "]"


def vector(modes: Modes) -> Forms:
    """Return VECTOR."""
    schema = Schema(Type.ARRAY, name=logical.FLOAT_VECTOR, version=1, items=connect.FLOAT32)
    scope = {"mysql_vector": vector_value, "mysql_vector_json": vector_json}
    codec = Codec("mysql_vector(v)", "mysql_vector_json(v)", scope)
    placeholder = [float(octet) for octet in modes.placeholder_octets]
    return forms(ColumnType(schema, codec, [], placeholder), codec)
