"""Points and geometries: Debezium's structs of WKB as each database takes them."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any

from schemas.connect import Schema
from sinks.jdbc.binding import Binding, Dialect, dump_json
from sinks.jdbc.types import ColumnType


def geometry(schema: Schema, target: ColumnType, dialect: Dialect) -> Binding:
    """Return how Point, Geometry and Geography are written."""
    if dialect.mysql and target.category in ("point", "geometry"):
        return Binding("bytes", _mysql_geometry)
    if dialect.postgres and target.category == "point":
        return Binding("text", lambda value: f"({value['x']!r},{value['y']!r})")
    if dialect.postgres and target.category == "geometry":
        return Binding("text", lambda value: _ewkb_text(_wkb(value), value.get("srid")))
    if target.category in ("text", "other"):
        return Binding("text", dump_json)
    return Binding("bytes", _wkb)


def _wkb(value: Mapping[str, Any]) -> bytes:
    raw = value["wkb"]
    return raw if isinstance(raw, bytes) else binascii.a2b_base64(raw)


def _ewkb_text(wkb: bytes, srid: int | None) -> str:
    return (f"SRID={srid};" if srid else "") + wkb.hex()


def _mysql_geometry(value: Mapping[str, Any]) -> bytes:
    # MySQL's own format: the SRID in four bytes, then plain WKB.
    return int(value.get("srid") or 0).to_bytes(4, "little") + _wkb(value)
