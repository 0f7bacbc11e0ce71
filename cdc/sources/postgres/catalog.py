"""What the server's catalog says about tables: columns, keys, defaults, comments, sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import Connection

_TABLES = """
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relreplident::text,
       c.relispartition, c.relpages, c.reltuples::bigint,
       EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
 ORDER BY n.nspname, c.relname
"""
_COLUMNS = """
SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated::text,
       pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum),
       format_type(a.atttypid, a.atttypmod),
       (SELECT format(' COLLATE %%I.%%I', n.nspname, c.collname)
          FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
         WHERE c.oid = a.attcollation AND c.collname <> 'default')
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
"""
# The primary key, or else the first unique index over plain columns (as Debezium chooses).
_KEYS = """
SELECT DISTINCT ON (i.indrelid) i.indrelid,
       ARRAY(SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY k(attnum, place)
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              WHERE k.place <= i.indnkeyatts ORDER BY k.place),
       i.indisprimary
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY (%s) AND i.indisunique AND i.indisvalid
   AND i.indpred IS NULL AND i.indexprs IS NULL
 ORDER BY i.indrelid, i.indisprimary DESC, c.relname
"""
_LABELS = "SELECT enumtypid, enumlabel FROM pg_enum WHERE enumtypid = ANY (%s)"
_LOCATE = "SELECT to_regclass(format('%%I.%%I', %s::text, %s::text))::oid"


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """One column as the catalog has it now.

    default: the expression's text. type_name: can be cast to. collation: ` COLLATE …` behind the type,
    where it is not the database's own.
    """

    name: str
    type_oid: int
    type_modifier: int
    not_null: bool
    generated: bool
    default: str | None
    comment: str | None
    type_name: str
    collation: str = ""


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table in the list of all tables. pages and rows are the planner's estimates."""

    oid: int
    schema: str
    name: str
    kind: str
    identity: str
    is_partition: bool
    pages: int
    rows: int
    has_primary_key: bool

    @property
    def full_name(self) -> str:
        """`schema.table`, what the include lists are matched against."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class TableDetails:
    """Columns and key of one table. key_is_primary tells a primary key from a unique index."""

    columns: tuple[CatalogColumn, ...]
    key: tuple[str, ...]
    key_is_primary: bool = True

    def column(self, name: str) -> CatalogColumn | None:
        """Return a column by name; None when the table does not have it any more."""
        return next((column for column in self.columns if column.name == name), None)


class Catalog:
    """Ask the catalog through a connection that is used for nothing else meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tables(self) -> list[CatalogTable]:
        """Return all permanent tables outside of the system's schemas."""
        return [CatalogTable(*row) for row in self._connection.execute(_TABLES)]

    def oid(self, schema: str, table: str) -> int | None:
        """Return the oid of a table by name."""
        row = self._connection.execute(_LOCATE, (schema, table)).fetchone()
        return row[0] if row else None

    def labels(self, types: Sequence[int]) -> list[tuple[int, str]]:
        """Return (type, label) of all labels of these enums."""
        return self._connection.execute(_LABELS, (list(types),)).fetchall()

    def details(self, oids: Sequence[int]) -> dict[int, TableDetails]:
        """Return columns and key of tables, by oid; without columns where one is gone."""
        columns: dict[int, list[CatalogColumn]] = {oid: [] for oid in oids}
        for oid, *row in self._connection.execute(_COLUMNS, (list(oids),)):
            name, type_oid, modifier, not_null, generated, default, comment, kind, order = row
            columns[oid].append(
                CatalogColumn(
                    name, type_oid, modifier, not_null, bool(generated), default, comment, kind, order or ""
                )
            )
        found = self._connection.execute(_KEYS, (list(oids),))
        keys = {oid: (tuple(names), primary) for oid, names, primary in found}
        return {oid: TableDetails(tuple(columns[oid]), *keys.get(oid, ((), False))) for oid in columns}
