"""What a database's type is to the rest of the product."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from threading import Lock
from typing import Any

from schemas.connect import Schema
from schemas.table import Codec

json_string: Callable[[str], str] = encode_basestring
"""Quote a string (`json_string` in the scope of codecs); see `cdc.formats.json.text.escape`."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's schema (never optional), its codec, and what stands for values that are not there.

    `fallback` is written for a NOT NULL column that a key-only old image lacks, `unavailable` for an
    unchanged value that the log does not carry. `character` says that masks apply; `length` is the
    declared length of a character type; `text` is the expression over `v`, with the codec's scope, that
    gives the latin-1 view of a character value's UTF-8. `items` is the type of an array's elements,
    `of` makes the same array of another type of elements.

    A type that comes in two wire forms is two of these, which differ in `codec` and `text`.
    """

    schema: Schema
    codec: Codec
    fallback: Any
    unavailable: Any
    character: bool = False
    length: int | None = None
    text: str = "v"
    items: ColumnType | None = None
    of: Callable[[ColumnType], ColumnType] | None = field(default=None, compare=False)


def function(expression: str, scope: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Compile an expression over `v` to a function; used where one codec calls another."""
    # The expressions are the sources' own; no name or value of the database enters them.
    compiled: Callable[[Any], Any] = eval(f"lambda v: {expression}", dict(scope))  # noqa: S307
    return compiled


_interned: dict[Hashable, tuple[str, Any]] = {}
_lock = Lock()


def interned(kind: str, key: Hashable, make: Callable[[], Any]) -> tuple[str, Any]:
    """Return the one object that `make` gives for this key, and its name in every scope.

    Parametrised functions need names that mean the same object in all codecs: `kind` and a number.
    """
    with _lock:
        known = _interned.get((kind, key))
        if known is None:
            known = _interned[kind, key] = (f"rel_{kind}_{len(_interned)}", make())
        return known
