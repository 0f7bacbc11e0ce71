"""Options of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping

from cdc import config as options
from cdc.capture.config.lists import patterns
from cdc.config import Config, Importance, Option
from snapshot.modes import MODES, SnapshotMode, configured

HIGH, LOW = Importance.HIGH, Importance.LOW


def _positive(value: float) -> None:
    if not value > 0:
        raise ValueError("Value must be more than 0")


def snapshot_modes(*more: str, old: Mapping[str, str]) -> Option[str]:
    """Declare `snapshot.mode` with the words of all sources and those that a source has besides."""
    return options.choice(
        "snapshot.mode",
        (*MODES, "configuration_based", *more),
        "initial",
        old=old,
        doc="When to read what is there before streaming.",
        importance=HIGH,
        group="Snapshot",
    )


class SnapshotModes(Config):
    """Whether and when what is there is read, and in what pieces."""

    snapshot_mode = snapshot_modes(old={"never": "no_data", "schema_only": "no_data", "exported": "initial"})
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
        doc="configuration_based: whether to read the schema.",
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
    snapshot_chunk_mb = options.double(
        "snapshot.chunk.size.mb",
        32.0,
        validate=lambda value: _positive(value),
        doc="Size of the chunks, in MB of table, after which a cut snapshot goes on.",
        group="Snapshot",
    )
    snapshot_delay_ms = options.integer(
        "snapshot.delay.ms",
        0,
        at_least=0,
        doc="Wait before the snapshot, in ms.",
        group="Snapshot",
        importance=LOW,
    )

    def planned_mode(self) -> SnapshotMode:
        """Return the row of the table of modes that the options ask for."""
        if self.snapshot_mode != "configuration_based":
            return MODES[self.snapshot_mode]
        return configured(
            data=self.snapshot_data,
            stream=self.snapshot_stream,
            on_data_error=self.snapshot_on_data_error,
        )
