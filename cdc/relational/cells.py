"""What generated readers of rows have in common: which cells a column fills, and the expression of a row."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

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


def row(template: ImageTemplate, table: Table, prefix: str = "r") -> str:
    """Return the expression of a whole row, None where it is not wanted."""
    return _whole(template.row, table.columns, prefix)


def key(template: ImageTemplate, table: Table) -> str:
    """Return the expression of a whole key, None where there is none or it is not wanted."""
    return _whole(template.key, table.key, "k") if table.key else "None"


def _whole(part: Part | None, columns: Sequence[Column], prefix: str) -> str:
    if part is None:
        return "None"
    return part.build([f"{prefix}{index}" for index in range(len(columns))])


def result(template: ImageTemplate, table: Table) -> str:
    """Return the expression of row and key."""
    return f"{row(template, table)}, {key(template, table)}"


def filled(cells: Cells, wire: str) -> list[str]:
    """Return the statements that fill cells from a value in the variable `wire`."""
    lines = []
    seen = {"v": wire}
    for name, cell in cells:
        known = seen.get(cell.expression)
        lines.append(f"{name} = {_of(cell.expression, wire) if known is None else known}")
        seen.setdefault(cell.expression, name)
    return lines


@lru_cache(maxsize=10_000)
def _of(expression: str, wire: str) -> str:
    """Return an expression over `v` as one over another variable."""
    if wire == "v":
        return expression
    tree = ast.parse(expression, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "v":
            node.id = wire
    return ast.unparse(tree)


def null(cells: Cells) -> list[str]:
    """Return the statements for a value that is NULL."""
    return [f"{name} = {cell.null}" for name, cell in cells]


def unavailable(cells: Cells) -> list[str]:
    """Return the statements for a value that is not there."""
    return [f"{name} = {cell.unavailable}" for name, cell in cells]
