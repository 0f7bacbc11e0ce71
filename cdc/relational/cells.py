"""What generated readers of rows have in common: which cells a column fills, and the expression of a row."""

from __future__ import annotations

from collections.abc import Sequence

from cdc.batch import Cell, ImageTemplate, Part
from schemas.table import Column, Table

Cells = list[tuple[str, Cell]]
"""The variables that a column fills, in the row and in the key, with their cells."""


def cells_of(template: ImageTemplate, table: Table, field: str | None) -> Cells:
    """Return the cells of a column of the wire; none where it is not captured."""
    found = []
    for part, columns, prefix in ((template.row, table.columns, "r"), (template.key, table.key, "k")):
        if part is not None:
            for index, column in enumerate(columns):
                if column.name == field:
                    found.append((f"{prefix}{index}", part.cells[index]))
    return found


def build(part: Part | None, columns: Sequence[Column], prefix: str) -> str:
    """Return the expression of a whole row (prefix `r`) or key (`k`)."""
    if part is None or (not columns and prefix == "k"):
        return "None"
    return part.build([f"{prefix}{index}" for index in range(len(columns))])


def result(template: ImageTemplate, table: Table) -> str:
    """Return the expression of row and key."""
    return f"{build(template.row, table.columns, 'r')}, {build(template.key, table.key, 'k')}"


def filled(cells: Cells, wire: str) -> list[str]:
    """Return the statements that fill cells from a value in the variable `wire`."""
    lines = []
    seen = {"v": wire}
    if wire != "v" and any(cell.expression != "v" for _, cell in cells):
        lines.append(f"v = {wire}")
    for name, cell in cells:
        lines.append(f"{name} = {seen.get(cell.expression, cell.expression)}")
        seen[cell.expression] = name
    return lines


def null(cells: Cells) -> list[str]:
    """Return the statements for a value that is NULL."""
    return [f"{name} = {cell.null}" for name, cell in cells]


def unavailable(cells: Cells) -> list[str]:
    """Return the statements for a value that is not there."""
    return [f"{name} = {cell.unavailable}" for name, cell in cells]
