"""`gtid.source.includes` and `gtid.source.excludes`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Which sources of GTIDs count: UUIDs of MySQL servers, domains of MariaDB (`0`, or `0-1` with server).

    The patterns match the whole name, in any case.
    """

    includes: Sequence[re.Pattern[str]] = ()
    excludes: Sequence[re.Pattern[str]] = ()

    def __call__(self, source: str) -> bool:
        """Whether GTIDs of the source are wanted."""
        names = (source, source.partition("-")[0]) if source.count("-") == 1 else (source,)

        def listed(patterns: Sequence[re.Pattern[str]]) -> bool:
            return any(pattern.fullmatch(name) for pattern in patterns for name in names)

        return listed(self.includes) if self.includes else not listed(self.excludes)

    def wants(self, gtid: str) -> bool:
        """Whether a single GTID is wanted."""
        return self(gtid.partition(":")[0] if ":" in gtid else gtid.rpartition("-")[0])
