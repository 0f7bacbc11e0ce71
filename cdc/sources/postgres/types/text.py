"""Character types, and types whose value is their text."""

from __future__ import annotations

from cdc.relational.binary import VIEW_OCTETS, binary, binary_text, octets_codec
from cdc.relational.column_type import ColumnType
from cdc.relational.text_view import PLAIN, TEXT
from cdc.sources.postgres.types.modes import Modes
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.table import Codec


def text(schema: Schema, modes: Modes) -> ColumnType:
    """Return a type whose value is its text."""
    return ColumnType(schema, TEXT, "", modes.placeholder_text)


def semantic_text(name: str, modes: Modes) -> ColumnType:
    """Return text with a semantic name (json, xml, ltree, tsvector)."""
    return text(logical.semantic(Type.STRING, name), modes)


def plain(schema: Schema, modes: Modes) -> ColumnType:
    """Return a type whose text is plain ASCII (uuid, inet, macaddr, built-in ranges of numbers)."""
    return ColumnType(schema, PLAIN, "", modes.placeholder_text)


def character(typmod: int, modes: Modes) -> ColumnType:
    """Return text, varchar(n), char(n) and their kin; typmod counts a header of 4."""
    length = typmod - 4 if typmod >= 4 else None
    return ColumnType(connect.STRING, TEXT, "", modes.placeholder_text, character=True, length=length)


# -- bytea ----------------------------------------------------------------------------------------


def bytea(modes: Modes) -> ColumnType:
    """Return bytea by `binary.handling.mode`; the session has `bytea_output=hex`."""
    if modes.binary == "hex":
        return binary_text(Codec("v[2:]", "f'\"{v[2:]}\"'"), modes)
    return binary("pg_bytes(v[2:])", {"pg_bytes": bytes.fromhex}, modes)


def unknown(modes: Modes) -> ColumnType:
    """Return a type that Debezium does not know: the octets of its text, by `binary.handling.mode`."""
    return binary(VIEW_OCTETS, {}, modes)


# -- bit strings ----------------------------------------------------------------------------------

UNBOUNDED = 2147483647


def bits_value(v: str) -> bytes:
    """Return a bit string as little-endian bytes, as short as java.util.BitSet writes them."""
    number = int(v or "0", 2)
    return number.to_bytes((number.bit_length() + 7) >> 3, "little")


def bits(typmod: int, modes: Modes) -> ColumnType:
    """Return bit(n) and varbit(n); a length of one is a boolean, an empty varbit(1) is false."""
    if typmod == 1:
        return ColumnType(connect.BOOLEAN, Codec("v == '1'", "'true' if v == '1' else 'false'"), False, False)
    codec = octets_codec("pg_bits(v)", {"pg_bits": bits_value})
    schema = logical.bits(typmod if typmod > 0 else UNBOUNDED)
    return ColumnType(schema, codec, b"", modes.placeholder)


def enum(labels: tuple[str, ...], modes: Modes) -> ColumnType:
    """Return an enum; its labels may hold anything, commas included."""
    return ColumnType(logical.enum(labels), TEXT, "", modes.placeholder_text, character=True)
