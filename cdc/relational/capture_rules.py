"""What a config says about tables: which are captured, what their key is, how their events are called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from cdc.filters import name_filter
from cdc.relational.config import RelationalConfig
from schemas.connect import Schema
from schemas.envelope import EventSchema, event_schema
from schemas.naming import adjust
from schemas.table import Column, Table, TableId

Make = Callable[[str, bool], Column | None]
"""(name of a column, whether masks apply) → the column; None when its type is left out."""

_CHOOSE_TABLES = (
    *(f"{what}.{which}.list" for what in ("database", "schema", "table") for which in ("include", "exclude")),
    "snapshot.include.collection.list",
)


def nothing_to_read(where: str, raw: Mapping[str, str]) -> str:
    """Return the warning for a snapshot without tables; raw: the options that may have kept them out."""
    given = [f"{name}={raw[name]}" for name in _CHOOSE_TABLES if raw.get(name)]
    fits = f" that fits {', '.join(given)}" if given else ""
    return f"The snapshot reads nothing: there is no table {where}{fits}"


class CaptureRules:
    """Apply the filters and key settings of a config; tables go by their full names.

    wants_table and wants_column: whether the one of this full name is captured.
    """

    def __init__(self, config: RelationalConfig) -> None:
        self._config = config
        self.wants_table = name_filter(config.table_include, config.table_exclude)
        self.wants_column = name_filter(config.column_include, config.column_exclude)

    def key_names(self, table: str, key: Sequence[str]) -> Sequence[str]:
        """Return the columns of a table's record key: those of `message.key.columns`, else `key`."""
        for pattern, columns in self._config.message_key_columns:
            if pattern.fullmatch(table):
                return columns
        return key

    def table(
        self, table: TableId, name: str, columns: Collection[str], key: Sequence[str], make: Make
    ) -> Table:
        """Return the table version of the captured ones of these columns; key columns need not be captured.

        name: the full name. key: the columns of its key, unless `message.key.columns` has others.
        """
        captured = (make(column, True) for column in columns if self.wants_column(f"{name}.{column}"))
        keys = (make(column, False) for column in self.key_names(name, key) if column in columns)
        return Table(
            table,
            tuple(column for column in captured if column is not None),
            tuple(column for column in keys if column is not None),
        )

    def events(self, topic: str, table: Table, source: Schema) -> EventSchema:
        """Return the schemas of a table's events."""
        return event_schema(adjust(topic, self._config.schema_name_adjustment), table, source)

    def warnings(self, tables: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
        """Yield the patterns of columns and keys that fit none of the captured tables and their columns."""
        config = self._config
        lists = {"column.include.list": config.column_include, "column.exclude.list": config.column_exclude}
        if not any(lists.values()) and not config.message_key_columns:
            return
        known = list(tables)
        names = [f"{table}.{column}" for table, columns in known for column in columns]
        for option, patterns in lists.items():
            for pattern in patterns:
                if not any(pattern.fullmatch(name) for name in names):
                    yield f"{option}: {pattern.pattern} matches no column of a captured table"
        yield from self._unknown_keys(known)

    def _unknown_keys(self, tables: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
        for pattern, columns in self._config.message_key_columns:
            found = [(table, names) for table, names in tables if pattern.fullmatch(table)]
            if not found:
                yield f"message.key.columns: {pattern.pattern} matches no captured table"
            for table, names in found:
                for column in columns:
                    if column not in names:
                        yield f"message.key.columns: {table} has no column {column}"
