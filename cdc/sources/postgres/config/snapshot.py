"""Options of the snapshot."""

from __future__ import annotations

from cdc import config as options
from cdc.config import Config, Importance
from cdc.sources.postgres.config.lists import patterns

HIGH, LOW = Importance.HIGH, Importance.LOW


def _positive(value: float) -> None:
    if not value > 0:
        raise ValueError("Value must be more than 0")


class SnapshotOptions(Config):
    """When and how tables are read."""

    snapshot_mode = options.choice(
        "snapshot.mode",
        ("initial", "initial_only", "always", "no_data", "when_needed", "configuration_based"),
        "initial",
        old={"never": "no_data", "schema_only": "no_data", "exported": "initial"},
        doc="When to read the tables before streaming.",
        importance=HIGH,
        group="Snapshot",
    )
    snapshot_data = options.boolean(
        "snapshot.mode.configuration.based.snapshot.data",
        False,
        doc="configuration_based: whether to read the tables.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_schema = options.boolean(
        "snapshot.mode.configuration.based.snapshot.schema",
        False,
        doc="configuration_based: whether to read the schema (no effect here).",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_stream = options.boolean(
        "snapshot.mode.configuration.based.start.stream",
        False,
        doc="configuration_based: whether to stream afterwards.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_on_data_error = options.boolean(
        "snapshot.mode.configuration.based.snapshot.on.data.error",
        False,
        doc="configuration_based: whether to read the tables anew when the log position is lost.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_include = patterns(
        "snapshot.include.collection.list",
        "Captured tables to read in the snapshot; all by default.",
        "Snapshot",
    )
    snapshot_overrides = options.names(
        "snapshot.select.statement.overrides",
        doc="Tables whose snapshot has a SELECT statement of its own, "
        "given as `snapshot.select.statement.overrides.<schema>.<table>`.",
        group="Snapshot",
    )
    snapshot_fetch_size = options.integer(
        "snapshot.fetch.size",
        10_240,
        at_least=1,
        doc="Rows to handle at a time; reading itself is bounded in bytes.",
        group="Snapshot",
    )
    snapshot_chunk_mb = options.double(
        "snapshot.chunk.size.mb",
        32.0,
        validate=lambda value: _positive(value),
        doc="Size of the chunks, in MB of table, after which a cut snapshot goes on.",
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
    snapshot_lock_timeout_ms = options.integer(
        "snapshot.lock.timeout.ms",
        10_000,
        at_least=0,
        doc="How long to wait for such a lock, in ms.",
        group="Snapshot",
        importance=LOW,
    )
    snapshot_delay_ms = options.integer(
        "snapshot.delay.ms",
        0,
        at_least=0,
        doc="Wait before the snapshot, in ms.",
        group="Snapshot",
        importance=LOW,
    )

    def select_override(self, table: str) -> str | None:
        """Return the statement that replaces the snapshot's SELECT of `schema.table`."""
        if table in self.snapshot_overrides:
            return self.raw.get(f"snapshot.select.statement.overrides.{table}")
        return None
