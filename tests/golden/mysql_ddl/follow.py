"""Our side: a schema that follows the statements of a script."""

from schemas.ddl import Dialect, Schema, Session, UnknownTable, parse
from schemas.ddl.lexer import ANSI_QUOTES, NO_BACKSLASH_ESCAPES, ORACLE, REAL_AS_FLOAT
from schemas.ddl.statements import UseDatabase
from schemas.definition import TableChange
from tests.golden.mysql_ddl.corpus import DATABASE, SERVER_CHARSETS, Statement

_MODES = {
    "ansi_quotes": ANSI_QUOTES,
    "no_backslash_escapes": NO_BACKSLASH_ESCAPES,
    "oracle": ORACLE,
    "real_as_float": REAL_AS_FLOAT,
}
_VERSIONS = {"mysql": 80031, "mariadb": 101106}


def dialect(product: str, modes: frozenset[str] = frozenset()) -> Dialect:
    """Return the dialect of a statement on one of the servers of the tests."""
    return Dialect(product == "mariadb", _VERSIONS[product], sum(_MODES.get(mode, 0) for mode in modes))


class Follower:
    """A schema, and the default database where the script is."""

    def __init__(self, product: str) -> None:
        self.product = product
        self.database = DATABASE
        self.schema = Schema(server_charset=SERVER_CHARSETS[product], databases={DATABASE: "utf8mb4"})

    def follow(self, statement: Statement) -> list[TableChange | UnknownTable]:
        """Apply a statement that took place; raises `UnparseableDdl`."""
        explicit = "explicit_defaults_off" not in statement.modes
        changes: list[TableChange | UnknownTable] = []
        for parsed in parse(statement.sql, self.database, dialect(self.product, statement.modes)):
            session = Session(self.database, explicit_timestamps=explicit)
            changes += self.schema.apply(parsed, session)
            if isinstance(parsed, UseDatabase):
                self.database = parsed.name
        return changes
