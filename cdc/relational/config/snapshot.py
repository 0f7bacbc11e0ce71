"""Options of the snapshot."""

from __future__ import annotations

from cdc import config as options
from cdc.capture.config.snapshot import SnapshotModes
from cdc.config import Importance

LOW = Importance.LOW


class SnapshotOptions(SnapshotModes):
    """When and how tables are read."""

    snapshot_overrides = options.names(
        "snapshot.select.statement.overrides",
        doc="Tables whose snapshot has a SELECT statement of its own, "
        "given as `snapshot.select.statement.overrides.<table>`.",
        group="Snapshot",
    )
    snapshot_fetch_size = options.integer(
        "snapshot.fetch.size",
        10_240,
        at_least=1,
        doc="Rows to handle at a time; reading itself is bounded in bytes.",
        group="Snapshot",
    )
    snapshot_lock_timeout_ms = options.integer(
        "snapshot.lock.timeout.ms",
        10_000,
        at_least=0,
        doc="How long to wait for the lock of a table, in ms.",
        group="Snapshot",
        importance=LOW,
    )

    def select_override(self, table: str) -> str | None:
        """Return the statement that replaces the snapshot's SELECT of a table, by its full name."""
        if table in self.snapshot_overrides:
            return self.raw.get(f"snapshot.select.statement.overrides.{table}")
        return None
