"""Include and exclude lists."""

from __future__ import annotations

import re

from cdc.config import Importance, Kind, Option
from cdc.filters import parse_patterns

Patterns = tuple[re.Pattern[str], ...]


def patterns(name: str, doc: str, group: str = "Filters") -> Option[Patterns]:
    """Declare an include or exclude list of anchored, case-insensitive Java regular expressions."""
    return Option(name, Kind.LIST, parse_patterns, (), doc=doc, group=group, importance=Importance.HIGH)
