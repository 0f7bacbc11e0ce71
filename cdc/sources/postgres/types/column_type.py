"""What a PostgreSQL type is to the rest of the product."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
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
    unchanged TOAST value. `character` says that masks apply; `length` is the declared length of a
    character type. `items` is the type of an array's elements, `delimiter` what
    stands between them.
    """

    schema: Schema
    codec: Codec
    fallback: Any
    unavailable: Any
    character: bool = False
    length: int | None = None
    items: ColumnType | None = None
    delimiter: str = ","


def function(expression: str, scope: Mapping[str, Any]) -> Callable[[str], Any]:
    """Compile an expression over `v` to a function; used where one codec calls another."""
    # The expressions are this package's own; no name or value of the database enters them.
    compiled: Callable[[str], Any] = eval(f"lambda v: {expression}", dict(scope))  # noqa: S307
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
            known = _interned[kind, key] = (f"pg_{kind}_{len(_interned)}", make())
        return known
