"""Change batches out of plain text rows, for tests of what comes behind a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cdc.batch import UNAVAILABLE, ChangeBatch, Images, ImageTemplate, Part, Ref, SourceBlock
from schemas import connect
from schemas.envelope import event_schema
from schemas.table import Codec, Column, Table, TableId

Wire = Sequence[Any] | None
"""The text of each column; None is NULL, UNAVAILABLE stays what it is."""

INTEGER = Codec("int(v)", "v")
TEXT = Codec("v", "quote(v)", {"quote": lambda text: '"' + text.replace('"', '\\"') + '"'})

SOURCE_SCHEMA = connect.struct(
    "test.Source",
    [("name", connect.STRING), ("ts_ms", connect.INT64), ("lsn", connect.INT64), ("seq", connect.STRING)],
)
SOURCE = SourceBlock(SOURCE_SCHEMA, ("shop", Ref(0, 0), Ref(1, 0), ("[", Ref(1, 0), "]")))


def columns(*names: str) -> tuple[Column, ...]:
    """Return an integer column `id` and text columns for the other names."""
    return tuple(
        Column(name, connect.INT32, INTEGER, "int4", fallback=0)
        if name == "id"
        else Column(name, connect.OPTIONAL_STRING, TEXT, "text", unavailable="__gone")
        for name in names
    )


TABLE = Table(TableId("", "public", "t"), columns("id", "name"), columns("id"))
KEYLESS = Table(TableId("", "public", "k"), columns("id", "name"))
SCHEMAS = {table: event_schema(f"shop.{table.id}", table, SOURCE_SCHEMA) for table in (TABLE, KEYLESS)}


@dataclass
class TextRows:
    """Rows as pairs of old and new text; `rendered` has every template that was asked for."""

    table: Table
    rows: Sequence[tuple[Wire, Wire]]
    rendered: list[ImageTemplate] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, indices: Sequence[int]) -> TextRows:
        return TextRows(self.table, [self.rows[i] for i in indices], self.rendered)

    def render(self, template: ImageTemplate) -> Images:
        self.rendered.append(template)
        keys = [[column.name for column in self.table.columns].index(c.name) for c in self.table.key]
        before, after, key = [], [], []
        for old, new in self.rows:
            before.append(self._image(template.row, old, template))
            after.append(self._image(template.row, new, template))
            image = new if new is not None else old
            part = None if image is None else [image[i] for i in keys]
            key.append(self._image(template.key, part, template))
        return Images(before, after, key)

    @staticmethod
    def _image(part: Part | None, wire: Wire, template: ImageTemplate) -> Any:
        if part is None or wire is None:
            return part and part.absent
        scope = dict(template.scope)
        names = [f"c{i}" for i in range(len(wire))]
        for name, cell, v in zip(names, part.cells, wire, strict=True):
            text = cell.null if v is None else cell.unavailable if v is UNAVAILABLE else cell.expression
            scope[name] = eval(text, {**scope, "v": v})  # noqa: S307 - generated code is what we test
        return eval(part.build(names), scope)  # noqa: S307


def changes(
    *rows: tuple[str, Wire, Wire],
    table: Table = TABLE,
    topic: str | None = None,
    ts_ms: int = 5,
    **more: Any,
) -> ChangeBatch:
    """Return a batch of (op, old, new) rows of one transaction."""
    transaction = (ts_ms,)
    return ChangeBatch(
        topic or f"shop.{table.id}",
        table,
        SCHEMAS[table],
        SOURCE,
        [op for op, _, _ in rows],
        TextRows(table, [(old, new) for _, old, new in rows]),
        [transaction] * len(rows),
        [[100 + i for i in range(len(rows))]],
        list(range(len(rows))),
        clock_ns=7_000_000,
        size=10 * len(rows),
        **more,
    )
