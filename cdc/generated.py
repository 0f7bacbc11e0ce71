"""Functions that are generated: the code is text, what it needs comes by name in its scope.

What enters the text of the code is made of indices and of escaped literals only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import CodeType
from typing import Any


def defined(code: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the code defines, by name, with `scope` for its globals.

    The same code for another scope is not compiled again: that would cost as much as thousands of rows,
    and tables that are alike differ in their names alone.
    """
    namespace = dict(scope)
    exec(_compiled(code), namespace)  # noqa: S102 - see above
    return namespace


@lru_cache(maxsize=1000)
def _compiled(code: str) -> CodeType:
    return compile(code, "<generated>", "exec")
