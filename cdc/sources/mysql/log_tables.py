"""The tables that the log speaks of: which version a table map stands for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from cdc.errors import SchemaHistoryLost
from cdc.sources.mysql.binlog.events import TableMap
from cdc.sources.mysql.captured import CapturedTables
from cdc.sources.mysql.definitions import Definitions
from cdc.sources.mysql.table_maps import definition_of, is_sequence, mismatches
from cdc.sources.mysql.versions import TableVersion
from schemas.definition import ChangeKind, TableChange, TableDefinition
from schemas.table import TableId

log = logging.getLogger(__name__)

_MOST_MAPS = 20_000


class LogTables:
    """Find the version of a table map, once; what is known of the table is checked against the map.

    handling: `inconsistent.schema.handling.mode`. learned: takes note of a definition that was missing.
    """

    def __init__(
        self,
        captured: CapturedTables,
        definitions: Definitions,
        handling: str,
        learned: Callable[[TableChange], None],
    ) -> None:
        self._captured, self._definitions = captured, definitions
        self._handling, self._learned = handling, learned
        self._versions: dict[TableMap, TableVersion | None] = {}

    def version(self, mapped: TableMap, file: str, pos: int) -> TableVersion | None:
        """Return the version; None for a table that is not captured, or whose rows are left out.

        file, pos: where in the log its rows are. Raises SchemaHistoryLost for a table whose
        definition does not fit.
        """
        try:
            return self._versions[mapped]
        except KeyError:
            if len(self._versions) >= _MOST_MAPS:
                self._versions.clear()
            found = self._versions[mapped] = self._version(mapped, f"position {pos} of {file}")
            return found

    def truncated(self, table: TableId) -> TableVersion | None:
        """Return the version of a table for an event without rows; None where it is not captured."""
        definition = self._definitions.schema.get(table)
        if definition is None or not self._captured.wants(definition.id):
            return None
        return self._captured.rowless_version(definition)

    def forget(self, tables: Collection[TableId]) -> None:
        """Drop what is known of tables that a statement has changed."""
        names = {(table.catalog.lower(), table.table.lower()) for table in tables}
        for mapped in list(self._versions):
            if (mapped.database.lower(), mapped.table.lower()) in names:
                del self._versions[mapped]

    def _version(self, mapped: TableMap, place: str) -> TableVersion | None:
        table = TableId(mapped.database, "", mapped.table)
        if not self._captured.wants(table):
            return None
        definition = self._definitions.schema.get(table)
        if definition is None and is_sequence(mapped):
            return None
        if definition is None:
            definition = self._learn(mapped, table)
        if definition is None:
            self._unfit(f"the definition of table {table} is not known", place)
            return None
        wrong = mismatches(mapped, definition)
        if wrong and definition.id in self._definitions.asked:
            # The server told of a later time; the log may tell of its own.
            definition = self._logged(mapped) or definition
            wrong = mismatches(mapped, definition)
        if wrong:
            self._unfit(f"the rows of table {table} do not fit its definition: {'; '.join(wrong)}", place)
            return None
        return self._captured.stream_version(mapped, definition)

    def _learn(self, mapped: TableMap, table: TableId) -> TableDefinition | None:
        """Take a definition from the server if it fits, or from the log if it has the names."""
        found = self._definitions.described(table)
        if found is None or mismatches(mapped, found):
            return self._logged(mapped)
        log.warning("The history does not know table %s; its definition is taken as it is now", table)
        return self._kept(found)

    def _logged(self, mapped: TableMap) -> TableDefinition | None:
        """Take a definition from the log, if it has the names."""
        found = definition_of(mapped)
        if found is None:
            return None
        log.warning("The definition of table %s is taken from the log of its rows", found.id)
        return self._kept(found)

    def _kept(self, found: TableDefinition) -> TableDefinition:
        found = self._definitions.schema.put(found)
        self._learned(TableChange(ChangeKind.CREATE, found.id, found))
        return found

    def _unfit(self, what: str, place: str) -> None:
        message = f"At {place}: {what}"
        if self._handling == "fail":
            raise SchemaHistoryLost(
                message,
                hint="the history lacks a statement (sql_log_bin = 0?): run once with snapshot.mode=recovery "
                "if no table was altered since the stored offset, or take a new snapshot; or set "
                "inconsistent.schema.handling.mode to warn or skip, which leaves such rows out",
            )
        if self._handling == "warn":
            log.warning("%s; its rows are left out", message)
