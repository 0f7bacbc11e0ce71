"""Options of the snapshot."""

from __future__ import annotations

from cdc import config as options
from cdc.capture.config.snapshot import snapshot_modes
from cdc.config import Importance, Option
from cdc.relational.config.snapshot import SnapshotOptions
from snapshot.modes import SnapshotMode, When, configured

LOW = Importance.LOW

_OWN_MODES = {
    mode.name: mode
    for mode in (
        SnapshotMode("recovery", When.NEVER, schema=When.ALWAYS),
        SnapshotMode("never", When.NEVER, schema=When.NEVER),
    )
}
"""`recovery` goes on at the stored offset; `never` reads the log from its beginning."""


def locking_modes(*more: str) -> Option[str]:
    """Declare `snapshot.locking.mode` with the words of both products and those that one has besides."""
    return options.choice(
        "snapshot.locking.mode",
        ("minimal", "extended", "none", *more),
        "minimal",
        doc="What is locked for the moment in which the snapshot finds its place in the log (`extended`: "
        "until the last row is read). Where the server grants no lock, or `none` is asked for, rows that "
        "change in that moment come from the log.",
        group="Snapshot",
    )


class BinlogSnapshot(SnapshotOptions):
    """Locks, order and statements, besides what all snapshots have."""

    snapshot_locking_mode: Option[str]
    snapshot_mode = snapshot_modes(
        "recovery",
        "never",
        old={"schema_only": "no_data", "schema_only_recovery": "recovery", "exported": "initial"},
    )
    snapshot_overrides = SnapshotOptions.snapshot_overrides.documented(
        "Tables whose snapshot has a SELECT statement of its own, "
        "given as `snapshot.select.statement.overrides.<database>.<table>`."
    )
    snapshot_on_schema_error = options.boolean(
        "snapshot.mode.configuration.based.snapshot.on.schema.error",
        False,
        doc="configuration_based: whether to take the schemas as they are now when their history is lost.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_max_threads = options.integer(
        "snapshot.max.threads",
        1,
        at_least=1,
        at_most=64,
        doc="Tables that are read at the same time, each in a connection of its own. That all of them show "
        "the same moment takes a lock (`snapshot.locking.mode`), on MariaDB too; without one, tables are "
        "read one after the other.",
        group="Snapshot",
    )
    snapshot_row_count_order = options.choice(
        "snapshot.tables.order.by.row.count",
        ("disabled", "ascending", "descending"),
        "disabled",
        doc="Whether small tables are read first, or large ones; else it goes by name.",
        group="Snapshot",
    )
    min_row_count_to_stream = options.integer(
        "min.row.count.to.stream.results",
        1000,
        at_least=0,
        doc="Accepted for compatibility: results are always read as a stream.",
        group="Snapshot",
        importance=LOW,
    )

    def planned_mode(self) -> SnapshotMode:
        """Return the row of the table of modes that the options ask for."""
        if self.snapshot_mode == "configuration_based":
            return configured(
                data=self.snapshot_data,
                schema=self.snapshot_schema,
                stream=self.snapshot_stream,
                on_data_error=self.snapshot_on_data_error,
                on_schema_error=self.snapshot_on_schema_error,
            )
        return _OWN_MODES.get(self.snapshot_mode) or super().planned_mode()


class MySqlSnapshot(BinlogSnapshot):
    """MySQL's, with the locks of Percona Server."""

    snapshot_locking_mode = locking_modes("minimal_percona", "minimal_percona_no_table_locks")


class MariaDbSnapshot(BinlogSnapshot):
    """MariaDB's."""

    snapshot_locking_mode = locking_modes()
