"""Column mappers: masks, hashes and truncation wrap a column's type; source types go into parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from cdc.relational.binary import octets_codec
from cdc.relational.column_type import ColumnType, interned, json_string
from cdc.relational.config import Patterns
from cdc.relational.config.types import TypeOptions
from cdc.relational.text_view import octets, view
from schemas.connect import Type
from schemas.table import Codec

_SERIALIZED_STRING = bytes.fromhex("aced000574")
_SERIALIZED_LONG_STRING = bytes.fromhex("aced00057c")


class Mask(Protocol):
    """Change what a column's values look like; keys are not masked."""

    def covers(self, column_type: ColumnType) -> bool:
        """Whether the values of this type change (others pass as they are, as in Debezium)."""
        ...

    def apply(self, column_type: ColumnType) -> ColumnType:
        """Return the type under the mask, its schema marked."""
        ...


def masks(config: TypeOptions) -> list[tuple[Patterns, Mask]]:
    """Return the column mappers of a config with the columns that they are for."""
    found: list[tuple[Patterns, Mask]] = []
    for length, columns in config.column_mask.items():
        found.append((columns, Stars(int(length))))
    for length, columns in config.column_truncate.items():
        found.append((columns, Truncate(int(length))))
    for name, columns in config.column_hash.items():
        version, algorithm, salt = name.split(" ", 2)
        found.append((columns, Hash(algorithm, salt, 2 if version == "hash.v2" else 1)))
    return found


@dataclass(frozen=True, slots=True)
class Stars:
    """`column.mask.with.N.chars`: N asterisks; NULL stays NULL."""

    length: int

    def covers(self, column_type: ColumnType) -> bool:
        """Cover character types and enums, and arrays of them."""
        return column_type.character

    def apply(self, column_type: ColumnType) -> ColumnType:
        """Return the type under the mask."""
        stars = "*" * self.length
        return _masked(self, column_type, lambda item: Codec(repr(stars), repr(f'"{stars}"')))


@dataclass(frozen=True, slots=True)
class Hash:
    """`column.mask.hash[.v2].ALGORITHM.with.salt.SALT`: a hex digest, cut to the column's length.

    Version 1 hashes what java.io.ObjectOutputStream writes of the string, version 2 its octets.
    Raises ValueError for an algorithm that there is not.
    """

    algorithm: str
    salt: str
    version: int = 2

    def __post_init__(self) -> None:
        hashlib.new(self._name)

    @property
    def _name(self) -> str:
        """The algorithm as hashlib calls it: Java's are SHA-256, MD5, SHA3-256, SHA-512/256."""
        name = self.algorithm.lower().replace("/", "_")
        return name.replace("sha-", "sha").replace("sha3-", "sha3_") if name.startswith("sha") else name

    def covers(self, column_type: ColumnType) -> bool:
        """Cover character types and enums, and arrays of them."""
        return column_type.character

    def apply(self, column_type: ColumnType) -> ColumnType:
        """Return the type under the mask."""

        def codec(item: ColumnType) -> Codec:
            name, digest = interned("hash", (self, item.length), lambda: self._digest(item.length))
            digested = f"{name}({item.text})"
            return Codec(digested, f"'\"' + {digested} + '\"'", {**item.codec.scope, name: digest})

        return _masked(self, column_type, codec)

    def _digest(self, length: int | None) -> Callable[[str], str]:
        salted = hashlib.new(self._name, self.salt.encode())
        hashed = _serialized if self.version == 1 else octets

        def digest(v: str) -> str:
            state = salted.copy()
            state.update(hashed(v))
            return state.hexdigest()[:length]

        return digest


@dataclass(frozen=True, slots=True)
class Truncate:
    """`column.truncate.to.N.chars`: N UTF-16 units as in Java, but never half a character."""

    length: int

    def covers(self, column_type: ColumnType) -> bool:
        """Cover whatever is text or octets, and arrays of it."""
        item = column_type.items or column_type
        return item.schema.type is Type.STRING or (item.schema.type is Type.BYTES and not item.schema.name)

    def apply(self, column_type: ColumnType) -> ColumnType:
        """Return the type under the mask."""
        marked = column_type.schema.with_parameters({"truncateLength": str(self.length)})
        if self.covers(column_type):
            column_type = _wrapped(column_type, self._codec)
        return replace(column_type, schema=marked)

    def _codec(self, item: ColumnType) -> Codec:
        if item.schema.type is Type.BYTES:
            return octets_codec(f"({item.codec.value})[:{self.length}]", item.codec.scope)
        name, cut = interned("truncate", self.length, lambda: _cutter(self.length))
        scope = {**item.codec.scope, name: cut, "rel_view": view, "json_string": json_string}
        value = f"{name}({item.codec.value})"
        return Codec(value, f"json_string(rel_view({value}))", scope)


def _masked(mask: Mask, column_type: ColumnType, codec: Callable[[ColumnType], Codec]) -> ColumnType:
    marked = column_type.schema.with_parameters({"masked": "true"})
    if mask.covers(column_type):
        column_type = _wrapped(column_type, codec)
    return replace(column_type, schema=marked)


def _wrapped(column_type: ColumnType, codec: Callable[[ColumnType], Codec]) -> ColumnType:
    """Replace the codec, in an array that of its elements (Debezium leaves arrays unmasked)."""
    item, of = column_type.items, column_type.of
    if item is None or of is None:
        return replace(column_type, codec=codec(column_type))
    return of(replace(item, codec=codec(item)))


def _serialized(v: str) -> bytes:
    """Return what ObjectOutputStream writes of a string: modified UTF-8 behind a header."""
    data = octets(v)
    if not v.isascii():
        text = data.decode()
        units = text.encode("utf-16-be")
        pairs = (units[at : at + 2].decode("utf-16-be", "surrogatepass") for at in range(0, len(units), 2))
        data = "".join(pairs).encode("utf-8", "surrogatepass")
    if len(data) < 2**16:
        return _SERIALIZED_STRING + len(data).to_bytes(2, "big") + data
    return _SERIALIZED_LONG_STRING + len(data).to_bytes(8, "big") + data


def _cutter(length: int) -> Callable[[str], str]:
    def cut(text: str) -> str:
        if len(text) * 2 <= length or text.isascii():
            return text[:length]
        return text.encode("utf-16-le")[: length * 2].decode("utf-16-le", "ignore")

    return cut
