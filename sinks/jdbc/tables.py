"""Tables of the target as they are, and as far as allowed, as the records want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cdc.errors import SinkError
from schemas import logical
from schemas.connect import Schema, Type
from sinks.jdbc.binding import Dialect
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.defaults import default_clause
from sinks.jdbc.naming import Identifiers, TableName
from sinks.jdbc.reflection import TableColumn, TargetTable, reflect
from sinks.jdbc.session import IDENTIFIERS, RowsRejected, Session
from sinks.jdbc.types import ColumnType, declare


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that records bring; `schema` is None where they have none."""

    name: str
    schema: Schema | None
    key: bool = False


@dataclass(slots=True)
class Tables:
    """Look tables up, make and extend them. What was reflected is kept until `forget`."""

    session: Session
    config: JdbcSinkConfig
    identifiers: Identifiers
    known: dict[TableName, TargetTable] = field(default_factory=dict)
    _extensions: frozenset[str] | None = None

    def forget(self) -> None:
        """Reflect again at the next look: somebody changed a table."""
        self.known.clear()

    def ready(self, name: TableName, wanted: Sequence[Wanted]) -> bool:
        """Whether `ensure` has nothing to ask the database and nothing to change."""
        table = self.known.get(name)
        if table is None or self.config.may_widen:
            return False
        return all(column.name in table.columns for column in wanted)

    def find(self, name: TableName) -> TargetTable | None:
        """Return the table if it exists; asks the database where it was not seen yet."""
        table = self.known.get(name) or self._reflect(name)
        if table is not None:
            self.known[name] = table
        return table

    def ensure(self, name: TableName, wanted: Sequence[Wanted]) -> TargetTable:
        """Return the table, with all columns that are wanted. Runs DDL, so never inside a transaction.

        Raises RowsRejected when the table or a column is missing and must not be made.
        """
        table = self.find(name)
        if table is None:
            table = self._create(name, wanted)
        missing = [column for column in wanted if column.name not in table.columns]
        if missing:
            table = self._extend(table, missing)
        if self.config.may_widen:
            table = self._widen(table, wanted)
        self.known[name] = table
        return table

    def _reflect(self, name: TableName) -> TargetTable | None:
        return reflect(self.session, self.identifiers, name)

    # -- evolution -----------------------------------------------------------------------------

    def _create(self, name: TableName, wanted: Sequence[Wanted]) -> TargetTable:
        if not self.config.may_create:
            raise RowsRejected(f"table {name} does not exist and schema.evolution does not let it be created")
        if any(column.schema is None for column in wanted):
            raise RowsRejected(
                f"table {name} does not exist, and records without schema do not tell its types: create it,"
                " or let the converter write schemas (schemas.enable=true)"
            )
        quote = self.identifiers.quote
        lines = [self._definition(column) + (" NOT NULL" if column.key else "") for column in wanted]
        key = [quote(column.name) for column in wanted if column.key]
        if key:
            lines.append(f"PRIMARY KEY ({', '.join(key)})")
        if name.schema:
            self._create_schema(name.schema)
        statement = f"CREATE TABLE {self.identifiers.table(name)} ({', '.join(lines)})"
        return self._altered(name, statement)

    def _create_schema(self, schema: str) -> None:
        with self.session.reflecting() as inspector:
            exists = schema in inspector.get_schema_names()
        if not exists and self.session.target.dialect == "postgresql":
            self.session.execute(f"CREATE SCHEMA IF NOT EXISTS {self.identifiers.quote(schema)}")

    def _definition(self, column: Wanted, *, filled: bool = False) -> str:
        """Return a column as DDL has it; `filled`: rows that are there get its default."""
        assert column.schema is not None
        dialect = self.session.target.dialect
        text = declare(dialect, column.schema, key=column.key, extensions=self.extensions)
        default = default_clause(column.schema, text, Dialect(dialect, self.config.zone)) if filled else ""
        return f"{self.identifiers.quote(column.name)} {text}{default}"

    @property
    def extensions(self) -> frozenset[str]:
        """The extensions of a PostgreSQL database."""
        if self._extensions is None:
            postgres = self.session.target.dialect == "postgresql"
            rows = self.session.execute("SELECT extname FROM pg_extension") if postgres else []
            self._extensions = frozenset(row[0] for row in rows)
        return self._extensions

    def _extend(self, table: TargetTable, missing: Sequence[Wanted]) -> TargetTable:
        names = ", ".join(column.name for column in missing)
        if not self.config.may_add:
            raise RowsRejected(f"table {table.name} lacks {names}, and schema.evolution forbids to add it")
        if any(column.schema is None for column in missing):
            raise RowsRejected(f"table {table.name} lacks {names}; records without schema tell no type")
        target = self.identifiers.table(table.name)
        changed = table
        for column in missing:
            statement = f"ALTER TABLE {target} ADD COLUMN {self._definition(column, filled=True)}"
            changed = self._altered(table.name, statement)
        return changed

    def _altered(self, name: TableName, statement: str) -> TargetTable:
        """Run DDL. Another task may have been faster: what counts is the table afterwards."""
        try:
            self.session.execute(statement)
        except RowsRejected as error:
            if error.code not in _THERE_ALREADY and "duplicate column" not in str(error):
                raise SinkError(f"{error.message} in: {statement}") from error
        table = self._reflect(name)
        if table is None:
            raise SinkError(f"table {name} is not there after: {statement}")
        return table

    def _widen(self, table: TargetTable, wanted: Sequence[Wanted]) -> TargetTable:
        dialect = self.session.target.dialect
        if dialect == "sqlite":  # it takes any value in any column
            return table
        brought = {column.name for column in wanted}
        changed = table
        for column in wanted:
            has = table.columns[column.name]
            if column.schema is not None and _too_narrow(column.schema, has.type):
                text = declare(dialect, column.schema, key=column.key, extensions=self.extensions)
                changed = self._altered(table.name, self._retype(table.name, has, text))
        for has in table.columns.values():
            if has.name not in brought and not (has.nullable or has.generated or has.filled):
                changed = self._altered(table.name, self._let_be_null(table.name, has))
        return changed

    def _retype(self, name: TableName, column: TableColumn, text: str) -> str:
        target, quoted = self.identifiers.table(name), self.identifiers.quote(column.name)
        if self.session.target.dialect == "postgresql":
            return f"ALTER TABLE {target} ALTER COLUMN {quoted} TYPE {text}"
        null = "" if column.nullable else " NOT NULL"
        return f"ALTER TABLE {target} MODIFY COLUMN {quoted} {text}{null}"

    def _let_be_null(self, name: TableName, column: TableColumn) -> str:
        target, quoted = self.identifiers.table(name), self.identifiers.quote(column.name)
        if self.session.target.dialect == "postgresql":
            return f"ALTER TABLE {target} ALTER COLUMN {quoted} DROP NOT NULL"
        return f"ALTER TABLE {target} MODIFY COLUMN {quoted} {column.type.text} NULL"


_THERE_ALREADY = {"42P07", "42701", "23505", "1050", "1060"}
_INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}
_WIDTHS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}


def _too_narrow(schema: Schema, has: ColumnType) -> bool:
    """Whether values of the schema may not fit, and the same kind of type, only wider, would do."""
    if schema.name is None and schema.type in _WIDTHS and has.category == "int":
        return _INTEGERS.get(has.text.split("(")[0].lower(), 64) < _WIDTHS[schema.type]
    if schema.name is None and schema.type is Type.STRING and has.category == "text":
        return has.precision is not None
    if schema.name == logical.DECIMAL and has.category == "numeric" and has.precision is not None:
        precision, scale = schema.parameter("connect.decimal.precision"), int(schema.parameter("scale") or 0)
        if precision is None:
            return False
        return int(precision) - scale > has.precision - (has.scale or 0) or scale > (has.scale or 0)
    return schema.name is None and schema.type is Type.FLOAT64 and has.text.lower() in ("real", "float")


def identifiers_of(dialect: str, *, fold: bool) -> Identifiers:
    """Return how names are written for a database; `fold`: in lower case."""
    plain = IDENTIFIERS[dialect]
    return Identifiers(plain.quote_mark, plain.longest, in_bytes=plain.in_bytes, fold=fold)
