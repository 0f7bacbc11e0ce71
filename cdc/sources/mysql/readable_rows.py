"""Events with a value that cannot be read, found while they can still be left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cdc.batch import ChangeBatch, ImageTemplate, column_part
from cdc.sources.mysql.binlog.failures import UnreadableEvent
from cdc.sources.mysql.event_rows import EventRows
from schemas.table import Table


@dataclass(slots=True)
class ReadableRows:
    """Read every value of a batch, and drop the events where that fails; `left_out` is told of each.

    A second look at every row, so it is for those alone who want such events left out.
    """

    left_out: Callable[[UnreadableEvent], None]
    _templates: dict[Table, ImageTemplate] = field(default_factory=dict)

    def __call__(self, batch: ChangeBatch) -> ChangeBatch | None:
        """Return the batch without these events; None when nothing is left."""
        rows, template = batch.rows, self._template(batch.table)
        assert isinstance(rows, EventRows)
        try:
            rows.render(template)
        except UnreadableEvent:
            return self._without(batch, rows, template)
        return batch

    def _without(self, batch: ChangeBatch, rows: EventRows, template: ImageTemplate) -> ChangeBatch | None:
        found: dict[tuple[str, int], UnreadableEvent] = {}
        for segment in rows.segments:
            try:
                EventRows([segment]).render(template)
            except UnreadableEvent as error:
                found.setdefault((segment.file, segment.pos), error)
        for failure in found.values():
            self.left_out(failure)
        # Both halves of an update that changes the key are of one event.
        bad = [(segment.file, segment.pos) in found for segment in rows.segments for _ in range(len(segment))]
        kept = batch.select([row for row, is_bad in enumerate(bad) if not is_bad])
        return kept if len(kept) else None

    def _template(self, table: Table) -> ImageTemplate:
        known = self._templates.get(table)
        if known is None:
            scope: dict[str, object] = {}
            part = column_part(table.columns, scope)
            known = self._templates[table] = ImageTemplate(table, part, None, scope)
        return known
