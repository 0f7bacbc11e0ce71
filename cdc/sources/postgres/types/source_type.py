"""What `column.propagate.source.type` says of a column, as Debezium has it from the JDBC driver."""

from __future__ import annotations

from cdc.relational.columns import SourceType
from cdc.sources.postgres.types.catalog import TypeInfo
from cdc.sources.postgres.types.numbers import precision_and_scale

_UNBOUNDED = 2147483647
_FIXED = {
    "bool": (1, 0),
    "char": (1, 0),
    "date": (13, 0),
    "float4": (8, 8),
    "float8": (17, 17),
    "int2": (5, 0),
    "int4": (10, 0),
    "int8": (19, 0),
    "oid": (10, 0),
}
_SERIALS = {"int2": "smallserial", "int4": "serial", "int8": "bigserial"}
_CLOCKS = {"time": 8, "timetz": 14, "timestamp": 22, "timestamptz": 28}


def source_type(info: TypeInfo, typmod: int, *, default: str | None = None) -> SourceType:
    """Return type, length and scale of a column's source; `default` is its expression (pg_get_expr)."""
    return SourceType(datatype_name(info, default), *_extent(info, typmod))


def datatype_name(info: TypeInfo, default: str | None = None) -> str:
    """Return the type's name, which `datatype.propagate.source.type` matches behind the table's.

    What the session's search_path does not find is qualified and quoted; an integer from a sequence
    is a serial.
    """
    if not info.visible:
        return f'"{info.namespace}"."{info.name}"'
    if info.builtin and default is not None and "nextval(" in default:
        return _SERIALS.get(info.name, info.name)
    return info.name


def _extent(info: TypeInfo, typmod: int) -> tuple[int, int | None]:
    root, typmod = info.root(typmod)
    if root.element is not None:
        root, typmod = root.element.root(typmod)
    name = root.name if root.builtin else ""
    if name == "numeric":
        return precision_and_scale(typmod) if typmod >= 0 else (0, None)
    if name in _CLOCKS:
        scale = 6 if typmod < 0 else typmod
        return _CLOCKS[name] + (scale + 1 if scale else 0), scale
    if name == "interval":
        digits = typmod & 0xFFFF
        return 49, 6 if typmod < 0 or digits == 0xFFFF else digits
    if name in ("bpchar", "varchar") and typmod >= 4:
        return typmod - 4, 0
    if name in ("bit", "varbit") and typmod > 0:
        return typmod, 0
    return _FIXED.get(name, (_UNBOUNDED, 0))
