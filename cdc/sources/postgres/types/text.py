"""Character types, and types whose value is their text."""

from __future__ import annotations

from typing import Any

from cdc.sources.postgres.types.column_type import ColumnType, interned, json_string
from cdc.sources.postgres.types.modes import Modes
from cdc.sources.postgres.types.numbers import base64_json
from schemas import connect, logical
from schemas.connect import Schema, Type
from schemas.table import Codec

TEXT = Codec(
    "v if v.isascii() else v.encode('latin-1').decode()", "json_string(v)", {"json_string": json_string}
)
"""Any text: the wire form is the latin-1 view of UTF-8."""

PLAIN = Codec("v", "f'\"{v}\"'")
"""ASCII text that JSON has nothing to escape in."""


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
    if modes.binary == "bytes":
        scope: dict[str, Any] = {"pg_bytes": bytes.fromhex, "pg_base64": base64_json}
        codec = Codec("pg_bytes(v[2:])", "pg_base64(pg_bytes(v[2:]))", scope)
        return ColumnType(connect.BYTES, codec, b"", modes.placeholder)
    if modes.binary == "hex":
        codec = Codec("v[2:]", "f'\"{v[2:]}\"'")
    else:
        name, encode = interned("binary", modes.binary, lambda: modes.binary_text)
        scope = {"pg_bytes": bytes.fromhex, name: encode}
        codec = Codec(f"{name}(pg_bytes(v[2:]))", f"f'\"{{{name}(pg_bytes(v[2:]))}}\"'", scope)
    return ColumnType(connect.STRING, codec, "", modes.placeholder_text)


def unknown(modes: Modes) -> ColumnType:
    """Return a type that Debezium does not know: the octets of its text, by `binary.handling.mode`."""
    if modes.binary == "bytes":
        scope: dict[str, Any] = {"pg_base64": base64_json}
        codec = Codec("v.encode('latin-1')", "pg_base64(v.encode('latin-1'))", scope)
        return ColumnType(connect.BYTES, codec, b"", modes.placeholder)
    name, encode = interned("binary", modes.binary, lambda: modes.binary_text)
    codec = Codec(f"{name}(v.encode('latin-1'))", f'f\'"{{{name}(v.encode("latin-1"))}}"\'', {name: encode})
    return ColumnType(connect.STRING, codec, "", modes.placeholder_text)


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
    scope = {"pg_bits": bits_value, "pg_base64": base64_json}
    codec = Codec("pg_bits(v)", "pg_base64(pg_bits(v))", scope)
    schema = logical.bits(typmod if typmod > 0 else UNBOUNDED)
    return ColumnType(schema, codec, b"", modes.placeholder)


def enum(labels: tuple[str, ...], modes: Modes) -> ColumnType:
    """Return an enum; its labels may hold anything, commas included."""
    return ColumnType(logical.enum(labels), TEXT, "", modes.placeholder_text, character=True)
