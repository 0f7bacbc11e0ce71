"""Generated readers, shared by tables that are laid out alike: compiling one costs as much as many rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from cdc.batch import ImageTemplate
from cdc.relational import cells
from schemas.table import Table

Read = Callable[..., Any]

_MOST = 4_000

_identities: dict[Hashable, object] = {}
_readers: dict[Hashable, Read] = {}


def identity(parts: Hashable) -> object:
    """Return the one object that stands for all equal parts; it is cheap to look up by."""
    return _identities.setdefault(parts, object())


def plan(template: ImageTemplate, table: Table) -> object:
    """Return what stands for all templates that make the same of columns with the same names.

    Functions in the scope are the same if they are one object: the readers keep them alive.
    """
    row, key = template.row, template.key
    parts = ((row.cells, row.absent) if row else None, key.cells if key else None)
    names = tuple(column.name for column in table.columns), tuple(column.name for column in table.key)
    scope = frozenset((name, id(value)) for name, value in template.scope.items())
    return identity((parts, names, cells.result(template, table), scope))


def shared(key: Hashable, make: Callable[[], Read]) -> Read:
    """Return the reader of a key, made once."""
    found = _readers.get(key)
    if found is None:
        if len(_readers) >= _MOST:
            _readers.clear()
            _identities.clear()
        found = _readers[key] = make()
    return found
