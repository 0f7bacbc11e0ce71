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
    leads to a new snapshot instead of an error. Sources that keep a history of the schemas have two more:
    schema: when the tables' definitions are taken from the server; without data the log position stays.
    relearn: whether a lost history is made anew from the definitions as they are.
    """

    name: str
    data: When
    stream: bool = True
    renew: bool = False
    schema: When = When.UNLESS_DONE
    relearn: bool = False

    def takes_data(self, *, finished: bool) -> bool:
        """Whether tables are read now; `finished`: an offset says that they were."""
        return _now(self.data, finished)

    def takes_schema(self, *, finished: bool) -> bool:
        """Tell whether definitions are read now."""
        return _now(self.schema, finished)


def _now(when: When, finished: bool) -> bool:
    return when is When.ALWAYS or (when is When.UNLESS_DONE and not finished)


MODES = {
    mode.name: mode
    for mode in (
        SnapshotMode("initial", When.UNLESS_DONE),
        SnapshotMode("initial_only", When.UNLESS_DONE, stream=False),
        SnapshotMode("always", When.ALWAYS, schema=When.ALWAYS),
        SnapshotMode("no_data", When.NEVER),
        SnapshotMode("when_needed", When.UNLESS_DONE, renew=True),
    )
}


def configured(
    *, data: bool, stream: bool, on_data_error: bool, schema: bool = True, on_schema_error: bool = False
) -> SnapshotMode:
    """Return the mode that `configuration_based` and its switches describe."""
    wanted = {True: When.UNLESS_DONE, False: When.NEVER}
    return SnapshotMode(
        "configuration_based", wanted[data], stream, on_data_error, wanted[schema], on_schema_error
    )
