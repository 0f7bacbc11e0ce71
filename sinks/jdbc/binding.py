"""What binding a column results in."""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Binding:
    """The form of a column's values, and how one (never None) becomes that; None: as it is."""

    form: str
    convert: Convert | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between databases when values are bound; `zone` is that of zoneless columns."""

    name: str
    zone: str = "UTC"

    @property
    def postgres(self) -> bool:
        """Whether this is PostgreSQL."""
        return self.name == "postgresql"

    @property
    def mysql(self) -> bool:
        """Whether this is MySQL or MariaDB."""
        return self.name in ("mysql", "mariadb")


def dump_json(value: Any) -> str:
    """Return a value as JSON text; bytes as base64, decimals exact, text unchanged."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_fallback)


def _json_fallback(value: Any) -> Any:
    if isinstance(value, bytes):
        return binascii.b2a_base64(value, newline=False).decode()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
