"""Relation messages of pgoutput: a table as it was when the changes that follow were made."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_int16 = struct.Struct(">H").unpack_from
_int32 = struct.Struct(">I").unpack_from
_type = struct.Struct(">Ii").unpack_from


@dataclass(frozen=True, slots=True)
class RelationColumn:
    """One column of a Relation message."""

    name: str
    type_oid: int
    type_modifier: int
    in_identity: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A Relation message: a table as it was when the changes that follow were made.

    identity: pg_class.relreplident (d default, n nothing, f full, i index).
    """

    oid: int
    schema: str
    table: str
    identity: str
    columns: tuple[RelationColumn, ...]


def parse_relation(body: bytes) -> Relation:
    """Parse the body of a Relation message."""
    oid = _int32(body, 0)[0]
    schema_end = body.index(0, 4)
    table_end = body.index(0, schema_end + 1)
    identity = chr(body[table_end + 1])
    count = _int16(body, table_end + 2)[0]
    at, columns = table_end + 4, []
    for _ in range(count):
        name_end = body.index(0, at + 1)
        type_oid, modifier = _type(body, name_end + 1)
        columns.append(
            RelationColumn(body[at + 1 : name_end].decode(), type_oid, modifier, bool(body[at] & 1))
        )
        at = name_end + 9
    schema = body[4:schema_end].decode() or "pg_catalog"
    table = body[schema_end + 1 : table_end].decode()
    return Relation(oid, schema, table, identity, tuple(columns))
