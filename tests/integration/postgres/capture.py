"""A PostgreSQL connector in this process: from a database into a log in memory, or any other log."""

from __future__ import annotations

import base64
import uuid

from cdc.plugin import Log
from cdc.sources.postgres import PostgresSource
from tests.integration.capture import NAME, PATIENCE, ConnectorCapture, Event, logged
from tests.servers.postgres import Connectable

PREFIX = ConnectorCapture.prefix
PARTITION = {"server": PREFIX}

__all__ = ["NAME", "PARTITION", "PATIENCE", "PREFIX", "Capture", "Event", "config_warnings", "logged"]


class Capture(ConnectorCapture):
    """One connector on a database; the log stays between its runs."""

    schema = "public"

    def __init__(self, database: Connectable, options: dict[str, str] | None = None, log: Log | None = None):
        self.database = database
        self.slot = f"slot_{database.name}"
        connection = {
            "connector.class": "postgres",
            "database.hostname": database.host,
            "database.port": str(database.port),
            "database.user": "postgres",
            "database.password": "postgres",
            "database.dbname": database.name,
            "slot.name": self.slot,
            "slot.retry.delay.ms": "200",
            "publication.name": f"pub_{database.name}",
        }
        super().__init__({**connection, **(options or {})}, log)

    def sync(self) -> None:
        """Wait until everything committed up to now is in the log."""
        self.until(self._started.is_set, "opened")
        mark = str(uuid.uuid4())
        self.database.execute("select pg_logical_emit_message(true, 'sync', %s)", [mark])
        wanted = base64.b64encode(mark.encode()).decode()
        self.until(
            lambda: any(
                event.value["message"]["content"] == wanted for event in self.topic(f"{PREFIX}.message")
            ),
            "in the log",
        )

    def confirmed(self) -> int:
        """Return how far the slot has been acknowledged."""
        query = "select (confirmed_flush_lsn - '0/0')::bigint from pg_replication_slots where slot_name = %s"
        ((lsn,),) = self.database.execute(query, [self.slot])
        return int(lsn)

    def wal(self) -> int:
        """Return where the server's log is now."""
        ((lsn,),) = self.database.execute("select (pg_current_wal_lsn() - '0/0')::bigint")
        return int(lsn)


def config_warnings(options: dict[str, str]) -> list[str]:
    """Return what a config is warned about."""
    return [warned.message for warned in PostgresSource.config_class(options).warnings]
