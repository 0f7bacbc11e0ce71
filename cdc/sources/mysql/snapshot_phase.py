"""The snapshot phase of a run: windows with the connector's own offset, up to that of the stream's start."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdc.batch import Window
from cdc.capture.stream_metrics import StreamMetrics
from cdc.sources.mysql.captured import CapturedTables, SnapshotTable
from cdc.sources.mysql.config import BinlogConfig
from cdc.sources.mysql.connection import translated
from cdc.sources.mysql.positions import Position
from cdc.sources.mysql.snapshot_view import SnapshotView
from schemas.definition import TableDefinition
from schemas.table import TableId
from snapshot.progress import SnapshotProgress

log = logging.getLogger(__name__)

INITIAL = "INITIAL"
"""What the offset says of a snapshot that is not finished."""


@dataclass(slots=True)
class SnapshotPhase:
    """Read the windows of a snapshot; `position` is where the stream starts behind it."""

    windows: Iterator[Window]
    config: BinlogConfig
    position: Position
    partition: Mapping[str, Any]
    progress: SnapshotProgress
    metrics: StreamMetrics
    passed: Callable[[Position], bool]

    def read(self) -> Window | None:
        """Return the next window; None behind the last one."""
        with translated(self.config):
            window = next(self.windows, None)
        if window is None:
            return None
        window.offsets = [(self.partition, self.position.offset()), *window.offsets]
        return window

    def end(self, *, streams: bool) -> Window:
        """Return what says that the snapshot is finished."""
        self.position.snapshot = None
        self.metrics.snapshot_finished()
        offsets: list[tuple[Any, Any]] = [(self.partition, self.position.offset())]
        if not streams or self.passed(self.position):
            offsets += self.progress.forget()
        log.info("Snapshot finished")
        return Window(offsets=offsets)

    def close(self) -> None:
        """Give up the view."""
        self.windows.close()  # type: ignore[attr-defined]


def tables_to_read(
    view: SnapshotView,
    config: BinlogConfig,
    captured: CapturedTables,
    definition: Callable[[TableId, str], TableDefinition | None],
) -> Sequence[SnapshotTable]:
    """Return the captured tables of a view, in the order in which they are read.

    definition: of a table's SHOW CREATE TABLE; None where it is not understood.
    """
    found = []
    for table, sql in view.schema.statements.items():
        if captured.wants(table) and _included(config, table):
            made = definition(table, sql)
            if made is not None:
                found.append(captured.snapshot_table(made))
    if config.snapshot_row_count_order != "disabled":
        descending = config.snapshot_row_count_order == "descending"
        found.sort(key=lambda table: view.estimates.get(table.id, 0), reverse=descending)
    return found


def _included(config: BinlogConfig, table: TableId) -> bool:
    included = config.snapshot_include
    return not included or any(pattern.fullmatch(str(table)) for pattern in included)
