"""Snapshot modes: what happens at a start, as a table (Debezium's `io.debezium.snapshot.mode.*`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class When(Enum):
    """When a snapshot takes data."""

    NEVER = "never"
    UNLESS_DONE = "unless done"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class SnapshotMode:
    """One row of the table.

    data: when tables are read. stream: whether changes follow. renew: whether a lost log position
    leads to a new snapshot instead of an error.
    """

    name: str
    data: When
    stream: bool = True
    renew: bool = False

    def takes_data(self, *, finished: bool) -> bool:
        """Whether tables are read now; `finished`: an offset says that they were."""
        return self.data is When.ALWAYS or (self.data is When.UNLESS_DONE and not finished)


MODES = {
    mode.name: mode
    for mode in (
        SnapshotMode("initial", When.UNLESS_DONE),
        SnapshotMode("initial_only", When.UNLESS_DONE, stream=False),
        SnapshotMode("always", When.ALWAYS),
        SnapshotMode("no_data", When.NEVER),
        SnapshotMode("when_needed", When.UNLESS_DONE, renew=True),
    )
}


def configured(*, data: bool, stream: bool, on_data_error: bool) -> SnapshotMode:
    """Return the mode that `configuration_based` and its switches describe."""
    when = When.UNLESS_DONE if data else When.NEVER
    return SnapshotMode("configuration_based", when, stream=stream, renew=on_data_error)
