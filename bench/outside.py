"""A transform from an outside package: it asks for every value of every column and changes nothing.

What reads values costs a pass over the rows; this is what that pass costs at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from cdc.batch import Batch, ChangeBatch, ImageTemplate, column_part
from cdc.plugin import ENTRY_POINT_GROUP, Transform, register
from schemas.table import Table
from tests.servers.process import scratch

NAME = "look-at-columns"


@register("transform", NAME)
class LookAtColumns(Transform):
    """Ask for the values, before and after, column by column."""

    def apply(self, batch: Batch) -> Iterable[Batch]:
        """Return the batch as it is."""
        if isinstance(batch, ChangeBatch):
            self._columns(batch)
        return (batch,)

    def _columns(self, batch: ChangeBatch) -> list[list[tuple[Any, ...]]]:
        images = batch.rows.render(self._template(batch.table))
        return [list(zip(*filter(None, side), strict=True)) for side in (images.before, images.after)]

    def _template(self, table: Table) -> ImageTemplate:
        templates: dict[Table, ImageTemplate] = self.__dict__.setdefault("_templates", {})
        if table not in templates:
            scope: dict[str, Any] = {}
            templates[table] = ImageTemplate(table, column_part(table.columns, scope), None, scope)
        return templates[table]


@contextmanager
def installed() -> Iterator[dict[str, str]]:
    """Install this module as a package with an entry point; give the environment that sees it."""
    folder = scratch("bench-plugin")
    info = folder / "bench_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\nlook = bench.outside\n")
    yield {"PYTHONPATH": str(folder)}
