"""When has a sink read everything? Asked once the sources beside it are finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cdc.filters import java_regex
from cdc.plugin import Log, LogReader


@dataclass(slots=True)
class Drained:
    """Tell whether nothing is left to read, and nothing more will come.

    draining: whether the sources are finished. alone: whether the task reads all partitions.
    """

    log: Log
    topics: Sequence[str]
    pattern: str | None
    draining: Callable[[], bool]
    alone: bool = True

    def __call__(self, reader: LogReader) -> bool:
        """Look at the reader's lag, and whether it has found every topic there is."""
        if not self.draining():
            return False
        lag = reader.lag()
        if any(lag.values()):
            return False
        return not self.alone or self._wanted() <= {topic for topic, _ in lag}

    def _wanted(self) -> set[str]:
        regex = java_regex(self.pattern) if self.pattern else None
        return {
            topic.name
            for topic in self.log.topics()
            if topic.records and (topic.name in self.topics or (regex and regex.fullmatch(topic.name)))
        }
