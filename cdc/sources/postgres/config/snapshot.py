"""Options of the snapshot."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Importance
from cdc.relational.config.snapshot import SnapshotOptions

LOW = Importance.LOW


class PostgresSnapshot(SnapshotOptions):
    """Isolation and locks, besides what all snapshots have."""

    snapshot_schema = SnapshotOptions.snapshot_schema.documented(
        "configuration_based: whether to read the schema (no effect here)."
    )
    snapshot_overrides = SnapshotOptions.snapshot_overrides.documented(
        "Tables whose snapshot has a SELECT statement of its own, "
        "given as `snapshot.select.statement.overrides.<schema>.<table>`."
    )
    snapshot_max_threads = options.integer(
        "snapshot.max.threads",
        1,
        at_least=1,
        at_most=64,
        doc="Tables that are read at the same time, each in a connection of its own.",
        group="Snapshot",
    )
    snapshot_isolation_mode = options.choice(
        "snapshot.isolation.mode",
        ("serializable", "repeatable_read", "read_committed", "read_uncommitted"),
        "serializable",
        doc="Accepted for compatibility: a snapshot is always exactly consistent.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_locking_mode = options.choice(
        "snapshot.locking.mode",
        ("none", "shared", "custom"),
        "none",
        doc="Whether tables are locked (ACCESS SHARE) while they are read.",
        group="Snapshot",
        importance=LOW,
    )
