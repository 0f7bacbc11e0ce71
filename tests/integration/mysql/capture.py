"""A MySQL or MariaDB connector in this process: from a database into a log in memory, or any other log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cdc.batch import ChangeBatch
from cdc.metrics import Metrics
from cdc.plugin import Log, PluginKind, Source, SourceContext, find
from tests.integration.capture import ConnectorCapture, logged
from tests.servers.mysql import PASSWORD, USER, MySQLServer

SYNC = "cdc_sync"
"""A table of the harness's own: what is in it has been read."""

__all__ = ["SYNC", "Capture", "logged", "opened", "read_on"]


class Capture(ConnectorCapture):
    """One connector on a database of a server; the log stays between its runs."""

    def __init__(self, server: MySQLServer, options: dict[str, str] | None = None, log: Log | None = None):
        self.server = server
        self.schema = self.database = server.create_database()
        self._marks = 0
        connection = {
            "connector.class": server.dialect,
            "database.hostname": server.host,
            "database.port": str(server.port),
            "database.user": USER,
            "database.password": PASSWORD,
            "database.server.id": str(70_000 + server.port),
            "database.include.list": self.database,
        }
        super().__init__({**connection, **(options or {})}, log)
        self.execute(f"create table {SYNC} (id int primary key)")

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements in one session, each committed; return the rows of the last one."""
        with self.server.connect(self.database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def sync(self) -> None:
        """Wait until everything committed up to now is in the log."""
        self.until(self._started.is_set, "opened")
        self._marks += 1
        self.execute(f"insert into {SYNC} values ({self._marks})")
        self.until(lambda: self._marks in [e.row["id"] for e in self.events(SYNC)], "in the log")

    def schema_changes(self) -> list[Any]:
        """Return the values of the schema-change topic, without those of the harness."""
        return [e.value for e in self.topic(self.prefix) if SYNC not in e.value["ddl"]]


@contextmanager
def opened(capture: Capture, offset: Any) -> Iterator[Source]:
    """Open a source as a task would, at an offset."""
    plugin = find(PluginKind.SOURCE, capture.options["connector.class"])
    source: Source = plugin.cls(plugin.config_class(capture.options))
    context = SourceContext("c", 0, lambda partition: offset, lambda: (), Metrics(), capture.log.journal)
    try:
        source.open(context)
        yield source
    finally:
        source.close()


def read_on(capture: Capture, offset: Any, windows: int, max_bytes: int = 1000) -> tuple[list[Any], Any]:
    """Read some windows, and on until an offset says so; return (op, pos, row, seq) of all rows, and it."""
    rows: list[Any] = []
    untold = False
    with opened(capture, offset) as source:
        while windows > 0 or untold:
            window = source.read(max_bytes, 0.5)
            assert window is not None
            for batch in window.batches:
                if isinstance(batch, ChangeBatch) and batch.table.id.table != SYNC:
                    rows += zip(batch.ops, *batch.positions, batch.seq, strict=True)
            windows -= bool(window.batches) or not window.more
            offset = window.offsets[0][1] if window.offsets else offset
            untold = not window.offsets and (untold or bool(window.batches))
    return rows, offset
