"""What a statement that is not understood raises."""

from __future__ import annotations

from cdc.errors import CdcError
from schemas.table import TableId

_EXCERPT = 200


class UnparseableDdl(CdcError):
    """A statement that may change tables, and is not understood; the server can be asked instead.

    offset: of what is not understood, in the statement's characters. table: the table that it is about, if so
    much was understood.
    """

    hint = "SHOW CREATE TABLE on the server tells what the statement made"

    def __init__(self, statement: str, offset: int, reason: str, table: TableId | None = None) -> None:
        excerpt = statement if len(statement) <= _EXCERPT else statement[:_EXCERPT] + "…"
        super().__init__(
            f"DDL statement not understood, character {offset}: {reason}; the statement: {excerpt}"
        )
        self.statement, self.offset, self.reason, self.table = statement, offset, reason, table
