"""Row images and keys: how columns are spliced into JSON text by generated code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cdc.batch import Cell, ChangeBatch, Part
from cdc.columns import CellColumns, Spliced
from cdc.formats.json.payload import Dumpers
from cdc.formats.json.text import as_jackson, literal, quote, view
from schemas import logical
from schemas.connect import Schema, Type
from schemas.table import Column


def struct_part(
    columns: Sequence[Column], dumpers: Dumpers, scope: dict[str, Any], prefix: str, absent: str | None
) -> Part:
    """Return the part that writes these columns as one JSON object, in the latin-1 view.

    Names enter the generated code as escaped literals only; `prefix` keeps the scope's names of
    two parts apart.
    """
    cells = tuple(_cell(column, dumpers, scope, f"{prefix}{index}") for index, column in enumerate(columns))
    labels = [literal(view(quote(column.name))) for column in columns]

    def build(names: Sequence[str]) -> str:
        members = ",".join(f"{label}:{{{name}}}" for label, name in zip(labels, names, strict=True))
        return f"f'{{{{{members}}}}}'"

    return Part(cells, build, absent)


def row_part(batch: ChangeBatch, dumpers: Dumpers, scope: dict[str, Any]) -> Part:
    """Return the part that writes row images and the extra members of the envelope."""
    table = batch.table
    part = struct_part(table.columns, dumpers, scope, "row", absent="null")
    if batch.schema.row.type is not Type.STRUCT:
        part = replace(part, build=lambda names: names[0])
    extra = tuple(_cell(column, dumpers, scope, f"extra{i}") for i, column in enumerate(table.extra))
    return replace(part, extra=extra)


def frame(columns: Sequence[Column]) -> tuple[bytes, ...]:
    """Return what stands around the cells of `struct_part`."""
    labels = [f"{',' if at else '{'}{quote(column.name)}:" for at, column in enumerate(columns)]
    return tuple(piece.encode() for piece in ([*labels, "}"] if labels else ["{}"]))


def spliced(pieces: tuple[bytes, ...], images: CellColumns) -> Spliced | None:
    """Return the objects that the cells make in their frame; None where one has a line end in it."""
    columns, cells = [], []
    for column in images.columns:
        lines = "\n".join(column)
        if lines.count("\n") != len(images) - 1:
            return None
        written = as_jackson(lines)
        columns.append(written.encode("latin-1"))
        cells.append(column if written is lines else written.split("\n"))
    return Spliced(pieces, columns, len(images), cells)


def _cell(column: Column, dumpers: Dumpers, scope: dict[str, Any], name: str) -> Cell:
    dump = dumpers.of(column.schema)
    scope.update(column.codec.scope)
    if column.codec.json is None or _numeric_decimal(column.schema, dumpers):
        scope[f"dump_{name}"] = lambda value: view(dump(value))
        expression = f"dump_{name}({column.codec.value})"
    else:
        expression = column.codec.json
    null = dumpers.null_text(column.schema)
    return Cell(
        expression=expression,
        null=repr(view(null or "null")),
        unavailable=repr(view(dump(column.unavailable))) if column.unavailable is not None else "'null'",
        fallback=repr(view(dump(column.fallback)))
        if column.fallback is not None
        else repr(view(null or "null")),
    )


def _numeric_decimal(schema: Schema, dumpers: Dumpers) -> bool:
    return dumpers.numeric_decimals and logical.DECIMAL in (schema.name, schema.items and schema.items.name)
