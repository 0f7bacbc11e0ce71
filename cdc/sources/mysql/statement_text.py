"""The text of a statement, and of its part for one table, as Debezium's parser gives it back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cdc.sources.mysql.catalog import qualified
from schemas.ddl import Dialect
from schemas.ddl.lexer import places, tokens
from schemas.ddl.statements import DropTables, RenameTables, Statement
from schemas.definition import TableChange


@dataclass
class StatementText:
    """One text of the log, without the comments around it."""

    sql: str
    dialect: Dialect

    @cached_property
    def _tokens(self) -> list[tuple[int, str]]:
        found = list(zip(places(self.sql, self.dialect), tokens(self.sql, self.dialect), strict=True))
        while found and found[-1][1] == ";":
            found.pop()
        return found

    @cached_property
    def whole(self) -> str:
        """The text from its first token to its last one."""
        return self._between(0, len(self._tokens))

    def part(self, statement: Statement, number: int, change: TableChange) -> str:
        """Return the part for one of a statement's tables; `number`: which of its changes it is."""
        if isinstance(statement, DropTables):
            words = [word.upper() for _, word in self._tokens[self._verb : self._verb + 4]]
            exists = " IF EXISTS" if "IF" in words else ""
            return f"DROP TABLE{exists} {qualified(change.id)}"
        if isinstance(statement, RenameTables) and len(statement.pairs) > 1:
            return self._clause(number)
        return self.whole

    def _clause(self, number: int) -> str:
        """Return the verb with one of the clauses between commas."""
        verb = self._verb
        commas = [at for at, (_, word) in enumerate(self._tokens) if word == "," and at > verb]
        borders = [verb + 1, *commas, len(self._tokens)]
        start, stop = borders[number] + 1, borders[number + 1]
        return f"{self._between(verb, verb + 2)} {self._between(start, stop)}"

    @cached_property
    def _verb(self) -> int:
        """The token that the statement itself begins with, behind MariaDB's SET STATEMENT … FOR."""
        words = [word.upper() for _, word in self._tokens]
        return words.index("FOR") + 1 if words[:2] == ["SET", "STATEMENT"] and "FOR" in words else 0

    def _between(self, start: int, stop: int) -> str:
        chosen = self._tokens[start:stop]
        return self.sql[chosen[0][0] : chosen[-1][0] + len(chosen[-1][1])] if chosen else self.sql
